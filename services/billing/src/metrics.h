#pragma once

#include <array>
#include <memory>

#include "rating/app/meter_work.h"
#include "telemetry/metrics.h"

namespace prepay::billing {

/// Every metric of the service.
class BillingMetrics {
public:
    explicit BillingMetrics(telemetry::Metrics& metrics);

    void count_outcomes(const OutcomeCounts& counts) const;
    void count_charges(std::int64_t charge_count, std::int64_t reversal_count) const;
    void observe_batch(double seconds) const;
    void set_pending(std::int64_t reading_count) const;

private:
    std::vector<telemetry::Counter> outcomes_;
    telemetry::Counter charges_;
    telemetry::Counter reversals_;
    telemetry::Histogram batch_duration_;
    telemetry::Gauge pending_;
};

}  // namespace prepay::billing
