#include "config.h"

#include "adapters/asio_client_address.h"

namespace prepay::console {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

ConsoleConfig read_config(config::Reader& reader) {
    ConsoleConfig config;
    config.web_listen = reader.address("web.listen");
    config.web_root = reader.path("web.root", true, "");
    config.connection_max = static_cast<int>(reader.integer("web.connection_max", 1024, 64, 65536));
    config.stream_max = static_cast<int>(reader.integer("web.stream_max", 512, 16, 32768));
    config.connection_max_per_client =
        static_cast<int>(reader.integer("web.connection_max_per_client", 256, 8, 65536));
    config.stream_max_per_client =
        static_cast<int>(reader.integer("web.stream_max_per_client", 128, 4, 32768));
    config.trusted_proxies = reader.text_list("web.trusted_proxies");
    config.forwarded_header =
        reader.one_of("web.forwarded_header", {"x-forwarded-for", "forwarded"}, "x-forwarded-for");
    const auto addresses = ClientAddresses::parse(config.trusted_proxies, config.forwarded_header);
    if (!addresses.ok()) {
        reader.problem("web.trusted_proxies", error_message(addresses.status()));
    }
    config.receive_time = reader.duration("web.receive_time", seconds(15), seconds(1), minutes(2));
    config.private_key_pem = reader.secret("auth.private_key");
    config.access_token_time =
        reader.duration("auth.access_token_time", minutes(10), minutes(1), minutes(15));
    config.refresh_token_time =
        reader.duration("auth.refresh_token_time", hours(12), minutes(5), hours(24 * 30));
    config.hash_at_once = static_cast<int>(reader.integer("auth.hash_at_once", 2, 1, 16));
    config.hash_waiting_max = static_cast<int>(reader.integer("auth.hash_waiting_max", 16, 0, 24));
    config.hash_wait =
        reader.duration("auth.hash_wait", seconds(3), std::chrono::milliseconds(100), seconds(10));
    config.provider_simulator_url = reader.text("web.provider_simulator_url", "");
    return config;
}

}  // namespace prepay::console
