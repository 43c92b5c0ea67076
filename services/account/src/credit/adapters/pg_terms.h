#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_views.h"
#include "books/adapters/pg_posting.h"
#include "core/status.h"

namespace prepay::account {

/// Adjusts the terms of open accounts: alarm levels, the cut floor, keep-power. Thread-safe.
class PgTerms {
public:
    PgTerms(PgAccountBook& book, PgAccountViews& views, PgPosting& posting)
        : book_(book), views_(views), posting_(posting) {}

    /// Of checked levels. Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, CREDIT_NOT_ALLOWED.
    Result<AccountView> set_levels(pqxx::work& tx, const std::string& account_id,
                                   const AlarmLevels& levels, CreditRight right);
    /// `reason_text` = why, for the log. Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED.
    Result<AccountView> set_keep_power(pqxx::work& tx, const std::string& account_id,
                                       bool keep_power, const std::string& reason_text);

private:
    Result<LockedAccount> lock_open(pqxx::work& tx, const std::string& account_id);

    PgAccountBook& book_;
    PgAccountViews& views_;
    PgPosting& posting_;
};

}  // namespace prepay::account
