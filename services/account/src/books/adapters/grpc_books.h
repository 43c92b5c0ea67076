#pragma once

#include <string>
#include <utility>

#include "books/adapters/pg_account_views.h"
#include "books/adapters/pg_statements.h"
#include "core/status.h"
#include "pg/database.h"
#include "prepay/account/v1/account.pb.h"
#include "rpc/server.h"

namespace prepay::account {

/// Serves accounts and what the ledger says of them, to the desk and to tenants.
class GrpcBooks {
public:
    GrpcBooks(pg::Database& database, PgAccountViews& views, PgStatements& statements)
        : database_(database), views_(views), statements_(statements) {}

    /// Registers its methods. The object must outlive the server.
    void register_with(rpc::Server& server);

private:
    using Context = rpc::CallContext;
    Result<v1::GetAccountResponse> get_account(const Context&, const v1::GetAccountRequest&);
    Result<v1::ListAccountsResponse> list_accounts(const Context&, const v1::ListAccountsRequest&);
    Result<v1::ListPostingsResponse> list_postings(const Context&, const v1::ListPostingsRequest&);
    Result<v1::GetTrialBalanceResponse> get_trial_balance(const Context&,
                                                          const v1::GetTrialBalanceRequest&);
    Result<v1::ListHistoryResponse> list_history(const Context&, const v1::ListHistoryRequest&);
    Result<v1::GetDailyUseResponse> get_daily_use(const Context&, const v1::GetDailyUseRequest&);

    pg::Database& database_;
    PgAccountViews& views_;
    PgStatements& statements_;
};

}  // namespace prepay::account
