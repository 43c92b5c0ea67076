#pragma once

#include <string>
#include <utility>

#include "books/adapters/pg_account_views.h"
#include "core/status.h"
#include "payments/adapters/pg_orders.h"
#include "payments/adapters/pg_suspense.h"
#include "payments/app/payments.h"
#include "pg/database.h"
#include "prepay/account/v1/account.pb.h"
#include "rpc/server.h"

namespace prepay::account {

/// Serves orders, payments by phone, and the suspense account.
class GrpcPayments {
public:
    /// `payments` is null where no provider is configured.
    GrpcPayments(pg::Database& database, PgAccountViews& views, PgOrders& orders,
                 PgSuspense& suspense, Payments* payments)
        : database_(database),
          views_(views),
          orders_(orders),
          suspense_(suspense),
          payments_(payments) {}

    /// Registers its methods. The object must outlive the server.
    void register_with(rpc::Server& server);

private:
    using Context = rpc::CallContext;
    Result<v1::ListOrdersResponse> list_orders(const Context&, const v1::ListOrdersRequest&);
    Result<v1::ListSuspenseResponse> list_suspense(const Context&, const v1::ListSuspenseRequest&);
    Result<v1::SettleSuspenseResponse> settle_suspense(const Context&,
                                                       const v1::SettleSuspenseRequest&);
    Result<v1::CreatePaymentResponse> create_payment(const Context&,
                                                     const v1::CreatePaymentRequest&);
    Result<v1::GetPaymentResponse> get_payment(const Context&, const v1::GetPaymentRequest&);
    Result<v1::HandleWechatNoticeResponse> handle_wechat_notice(
        const Context&, const v1::HandleWechatNoticeRequest&);

    pg::Database& database_;
    PgAccountViews& views_;
    PgOrders& orders_;
    PgSuspense& suspense_;
    Payments* payments_;
};

}  // namespace prepay::account
