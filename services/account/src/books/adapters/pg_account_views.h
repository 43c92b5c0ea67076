#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_book.h"
#include "core/status.h"
#include "prepay/account/v1/account.pb.h"

namespace prepay::account {

/// Accounts as people see them. Only reads; thread-safe.
class PgAccountViews {
public:
    /// Reason ACCOUNT_NOT_FOUND.
    Result<v1::Account> get(pqxx::work& tx, const std::string& account_id);
    v1::Account get(pqxx::work& tx, std::int64_t account_no);
    /// The query finds a phone number only for those who see it (`by_phone`), or digits could be
    /// tried one by one.
    Result<v1::ListAccountsResponse> list(pqxx::work& tx, const v1::ListAccountsRequest& request,
                                          bool by_phone);
};

}  // namespace prepay::account
