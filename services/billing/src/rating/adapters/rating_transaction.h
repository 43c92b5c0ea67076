#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "charges/adapters/charge_events.h"
#include "core/time.h"
#include "metrics.h"
#include "rating/app/meter_work.h"
#include "tariffs/app/tariff_book.h"

namespace prepay::billing {

/// What every billing transaction does after its meters are locked: rate, round, write, publish.
/// Thread-safe.
class RatingTransaction {
public:
    RatingTransaction(const ChargeEvents& events, const BillingMetrics& metrics, const Clock& clock)
        : events_(events), metrics_(metrics), clock_(clock) {}

    /// Bills the readings of the works and puts one message a partition into the outbox. Nothing is
    /// done by work without readings and without undone charges but storing its state.
    void finish(pqxx::work& tx, std::vector<MeterWork>& works);

private:
    const ChargeEvents& events_;
    const BillingMetrics& metrics_;
    const Clock& clock_;
    TariffBook book_;
};

}  // namespace prepay::billing
