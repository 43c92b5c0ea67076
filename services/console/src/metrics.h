#pragma once

#include <string>

#include "telemetry/metrics.h"

namespace prepay::console {

/// Every metric of the console beside those of the libraries.
class ConsoleMetrics {
public:
    explicit ConsoleMetrics(telemetry::Metrics& metrics) : metrics_(metrics) {}

    /// `kind`: "unary", "stream", "callback", "export".
    void count_request(const std::string& kind, int http_status) const;
    void add_open_streams(int difference) const;
    void add_open_connections(int difference) const;
    /// `why`: "connections" and "streams" (all taken), "connections_per_client" and
    /// "streams_per_client" (all of this client), "slow" (not there in time).
    void count_refusal(const std::string& why) const;
    /// `outcome`: "accepted", "wrong_password", "unknown_name", "disabled", "paused", "busy".
    void count_log_in(const std::string& outcome) const;

private:
    telemetry::Metrics& metrics_;
};

}  // namespace prepay::console
