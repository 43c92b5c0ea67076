#include "metrics.h"

namespace prepay::billing {

BillingMetrics::BillingMetrics(telemetry::Metrics& metrics)
    : charges_(metrics.counter("prepay_billing_charges_total", "Charges written, by kind",
                               {{"kind", "energy"}})),
      reversals_(metrics.counter("prepay_billing_charges_total", "Charges written, by kind",
                                 {{"kind", "reversal"}})),
      batch_duration_(metrics.histogram("prepay_billing_batch_duration_seconds",
                                        "Time to rate one batch of messages, without the commit")),
      pending_(metrics.gauge("prepay_billing_pending_readings",
                             "Readings that wait for an occupancy or a tariff")) {
    for (std::size_t i = 0; i < kReadingOutcomeCount; ++i) {
        outcomes_.push_back(
            metrics.counter("prepay_billing_readings_total", "Readings taken in, by outcome",
                            {{"outcome", to_text(static_cast<ReadingOutcome>(i))}}));
    }
}

void BillingMetrics::count_outcomes(const OutcomeCounts& counts) const {
    for (std::size_t i = 0; i < kReadingOutcomeCount; ++i) {
        if (counts[i] != 0) {
            outcomes_[i].add(static_cast<double>(counts[i]));
        }
    }
}

void BillingMetrics::count_charges(std::int64_t charge_count, std::int64_t reversal_count) const {
    charges_.add(static_cast<double>(charge_count));
    reversals_.add(static_cast<double>(reversal_count));
}

void BillingMetrics::observe_batch(double seconds) const { batch_duration_.observe(seconds); }

void BillingMetrics::set_pending(std::int64_t reading_count) const {
    pending_.set(static_cast<double>(reading_count));
}

}  // namespace prepay::billing
