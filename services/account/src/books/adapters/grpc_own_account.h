#pragma once

#include <pqxx/pqxx>

#include "books/adapters/pg_account_views.h"
#include "core/status.h"
#include "prepay/account/v1/account.pb.h"
#include "rpc/server.h"

namespace prepay::account {

/// A tenant's account is the token's, whatever a request says. Open or closed. Reason
/// ACCOUNT_NOT_FOUND.
Result<v1::Account> own_account(PgAccountViews& views, pqxx::work& tx,
                                const rpc::CallContext& context);
/// The same; reason ACCOUNT_CLOSED for a closed one.
Result<v1::Account> own_open_account(PgAccountViews& views, pqxx::work& tx,
                                     const rpc::CallContext& context);

/// FAILED_PRECONDITION / ACCOUNT_CLOSED.
Status account_closed();

/// Of a closed account a refusal is always ACCOUNT_CLOSED, whatever else is wrong with the request;
/// a fault of the moment (no database, provider busy) stays what it is.
bool is_of_request(const Status& status);

}  // namespace prepay::account
