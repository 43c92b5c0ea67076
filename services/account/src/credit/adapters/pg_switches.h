#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "credit/domain/credit_control.h"
#include "metrics.h"
#include "outbox/outbox.h"

namespace prepay::account {

/// A meter's switching state with the account that pays for it now.
struct OccupiedSwitch {
    std::int64_t account_no = 0;
    MeterSwitch meter;
};

/// Stores switch intents and announces each change of one. All under the lock of the account that
/// pays for the meter. Thread-safe.
class PgSwitches {
public:
    PgSwitches(const outbox::Outbox& outbox, const Clock& clock, AccountMetrics& metrics)
        : outbox_(outbox), clock_(clock), metrics_(metrics) {}

    /// The meters the accounts pay for now, locked in order of meter_id.
    std::vector<OccupiedSwitch> load(pqxx::work& tx, const std::vector<std::int64_t>& account_nos);
    /// Who pays for the meters now; meters nobody pays for are absent.
    std::map<std::string, std::int64_t> payers(pqxx::work& tx,
                                               const std::vector<std::string>& meter_ids);
    /// Meters that an event tells something new of: those of `told` that are not known to be on
    /// and well, and those of `held`, whose power money's hold keeps off, that were ever switched.
    std::vector<std::string> switched(pqxx::work& tx, const std::vector<std::string>& told,
                                      const std::vector<std::string>& held);
    /// Writes what changed, and announces it.
    void save(pqxx::work& tx, MeterSwitch& meter, Instant now);

    /// Brings all meters of the accounts in line with the accounts' wishes.
    void reconcile(pqxx::work& tx, const std::vector<LockedAccount>& accounts, Instant now);

    /// The intents of a partition's meters that wait for the gateway. For a consumer without
    /// history; only reads.
    Status tell_ready(pqxx::work& tx, const outbox::SnapshotRequest& request,
                      const outbox::EmitEvent& emit) const;

    /// Whether any meter of the account is proven off; stores and tells whether that is news.
    bool update_cut(pqxx::work& tx, const LockedAccount& account);

private:
    const outbox::Outbox& outbox_;
    const Clock& clock_;
    AccountMetrics& metrics_;
};

SwitchContext context_of(const LockedAccount& account, Instant now);

}  // namespace prepay::account
