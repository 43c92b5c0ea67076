#pragma once

#include <functional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "charges/adapters/charge_events.h"
#include "core/time.h"
#include "metrics.h"
#include "rating/app/meter_work.h"
#include "tariffs/app/tariff_book.h"

namespace prepay::billing {

/// The one transaction that charges energy. Thread-safe.
class RatingTransaction {
public:
    /// What is new about the locked meters: readings, who pays, tariffs. Takes back what was
    /// charged otherwise and leaves the readings to bill in the works.
    using News = std::function<Status(std::vector<MeterWork>& works)>;

    RatingTransaction(const ChargeEvents& events, const BillingMetrics& metrics, const Clock& clock)
        : events_(events), metrics_(metrics), clock_(clock) {}

    /// Locks and loads the meters, takes the news in, decides what is charged and reversed, saves
    /// and publishes it. A failure of `news` is given back, and nothing may be committed. Of meters
    /// without readings and without undone charges only the state is stored.
    Status run(pqxx::work& tx, const std::vector<std::string>& meter_ids, const News& news);

private:
    void count(const OutcomeCounts& outcomes, const std::vector<Charge>& charges) const;

    const ChargeEvents& events_;
    const BillingMetrics& metrics_;
    const Clock& clock_;
    TariffBook book_;
};

}  // namespace prepay::billing
