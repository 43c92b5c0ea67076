#pragma once

#include <memory>
#include <mutex>
#include <pqxx/pqxx>
#include <string>
#include <unordered_map>
#include <vector>

#include "books/domain/account.h"
#include "core/status.h"
#include "core/time.h"
#include "outbox/outbox.h"
#include "pg/row.h"

namespace prepay::account {

/// Runs a statement prepared once per connection under `name`.
template <typename... Arguments>
pqxx::result run_prepared(pqxx::work& tx, const char* name, const char* sql,
                          const Arguments&... arguments) {
    tx.conn().prepare(name, sql);  // Repeating it with the same text costs a map look-up.
    return tx.exec_prepared(name, arguments...);
}

/// Of the columns of an account and of the customer who has it (or none), and of its room_ids; what
/// else there is to know is the caller's.
std::shared_ptr<AccountProfile> profile_of(const pg::Row& row);

/// Finds, locks and announces accounts. The row in `balances` is the account lock; rows are locked
/// in order of account_no, the company's own accounts after all others. Thread-safe.
class PgAccountBook {
public:
    PgAccountBook(const outbox::Outbox& outbox, const Clock& clock);

    /// Numbers of account ids, 0 for unknown ones. Remembers what is committed.
    std::vector<std::int64_t> find(pqxx::work& tx, const std::vector<std::string>& account_ids);
    /// NOT_FOUND / ACCOUNT_NOT_FOUND for an unknown id, or one of the company's own accounts.
    Result<std::int64_t> find_purse(pqxx::work& tx, const std::string& account_id);
    /// nullopt for an unknown site.
    std::optional<SiteAccounts> find_site(pqxx::work& tx, const std::string& site_id);

    /// Locks accounts (duplicates allowed) and gives them by rising account_no; profiles from
    /// memory where their revision is current.
    std::vector<LockedAccount> lock(pqxx::work& tx, std::vector<std::int64_t> account_nos);
    LockedAccount lock_one(pqxx::work& tx, std::int64_t account_no);
    /// After a change of settings in this transaction: raises the revision and reads the profile
    /// afresh, past memory.
    LockedAccount touch(pqxx::work& tx, const LockedAccount& account);

    /// Announces changed purses and vacancy accounts: one message per partition.
    void announce(pqxx::work& tx, const std::vector<AccountChange>& changes, Instant now);
    /// The state of each purse and vacancy account of a partition, without a crossed threshold. For
    /// a consumer without history; only reads.
    Status tell_balances(pqxx::work& tx, const outbox::SnapshotRequest& request,
                         const outbox::EmitEvent& emit);

private:
    using ProfilePtr = std::shared_ptr<const AccountProfile>;
    std::vector<ProfilePtr> read_profiles(pqxx::work& tx, const std::vector<std::int64_t>& nos);

    const outbox::Outbox& outbox_;
    const Clock& clock_;
    std::mutex mutex_;
    std::unordered_map<std::string, std::int64_t> account_nos_;
    std::unordered_map<std::string, SiteAccounts> sites_;
    std::unordered_map<std::int64_t, ProfilePtr> profiles_;
};

}  // namespace prepay::account
