#pragma once

#include <chrono>
#include <map>

#include "domain/item.h"
#include "telemetry/metrics.h"

namespace prepay::scheduler {

/// Every metric of the service. Thread-safe.
class SchedulerMetrics {
public:
    explicit SchedulerMetrics(telemetry::Metrics& metrics);

    void submitted(bool is_answered, std::chrono::duration<double> elapsed) const {
        (is_answered ? answered_ : unanswered_).add();
        submit_duration_.observe(elapsed.count());
    }
    void finished(ItemState state) const { finished_.at(state).add(); }
    void refused(ItemVerdict verdict) const {
        (verdict == ItemVerdict::kStaleFence ? stale_ : late_).add();
    }
    void started(int count) const { started_.add(count); }

private:
    telemetry::Counter answered_;
    telemetry::Counter unanswered_;
    telemetry::Histogram submit_duration_;
    telemetry::Counter stale_;
    telemetry::Counter late_;
    telemetry::Counter started_;
    std::map<ItemState, telemetry::Counter> finished_;
};

}  // namespace prepay::scheduler
