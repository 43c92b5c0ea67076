#include "config.h"

namespace prepay::console {

using std::chrono::hours;
using std::chrono::minutes;

ConsoleConfig read_config(config::Reader& reader) {
    ConsoleConfig config;
    config.web_listen = reader.address("web.listen");
    config.web_root = reader.path("web.root", true, "");
    config.web_thread_count = static_cast<int>(reader.integer("web.thread_count", 96, 8, 1024));
    config.private_key_pem = reader.secret("auth.private_key");
    config.access_token_time =
        reader.duration("auth.access_token_time", minutes(10), minutes(1), minutes(15));
    config.refresh_token_time =
        reader.duration("auth.refresh_token_time", hours(12), minutes(5), hours(24 * 30));
    config.provider_simulator_url = reader.text("web.provider_simulator_url", "");
    return config;
}

}  // namespace prepay::console
