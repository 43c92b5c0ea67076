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
    /// `why`: "connections" and "streams" (all taken), "slow" (not there in time).
    void count_refusal(const std::string& why) const;

private:
    telemetry::Metrics& metrics_;
};

}  // namespace prepay::console
