#pragma once

#include <string>

#include "telemetry/metrics.h"

namespace prepay::account {

/// Every metric of the service. Thread-safe.
class AccountMetrics {
public:
    explicit AccountMetrics(telemetry::Metrics& metrics);

    void postings(std::size_t count) { postings_.add(static_cast<double>(count)); }
    void duplicates(std::size_t count) { duplicates_.add(static_cast<double>(count)); }
    void redirected_charge() { redirected_.add(); }
    void post_seconds(double seconds) { post_duration_.observe(seconds); }
    /// action "trip"/"restore"; state "ready", "sending", "done", "cancelled", "failed".
    void switch_intent(const std::string& action, const std::string& state);
    /// Outcomes "credited", "repeated", "disputed", "ignored", "refused".
    void notice(const std::string& outcome);
    /// Outcomes "paid", "open", "closed", "failed".
    void order_query(const std::string& outcome);

private:
    telemetry::Metrics& metrics_;
    telemetry::Counter postings_;
    telemetry::Counter duplicates_;
    telemetry::Counter redirected_;
    telemetry::Histogram post_duration_;
};

}  // namespace prepay::account
