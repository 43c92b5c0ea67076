#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_book.h"
#include "core/status.h"
#include "credit/adapters/pg_switches.h"
#include "pg/database.h"
#include "pg/page.h"

namespace prepay::account {

/// Claims of the gateway, and the sweep that keeps any trip or restore from being forgotten.
/// Thread-safe.
class PgCredit {
public:
    PgCredit(pg::Database& database, PgAccountBook& book, PgSwitches& switches, const Clock& clock,
             Duration claim_timeout)
        : database_(database),
          book_(book),
          switches_(switches),
          clock_(clock),
          claim_timeout_(claim_timeout) {}

    struct Claimed {
        bool is_granted = false;
        IntentView intent;  ///< As it is after the claim.
    };
    /// Decides under the account lock. Reasons INTENT_NOT_FOUND, BAD_ID.
    Result<Claimed> claim(pqxx::work& tx, const std::string& intent_id,
                          const std::string& claimant);
    /// Whether a meter may be cut now, by the account that pays for it. A meter nobody pays for
    /// may. Reason BAD_ID.
    Result<CutCheck> check_cut(pqxx::work& tx, const std::string& meter_id);
    /// Newest first.
    pg::Page<IntentView> list(pqxx::work& tx, const IntentFilter& filter);

    /// Tries failed switches again whose pause is over, and gives up claims that never ended; with
    /// `full` also compares every account's wish with its meters. How many accounts were looked at.
    Result<int> sweep(bool full);

private:
    Status sweep_account(std::int64_t account_no);

    pg::Database& database_;
    PgAccountBook& book_;
    PgSwitches& switches_;
    const Clock& clock_;
    Duration claim_timeout_;
};

}  // namespace prepay::account
