#pragma once

#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "core/status.h"
#include "core/time.h"
#include "prepay/account/v1/account.pb.h"

namespace prepay::account {

/// What the ledger says to people: postings of an account, its daily use, the trial balance. Only
/// reads; thread-safe.
class PgStatements {
public:
    PgStatements(PgAccountBook& book, const Clock& clock) : book_(book), clock_(clock) {}

    /// Newest first. Reason ACCOUNT_NOT_FOUND.
    Result<v1::ListPostingsResponse> postings(pqxx::work& tx,
                                              const v1::ListPostingsRequest& request,
                                              bool without_charges = false);
    /// What the account used, by local day of its site, every day of the last `day_count`, oldest
    /// first. An interval belongs to the day that it ends on; midnight ends a day.
    std::vector<std::pair<std::string, Money>> daily_use(pqxx::work& tx,
                                                         const std::string& account_id,
                                                         int day_count) const;
    v1::GetTrialBalanceResponse trial_balance(pqxx::work& tx);

private:
    PgAccountBook& book_;
    const Clock& clock_;
};

}  // namespace prepay::account
