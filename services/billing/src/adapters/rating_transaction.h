#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "app/meter_work.h"
#include "app/tariff_book.h"
#include "core/time.h"
#include "metrics.h"
#include "outbox/outbox.h"
#include "prepay/billing/v1/events.pb.h"

namespace prepay::billing {

/// What every billing transaction does after its meters are locked: rate, round, write, publish.
/// Thread-safe.
class RatingTransaction {
public:
    RatingTransaction(const outbox::Outbox& outbox, const BillingMetrics& metrics,
                      const Clock& clock)
        : outbox_(outbox), metrics_(metrics), clock_(clock) {}

    /// Bills the readings of the works and puts one message a partition into the outbox. Nothing is
    /// done by work without readings and without undone charges but storing its state.
    void finish(pqxx::work& tx, std::vector<MeterWork>& works);

    /// Tells all charges, reversed or not, for a snapshot of prepay.billing.charges.v1.
    Status tell_charges(pqxx::work& tx, const outbox::SnapshotRequest& request,
                        const outbox::EmitEvent& emit) const;

private:
    void publish(pqxx::work& tx, const std::vector<Charge>& charges);
    void add_header(v1::ChargesRated& message) const;

    const outbox::Outbox& outbox_;
    const BillingMetrics& metrics_;
    const Clock& clock_;
    TariffBook book_;
};

}  // namespace prepay::billing
