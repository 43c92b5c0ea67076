#pragma once

#include <array>
#include <string>
#include <vector>

#include "config/config.h"
#include "domain/delivery.h"
#include "domain/episode.h"

namespace prepay::alarm {

/// How often an episode of one level is told.
struct RepeatRule {
    int count = 1;    ///< Messages an episode, the first included.
    Duration gap{0};  ///< Between them.
};
using RepeatRules = std::array<RepeatRule, kLevelCount>;

struct SmtpConfig {
    std::string url;  ///< "smtp://host:port", "smtps://host:port"; empty = no e-mail.
    std::string from;
    std::string user;
    std::string password;
    std::string tls;  ///< none | opportunistic | required.
};

struct AlarmConfig {
    SmtpConfig smtp;
    std::vector<std::string> webhook_allowed_targets;  ///< "10.1.0.0/16", "127.0.0.1", "hooks.lan".
    RetryRule retry;
    Duration send_timeout{0};
    int send_thread_count = 2;
    RepeatRules repeats;
    std::string pay_url;
};

/// Reads the service's own keys; problems are noted in the reader.
void read_config(config::Reader& reader, AlarmConfig& config);

}  // namespace prepay::alarm
