#include "metrics.h"

namespace prepay::console {

void ConsoleMetrics::count_request(const std::string& kind, int http_status) const {
    metrics_
        .counter("prepay_console_http_requests_total", "Edge requests by kind and status class.",
                 {{"kind", kind}, {"status", std::to_string(http_status / 100) + "xx"}})
        .add();
}

void ConsoleMetrics::add_open_streams(int difference) const {
    metrics_.gauge("prepay_console_open_streams", "Server streams open at the edge.")
        .add(difference);
}

}  // namespace prepay::console
