#pragma once

#include <chrono>
#include <string>

#include "config/config.h"

namespace prepay::console {

/// What the console reads beside the common keys.
struct ConsoleConfig {
    std::string web_listen;       ///< web.listen, host:port of the HTTP edge.
    std::string web_root;         ///< web.root, folder with index.html; may be empty.
    std::string private_key_pem;  ///< auth.private_key(_file), EC P-256.
    std::chrono::milliseconds access_token_time{};
    std::chrono::milliseconds refresh_token_time{};
    int web_thread_count = 0;            ///< Requests and streams at once.
    std::string provider_simulator_url;  ///< Demo only: where the phone page "pays".
};

ConsoleConfig read_config(config::Reader& reader);

}  // namespace prepay::console
