#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "charges/domain/charge.h"
#include "core/time.h"
#include "outbox/events.h"

namespace prepay::billing {

/// The charges of whatever kind as others see them: prepay.billing.charges.v1. Thread-safe.
class ChargeEvents {
public:
    ChargeEvents(const outbox::Outbox& outbox, const Clock& clock)
        : events_(outbox, clock, "prepay-billing"), clock_(clock) {}

    /// Puts one message a partition into the outbox.
    void publish(pqxx::work& tx, const std::vector<Charge>& charges) const;
    /// Tells all charges, reversed or not, for a snapshot of the topic.
    Status tell(pqxx::work& tx, const outbox::SnapshotRequest& request,
                const outbox::EmitEvent& emit) const;

private:
    const outbox::EventWriter events_;
    const Clock& clock_;
};

}  // namespace prepay::billing
