#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_book.h"
#include "core/status.h"
#include "pg/page.h"

namespace prepay::account {

/// Accounts as people see them. Only reads; thread-safe.
class PgAccountViews {
public:
    /// Reason ACCOUNT_NOT_FOUND.
    Result<AccountView> get(pqxx::work& tx, const std::string& account_id);
    AccountView get(pqxx::work& tx, std::int64_t account_no);
    /// In the order of their opening.
    pg::Page<AccountView> list(pqxx::work& tx, const AccountFilter& filter);
};

}  // namespace prepay::account
