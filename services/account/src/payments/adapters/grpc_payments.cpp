#include "payments/adapters/grpc_payments.h"

#include "books/adapters/grpc_once.h"
#include "books/adapters/grpc_own_account.h"
#include "payments/convert.h"

namespace prepay::account {
namespace {

Status closed_first(pg::Database& database, PgAccountViews& views, const rpc::CallContext& context,
                    const Status& refusal) {
    if (!is_of_request(refusal)) {
        return refusal;
    }
    const Result<v1::Account> account = database.read([&](pqxx::work& tx) -> Result<v1::Account> {
        return own_open_account(views, tx, context);
    });
    return error_reason(account.status()) == "ACCOUNT_CLOSED" ? account.status() : refusal;
}

}  // namespace

void GrpcPayments::register_with(rpc::Server& server) {
    using Self = GrpcPayments;
    const std::string account = "prepay.account.v1.AccountService/";
    server.unary(account + "ListOrders", this, &Self::list_orders);
    server.unary(account + "ListSuspense", this, &Self::list_suspense);
    server.unary(account + "SettleSuspense", this, &Self::settle_suspense);
    const std::string tenant = "prepay.account.v1.TenantService/";
    server.unary(tenant + "CreatePayment", this, &Self::create_payment);
    server.unary(tenant + "GetPayment", this, &Self::get_payment);
    server.unary("prepay.account.v1.PaymentCallbackService/HandleWechatNotice", this,
                 &Self::handle_wechat_notice);
}

Result<v1::ListOrdersResponse> GrpcPayments::list_orders(const Context&,
                                                         const v1::ListOrdersRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListOrdersResponse> {
        const pg::Page<ListedOrder> page = orders_.list(tx, from_proto(request));
        v1::ListOrdersResponse response;
        for (const ListedOrder& order : page.rows) {
            *response.add_orders() = to_proto(order);
        }
        response.set_next_page_token(page.next_page_token);
        return response;
    });
}

Result<v1::ListSuspenseResponse> GrpcPayments::list_suspense(
    const Context&, const v1::ListSuspenseRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListSuspenseResponse> {
        PREPAY_ASSIGN_OR_RETURN(const SuspenseFilter filter, from_proto(request));
        const pg::Page<SuspenseView> page = suspense_.list(tx, filter);
        v1::ListSuspenseResponse response;
        for (const SuspenseView& item : page.rows) {
            *response.add_items() = to_proto(item);
        }
        response.set_next_page_token(page.next_page_token);
        return response;
    });
}

Result<v1::SettleSuspenseResponse> GrpcPayments::settle_suspense(
    const Context& context, const v1::SettleSuspenseRequest& request) {
    using Response = v1::SettleSuspenseResponse;
    PREPAY_ASSIGN_OR_RETURN(const SuspenseOutcome outcome, from_proto(request.outcome()));
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(
            auto settled,
            suspense_.settle(tx, {request.provider_transaction_id(), outcome, request.account_id(),
                                  request.note(), context.identity.subject, context.request_id,
                                  context.content_hash}));
        Response response;
        *response.mutable_item() = to_proto(settled.item);
        if (settled.order) {
            *response.mutable_order() = to_proto(*settled.order);
            *response.mutable_account() = to_proto(views_.get(tx, settled.order->account_no));
        }
        return response;
    });
}

Result<v1::CreatePaymentResponse> GrpcPayments::create_payment(
    const Context& context, const v1::CreatePaymentRequest& request) {
    if (payments_ == nullptr) {
        return closed_first(
            database_, views_, context,
            failed_precondition("WECHAT_NOT_CONFIGURED", "WeChat Pay is not configured"));
    }
    const Result<Payments::Started> started =
        payments_->start({context.request_id, context.content_hash, context.identity.account_id,
                          context.identity.subject, Money::from_micros(request.amount_micros()),
                          request.openid(), "预付能源费 Prepaid energy"});
    if (!started.ok()) {
        return closed_first(database_, views_, context, started.status());
    }
    v1::CreatePaymentResponse response;
    *response.mutable_order() = to_proto(started->order);
    set_client(response, started->client);
    return response;
}

Result<v1::GetPaymentResponse> GrpcPayments::get_payment(const Context& context,
                                                         const v1::GetPaymentRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetPaymentResponse> {
        v1::GetPaymentResponse response;
        // Also once the account is closed: whoever has paid must see where the money went.
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(), own_account(views_, tx, context));
        const Result<Order> order =
            orders_.get(tx, request.order_id(), context.identity.account_id);
        if (!order.ok()) {
            const bool is_closed = response.account().state() != v1::ACCOUNT_STATE_OPEN;
            return is_closed && is_of_request(order.status()) ? account_closed() : order.status();
        }
        *response.mutable_order() = to_proto(*order);
        return response;
    });
}

Result<v1::HandleWechatNoticeResponse> GrpcPayments::handle_wechat_notice(
    const Context&, const v1::HandleWechatNoticeRequest& request) {
    if (payments_ == nullptr) {
        return failed_precondition("WECHAT_NOT_CONFIGURED", "WeChat Pay is not configured");
    }
    PREPAY_RETURN_IF_ERROR(
        payments_->handle_notice({request.timestamp(), request.nonce(), request.signature(),
                                  request.serial(), request.body()}));
    PREPAY_CRASH_POINT("payment.before_reply");
    return v1::HandleWechatNoticeResponse();
}

}  // namespace prepay::account
