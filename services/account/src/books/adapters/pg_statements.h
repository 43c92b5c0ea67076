#pragma once

#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "books/domain/statement.h"
#include "core/status.h"
#include "core/time.h"
#include "pg/page.h"

namespace prepay::account {

/// What the ledger says to people: postings of an account, its daily use, the trial balance. Only
/// reads; thread-safe.
class PgStatements {
public:
    PgStatements(PgAccountBook& book, const Clock& clock) : book_(book), clock_(clock) {}

    /// Newest first. Reasons ACCOUNT_NOT_FOUND, BAD_PAGE_TOKEN.
    Result<pg::Page<StatementLine>> postings(pqxx::work& tx, const PostingFilter& filter);
    /// What the account used, by local day of its site, every day of the last `day_count`, oldest
    /// first. An interval belongs to the day that it ends on; midnight ends a day.
    std::vector<std::pair<std::string, Money>> daily_use(pqxx::work& tx,
                                                         const std::string& account_id,
                                                         int day_count) const;
    TrialBalance trial_balance(pqxx::work& tx);

private:
    PgAccountBook& book_;
    const Clock& clock_;
};

}  // namespace prepay::account
