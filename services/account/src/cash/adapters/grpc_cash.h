#pragma once

#include <pqxx/pqxx>
#include <string>
#include <utility>

#include "books/adapters/pg_account_views.h"
#include "cash/adapters/pg_cash.h"
#include "cash/ports.h"
#include "core/status.h"
#include "pg/database.h"
#include "prepay/account/v1/account.pb.h"
#include "rpc/server.h"

namespace prepay::account {

/// Serves cash at the desk.
class GrpcCash {
public:
    GrpcCash(pg::Database& database, PgAccountViews& views, PgCash& cash, BillProgress& bills)
        : database_(database), views_(views), cash_(cash), bills_(bills) {}

    /// The cash that comes with the opening of an account.
    Result<v1::Order> first_top_up(pqxx::work& tx, const rpc::CallContext& context,
                                   const std::string& account_id, Money amount);

    /// Registers its methods. The object must outlive the server.
    void register_with(rpc::Server& server);

private:
    using Context = rpc::CallContext;
    Result<v1::TopUpResponse> top_up(const Context&, const v1::TopUpRequest&);
    Result<v1::RefundResponse> refund(const Context&, const v1::RefundRequest&);

    pg::Database& database_;
    PgAccountViews& views_;
    PgCash& cash_;
    BillProgress& bills_;
};

}  // namespace prepay::account
