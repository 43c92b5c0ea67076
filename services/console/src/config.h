#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "config/config.h"

namespace prepay::console {

/// What the console reads beside the common keys.
struct ConsoleConfig {
    std::string web_listen;       ///< web.listen, host:port of the HTTP edge.
    std::string web_root;         ///< web.root, folder with index.html; may be empty.
    std::string private_key_pem;  ///< auth.private_key(_file), EC P-256.
    std::chrono::milliseconds access_token_time{};
    std::chrono::milliseconds refresh_token_time{};
    int connection_max = 1024;            ///< web.connection_max, HTTP clients at once.
    int stream_max = 512;                 ///< web.stream_max, of these with a stream or a download.
    int connection_max_per_client = 256;  ///< web.connection_max_per_client, of one address.
    int stream_max_per_client = 128;      ///< web.stream_max_per_client, of one address.
    std::vector<std::string> trusted_proxies;  ///< web.trusted_proxies, addresses and networks.
    std::string forwarded_header = "x-forwarded-for";  ///< web.forwarded_header, which they write.
    std::chrono::milliseconds receive_time{15'000};    ///< web.receive_time, for a whole request.
    int hash_at_once = 2;       ///< auth.hash_at_once, passwords hashed at once, 19 MiB each.
    int hash_waiting_max = 16;  ///< auth.hash_waiting_max, log-ins that wait for that.
    std::chrono::milliseconds hash_wait{3'000};  ///< auth.hash_wait, how long.
    std::string provider_simulator_url;          ///< Demo only: where the phone page "pays".
};

ConsoleConfig read_config(config::Reader& reader);

}  // namespace prepay::console
