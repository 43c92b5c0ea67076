#pragma once

#include <functional>
#include <pqxx/pqxx>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "books/adapters/pg_ledger.h"
#include "books/domain/account.h"
#include "core/status.h"

namespace prepay::account {

/// The posting transaction: whoever moves money goes through it, so that the order of locks and the
/// thresholds exist once. In one transaction: lock(), decide under the locks, post(). Thread-safe.
class PgPosting {
public:
    /// Credit control's step: brings the meters of accounts in line with what they want now.
    using Reconcile =
        std::function<void(pqxx::work&, const std::vector<LockedAccount>&, Instant now)>;
    /// The caller's own records of what was posted (orders, announcements); an error undoes all.
    using Record = std::function<Status(const PostingPlan&, Instant now)>;

    PgPosting(PgAccountBook& book, PgLedger& ledger, Reconcile reconcile, const Clock& clock)
        : book_(book), ledger_(ledger), reconcile_(std::move(reconcile)), clock_(clock) {}

    /// Makes the month partitions that the postings need, then locks their accounts, and `further`
    /// ones, in order of account_no. Counter accounts need not be known yet.
    std::vector<LockedAccount> lock(pqxx::work& tx, const std::vector<Posting>& postings,
                                    const std::vector<std::int64_t>& further = {});

    /// Posts to locked accounts, `accounts` being those of the postings by rising account_no: the
    /// entries, the switches of accounts whose wish turned, the caller's records, the balances'
    /// announcement, and last the company's own accounts, which all share. Reasons BAD_MESSAGE (see
    /// PgLedger::post) and those of `record`.
    Status post(pqxx::work& tx, std::vector<Posting> postings,
                const std::vector<LockedAccount>& accounts, const Record& record);

    /// One posting whose source cannot have been posted before (reason POSTED_BEFORE); `record`
    /// gets the account's new balance.
    Status post_one(pqxx::work& tx, const Posting& posting, const LockedAccount& account,
                    const std::function<Status(Money balance_after)>& record);

    /// After a change of a locked account's settings in this transaction: credit control acts on
    /// it, and it is announced.
    void settings_changed(pqxx::work& tx, const LockedAccount& before);
    /// The same where a posting that follows in this transaction announces it.
    void settings_changed_before_posting(pqxx::work& tx, const LockedAccount& before);

private:
    PgAccountBook& book_;
    PgLedger& ledger_;
    Reconcile reconcile_;
    const Clock& clock_;
};

}  // namespace prepay::account
