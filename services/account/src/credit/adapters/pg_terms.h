#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_views.h"
#include "books/adapters/pg_posting.h"
#include "core/status.h"
#include "core/time.h"

namespace prepay::account {

/// Who says that an account's power is kept, or no longer, and why.
struct KeepPowerWord {
    std::string user;
    std::string reason_text;  ///< At most 500 bytes.
};

/// Adjusts the terms of open accounts: alarm levels, the cut floor, keep-power. Thread-safe.
class PgTerms {
public:
    PgTerms(PgAccountBook& book, PgAccountViews& views, PgPosting& posting, const Clock& clock)
        : book_(book), views_(views), posting_(posting), clock_(clock) {}

    /// Of checked levels. Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, CREDIT_NOT_ALLOWED.
    Result<AccountView> set_levels(pqxx::work& tx, const std::string& account_id,
                                   const AlarmLevels& levels, CreditRight right);
    /// Keeps with the account who says so and why, also when it was so before. Reasons
    /// ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, TEXT_TOO_LONG.
    Result<AccountView> set_keep_power(pqxx::work& tx, const std::string& account_id,
                                       bool keep_power, const KeepPowerWord& word);

private:
    Result<LockedAccount> lock_open(pqxx::work& tx, const std::string& account_id);

    PgAccountBook& book_;
    PgAccountViews& views_;
    PgPosting& posting_;
    const Clock& clock_;
};

}  // namespace prepay::account
