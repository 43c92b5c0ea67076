#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_views.h"
#include "books/adapters/pg_posting.h"
#include "core/status.h"
#include "core/time.h"
#include "prepay/account/v1/account.pb.h"

namespace prepay::account {

/// Adjusts the terms of open accounts: alarm levels, the cut floor, keep-power. Thread-safe.
class PgTerms {
public:
    PgTerms(PgAccountBook& book, PgAccountViews& views, PgPosting& posting, const Clock& clock)
        : book_(book), views_(views), posting_(posting), clock_(clock) {}

    /// Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, BAD_ALARM_LEVELS, CREDIT_NOT_ALLOWED.
    Result<v1::Account> set_levels(pqxx::work& tx, const v1::SetAlarmLevelsRequest& request,
                                   CreditRight right);
    /// Keeps with the account who says so and why, also when it was so before. Reasons
    /// ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, TEXT_TOO_LONG.
    Result<v1::Account> set_keep_power(pqxx::work& tx, const v1::SetKeepPowerRequest& request,
                                       const std::string& user);

private:
    Result<LockedAccount> lock_open(pqxx::work& tx, const std::string& account_id);

    PgAccountBook& book_;
    PgAccountViews& views_;
    PgPosting& posting_;
    const Clock& clock_;
};

}  // namespace prepay::account
