#pragma once

#include "core/time.h"
#include "devices/adapters/pg_values.h"
#include "outbox/events.h"
#include "pg/database.h"

namespace prepay::metering {

/// What the gateway tells consumers that are further behind than the outbox reaches. All of it may
/// be known there already; applying it again changes nothing.
class PgSnapshots {
public:
    explicit PgSnapshots(const Clock& clock) : events_(clock, kProducer) {}

    /// The newest reading of every meter; to a consumer that has earlier ones every reading of
    /// times from two days before then. Those of earlier times that were written since then
    /// (imports, a register decided upon later) are not among them.
    Status tell_readings(pqxx::work& tx, const outbox::SnapshotRequest& request,
                         const outbox::EmitEvent& emit) const;
    /// The state of every meter.
    Status tell_states(pqxx::work& tx, const outbox::SnapshotRequest& request,
                       const outbox::EmitEvent& emit) const;
    /// Every order that was sent or ended, as it stands; of a consumer that has earlier ones those
    /// that may have changed since then.
    Status tell_commands(pqxx::work& tx, const outbox::SnapshotRequest& request,
                         const outbox::EmitEvent& emit) const;

private:
    const outbox::EventMaker events_;
};

}  // namespace prepay::metering
