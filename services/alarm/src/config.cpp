#include "config.h"

#include "adapters/http_target.h"
#include "domain/channel.h"

namespace prepay::alarm {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

void read_smtp(config::Reader& reader, SmtpConfig& smtp) {
    smtp.url = reader.text("smtp.url", "");
    smtp.from = reader.text("smtp.from", "");
    smtp.user = reader.text("smtp.user", "");
    smtp.password = reader.secret("smtp.password", false);
    smtp.tls = reader.one_of("smtp.tls", {"none", "opportunistic", "required"}, "opportunistic");
    if (smtp.url.empty()) {
        return;
    }
    if (smtp.url.rfind("smtp://", 0) != 0 && smtp.url.rfind("smtps://", 0) != 0) {
        reader.problem("smtp.url", "must begin with smtp:// or smtps://");
    }
    if (!is_mail_address(smtp.from)) {
        reader.problem("smtp.from", "must be a mail address when smtp.url is set");
    }
}

}  // namespace

void read_config(config::Reader& reader, AlarmConfig& config) {
    read_smtp(reader, config.smtp);
    config.webhook_allowed_targets = reader.text_list("webhook.allowed_targets");
    if (!TargetRules::parse(config.webhook_allowed_targets).ok()) {
        reader.problem("webhook.allowed_targets",
                       "each entry must be a host name, an address or a block such as 10.1.0.0/16");
    }
    config.send_timeout =
        reader.duration("send.timeout", seconds(15), milliseconds(100), minutes(2));
    config.send_thread_count = static_cast<int>(reader.integer("send.thread_count", 2, 1, 16));
    config.retry.attempts_max = static_cast<int>(reader.integer("send.attempts_max", 6, 1, 100));
    config.retry.retry_min =
        reader.duration("send.retry_min", seconds(10), milliseconds(10), hours(1));
    config.retry.retry_max =
        reader.duration("send.retry_max", minutes(15), milliseconds(10), hours(24));
    config.retry.unknown_retry_after =
        reader.duration("send.unknown_retry_after", minutes(10), seconds(0), hours(24));
    for (int level = 1; level <= kLevelCount; ++level) {
        RepeatRule& rule = config.repeats[static_cast<std::size_t>(level - 1)];
        const std::string key = "repeat.level_" + std::to_string(level);
        rule.count = static_cast<int>(reader.integer(key + ".count", 1, 1, 100));
        rule.gap = reader.duration(key + ".gap", hours(24), seconds(1), hours(24 * 31));
    }
    config.pay_url = reader.text("messages.pay_url", "");
}

}  // namespace prepay::alarm
