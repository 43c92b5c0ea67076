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

void ConsoleMetrics::add_open_connections(int difference) const {
    metrics_.gauge("prepay_console_open_connections", "HTTP clients connected to the edge.")
        .add(difference);
}

void ConsoleMetrics::count_refusal(const std::string& why) const {
    metrics_
        .counter("prepay_console_refusals_total",
                 "Connections and streams that the edge had no place or no more time for.",
                 {{"why", why}})
        .add();
}

void ConsoleMetrics::count_log_in(const std::string& outcome) const {
    metrics_
        .counter("prepay_console_log_ins_total", "Log-ins and changes of a password by outcome.",
                 {{"outcome", outcome}})
        .add();
}

}  // namespace prepay::console
