#include "cash/adapters/grpc_cash.h"

#include "books/adapters/grpc_once.h"
#include "payments/convert.h"

namespace prepay::account {
namespace {

template <typename Request>
PgCash::CashOrder cash_order(const rpc::CallContext& context, const Request& request) {
    return {request.account_id(),
            Money::from_micros(request.amount_micros()),
            request.note(),
            context.identity.subject,
            context.request_id,
            context.content_hash,
            false,
            BillProgress::Bill()};
}

}  // namespace

void GrpcCash::register_with(rpc::Server& server) {
    using Self = GrpcCash;
    const std::string account = "prepay.account.v1.AccountService/";
    server.unary(account + "TopUp", this, &Self::top_up);
    server.unary(account + "Refund", this, &Self::refund);
}

Result<v1::Order> GrpcCash::first_top_up(pqxx::work& tx, const rpc::CallContext& context,
                                         const std::string& account_id, Money amount) {
    PREPAY_ASSIGN_OR_RETURN(
        const Order order,
        cash_.top_up(tx, {account_id, amount, "first top-up", context.identity.subject,
                          context.request_id, context.content_hash}));
    return to_proto(order);
}

Result<v1::TopUpResponse> GrpcCash::top_up(const Context& context,
                                           const v1::TopUpRequest& request) {
    using Response = v1::TopUpResponse;
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const Order order, cash_.top_up(tx, cash_order(context, request)));
        Response response;
        *response.mutable_order() = to_proto(order);
        *response.mutable_account() = to_proto(views_.get(tx, order.account_no));
        return response;
    });
}

Result<v1::RefundResponse> GrpcCash::refund(const Context& context,
                                            const v1::RefundRequest& request) {
    using Response = v1::RefundResponse;
    if (request.override_unbilled() &&
        !rpc::role_holds(context.identity.role, common::v1::PERMISSION_OVERRIDE)) {
        return permission_denied("OVERRIDE_NOT_ALLOWED",
                                 "paying out before the last bill needs a permission of its own");
    }
    PgCash::CashOrder wanted = cash_order(context, request);
    wanted.override_unbilled = request.override_unbilled();
    PREPAY_ASSIGN_OR_RETURN(
        const auto ends,
        database_.read([&](pqxx::work& tx) -> Result<std::map<std::string, Instant>> {
            return PgCash::ended_meters(tx, request.account_id());
        }));
    if (!ends.empty()) {
        std::vector<std::string> meter_ids;
        for (const auto& [meter_id, end] : ends) {
            meter_ids.push_back(meter_id);
        }
        wanted.bill = bills_.ask(request.account_id(), meter_ids);
    }
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const Order order, cash_.refund(tx, wanted));
        Response response;
        *response.mutable_order() = to_proto(order);
        *response.mutable_account() = to_proto(views_.get(tx, order.account_no));
        return response;
    });
}

}  // namespace prepay::account
