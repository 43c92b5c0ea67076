#pragma once

#include <map>
#include <pqxx/pqxx>
#include <set>
#include <string>
#include <vector>

#include "adapters/pg_fold_store.h"
#include "core/status.h"
#include "core/time.h"
#include "kafka/kafka.h"
#include "metrics.h"
#include "outbox/outbox.h"
#include "pg/database.h"

namespace prepay::reporting {

/// Folds events into the read models. The end state depends on the set of events only: facts keep
/// their highest version, sums count each event once. Thread-safe.
class EventFolder {
public:
    explicit EventFolder(ReportingMetrics& metrics) : metrics_(metrics) {}

    /// The topics that the read models are made of, and what is done with each. BAD_MESSAGE for
    /// what can never be applied.
    [[nodiscard]] outbox::Handlers handlers() const;
    /// How a snapshot of charges takes the place of those that were added up.
    static std::map<std::string, outbox::SnapshotSwap> swaps();

private:
    using Messages = std::vector<kafka::Message>;
    using Fold = Status (EventFolder::*)(pqxx::work&, const Messages&) const;
    static const std::map<std::string, Fold>& folds();

    Status fold_rooms(pqxx::work& tx, const Messages& messages) const;
    Status fold_occupancies(pqxx::work& tx, const Messages& messages) const;
    Status fold_balances(pqxx::work& tx, const Messages& messages) const;
    Status fold_charges(pqxx::work& tx, const Messages& messages) const;
    Status fold_payments(pqxx::work& tx, const Messages& messages) const;
    Status fold_readings(pqxx::work& tx, const Messages& messages) const;
    Status fold_meter_states(pqxx::work& tx, const Messages& messages) const;
    Status fold_commands(pqxx::work& tx, const Messages& messages) const;
    static Status place_waiting_charges(pqxx::work& tx, const std::vector<SiteRecord>& sites);

    ReportingMetrics& metrics_;
};

/// Forgets which events were folded long ago; the owners' outboxes keep none that old.
Status forget_old_events(pg::Database& database, Instant now);

}  // namespace prepay::reporting
