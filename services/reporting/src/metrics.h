#pragma once

#include <chrono>
#include <map>
#include <string>

#include "telemetry/metrics.h"

namespace prepay::reporting {

/// Observes the time from its making to its end.
class FoldTimer {
public:
    explicit FoldTimer(telemetry::Histogram histogram)
        : histogram_(histogram), start_(std::chrono::steady_clock::now()) {}
    ~FoldTimer();
    FoldTimer(const FoldTimer&) = delete;
    FoldTimer& operator=(const FoldTimer&) = delete;

private:
    telemetry::Histogram histogram_;
    std::chrono::steady_clock::time_point start_;
};

/// Every metric of the service. Thread-safe.
class ReportingMetrics {
public:
    explicit ReportingMetrics(telemetry::Metrics& metrics);

    /// Counts the messages and times their fold. Topics are a fixed set.
    FoldTimer time_fold(const std::string& topic, std::size_t message_count) const;
    void count_charges(std::size_t count) const;
    void set_wall_rooms(std::size_t count) const;
    void add_watchers(int difference) const;

private:
    telemetry::Metrics& metrics_;
    telemetry::Counter charges_;
    telemetry::Gauge wall_rooms_;
    telemetry::Gauge watchers_;
};

}  // namespace prepay::reporting
