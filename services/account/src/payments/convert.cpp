#include "payments/convert.h"

#include "core/proto_time.h"
#include "rpc/request_rules.h"

namespace prepay::account {
namespace {

void set_client_kind(v1::CreatePaymentResponse& response, const WechatClientParameters& client) {
    v1::WechatClientParameters& wechat = *response.mutable_wechat();
    wechat.set_app_id(client.app_id);
    wechat.set_time_stamp(client.time_stamp);
    wechat.set_nonce_str(client.nonce_str);
    wechat.set_package(client.package);
    wechat.set_sign_type(client.sign_type);
    wechat.set_pay_sign(client.pay_sign);
}

}  // namespace

v1::OrderKind to_proto(OrderKind kind) {
    switch (kind) {
        case OrderKind::kCashTopUp:
            return v1::ORDER_KIND_CASH_TOP_UP;
        case OrderKind::kProviderTopUp:
            return v1::ORDER_KIND_WECHAT_TOP_UP;
        case OrderKind::kCashRefund:
            return v1::ORDER_KIND_CASH_REFUND;
    }
    return v1::ORDER_KIND_UNSPECIFIED;
}

v1::OrderState to_proto(OrderState state) {
    switch (state) {
        case OrderState::kPending:
            return v1::ORDER_STATE_PENDING;
        case OrderState::kCredited:
            return v1::ORDER_STATE_CREDITED;
        case OrderState::kClosed:
            return v1::ORDER_STATE_CLOSED;
        case OrderState::kDisputed:
            return v1::ORDER_STATE_DISPUTED;
    }
    return v1::ORDER_STATE_UNSPECIFIED;
}

v1::SuspenseOutcome to_proto(SuspenseOutcome outcome) {
    return outcome == SuspenseOutcome::kCreditAccount ? v1::SUSPENSE_OUTCOME_CREDIT_ACCOUNT
                                                      : v1::SUSPENSE_OUTCOME_PAID_BACK;
}

v1::SuspenseState to_proto(SuspenseState state) {
    switch (state) {
        case SuspenseState::kNone:
            return v1::SUSPENSE_STATE_UNSPECIFIED;
        case SuspenseState::kHeld:
            return v1::SUSPENSE_STATE_HELD;
        case SuspenseState::kSettled:
            return v1::SUSPENSE_STATE_SETTLED;
    }
    return v1::SUSPENSE_STATE_UNSPECIFIED;
}

v1::Order to_proto(const Order& order) {
    v1::Order message;
    message.set_order_id(order.order_id);
    message.set_account_id(order.account_id);
    message.set_kind(to_proto(order.kind));
    message.set_state(to_proto(order.state));
    message.set_amount_micros(order.amount.micros());
    message.set_provider_transaction_id(order.provider_transaction_id);
    *message.mutable_create_time() = to_proto(order.create_time);
    if (order.finish_time) {
        *message.mutable_finish_time() = to_proto(*order.finish_time);
    }
    message.set_create_user(order.create_user);
    message.set_note(order.note);
    if (order.balance_after) {
        message.set_balance_after_micros(order.balance_after->micros());
    }
    message.set_failure_reason(order.failure_reason);
    message.set_override_unbilled(order.override_unbilled);
    return message;
}

v1::Order to_proto(const ListedOrder& listed) {
    v1::Order message = to_proto(listed.order);
    message.set_suspense_state(to_proto(listed.suspense));
    return message;
}

v1::SuspenseItem to_proto(const SuspenseView& item) {
    v1::SuspenseItem message;
    message.set_provider_transaction_id(item.transaction_id);
    message.set_site_id(item.site_id);
    message.set_order_id(item.order_id);
    message.set_account_id(item.account_id);
    message.set_amount_micros(item.amount.micros());
    message.set_reason(item.reason);
    *message.mutable_receive_time() = to_proto(item.receive_time);
    if (item.settlement) {
        v1::SuspenseSettlement& settlement = *message.mutable_settlement();
        settlement.set_outcome(to_proto(item.settlement->outcome));
        settlement.set_account_id(item.settlement->account_id);
        settlement.set_order_id(item.settlement->order_id);
        *settlement.mutable_settle_time() = to_proto(item.settlement->settle_time);
        settlement.set_settle_user(item.settlement->settle_user);
        settlement.set_note(item.settlement->note);
    }
    return message;
}

OrderFilter from_proto(const v1::ListOrdersRequest& request) {
    return {request.account_id(),
            request.site_id(),
            find_proto_time(request.has_start_time(), request.start_time()),
            find_proto_time(request.has_end_time(), request.end_time()),
            request.page_token(),
            rpc::page_size_of(request.page_size())};
}

Result<SuspenseFilter> from_proto(const v1::ListSuspenseRequest& request) {
    SuspenseFilter filter;
    filter.site_id = request.site_id();
    filter.include_settled = request.include_settled();
    PREPAY_ASSIGN_OR_RETURN(filter.below_item_no, rpc::sequence_of(request.page_token()));
    filter.limit = rpc::page_size_of(request.page_size());
    return filter;
}

void set_client(v1::CreatePaymentResponse& response, const ClientParameters& client) {
    std::visit([&response](const auto& kind) { set_client_kind(response, kind); }, client);
}

Result<SuspenseOutcome> from_proto(v1::SuspenseOutcome outcome) {
    switch (outcome) {
        case v1::SUSPENSE_OUTCOME_CREDIT_ACCOUNT:
            return SuspenseOutcome::kCreditAccount;
        case v1::SUSPENSE_OUTCOME_PAID_BACK:
            return SuspenseOutcome::kPaidBack;
        default:
            return invalid_argument("BAD_OUTCOME", "the outcome is CREDIT_ACCOUNT or PAID_BACK");
    }
}

const char* to_text(OrderKind kind) {
    switch (kind) {
        case OrderKind::kCashTopUp:
            return "cash-top-up";
        case OrderKind::kProviderTopUp:
            return "wechat-top-up";
        case OrderKind::kCashRefund:
            return "cash-refund";
    }
    return "";
}

const char* to_text(OrderState state) {
    switch (state) {
        case OrderState::kPending:
            return "pending";
        case OrderState::kCredited:
            return "credited";
        case OrderState::kClosed:
            return "closed";
        case OrderState::kDisputed:
            return "disputed";
    }
    return "";
}

const char* to_text(SuspenseOutcome outcome) {
    return outcome == SuspenseOutcome::kCreditAccount ? "credit-account" : "paid-back";
}

OrderKind order_kind_from(const std::string& text) {
    using enum OrderKind;
    return look_up(std::array{kCashTopUp, kProviderTopUp, kCashRefund}, text);
}

OrderState order_state_from(const std::string& text) {
    using enum OrderState;
    return look_up(std::array{kPending, kCredited, kClosed, kDisputed}, text);
}

SuspenseOutcome suspense_outcome_from(const std::string& text) {
    using enum SuspenseOutcome;
    return look_up(std::array{kCreditAccount, kPaidBack}, text);
}

}  // namespace prepay::account
