#include "payments/domain/payment.h"

namespace prepay::account {
namespace {

constexpr std::int64_t kFenMax = 100'000'000'000;  // A thousand million yuan: no real payment.

PaymentDecision to_suspense(PaymentOutcome outcome, const std::string& reason,
                            const PaymentFact& fact) {
    PaymentDecision decision{outcome, reason, std::nullopt};
    if (fact.currency == "CNY" && fact.total_fen > 0 && fact.total_fen <= kFenMax) {
        decision.suspense = Money::from_fen(fact.total_fen);
    }
    return decision;
}

}  // namespace

PaymentDecision decide_payment(const Order& order, const PaymentFact& fact,
                               const Merchant& merchant) {
    if (fact.appid != merchant.appid) {
        return {PaymentOutcome::kForeign, "NOTICE_WRONG_APPID", std::nullopt};
    }
    if (fact.mchid != merchant.mchid) {
        return {PaymentOutcome::kForeign, "NOTICE_WRONG_MCHID", std::nullopt};
    }
    if (order.kind != OrderKind::kProviderTopUp) {
        return {};
    }
    const bool is_open = order.state == OrderState::kPending || order.state == OrderState::kClosed;
    if (fact.trade_state == TradeState::kRefund && is_open) {
        return {PaymentOutcome::kDispute, "REFUNDED_AT_PROVIDER", std::nullopt};
    }
    if (fact.trade_state != TradeState::kSuccess) {
        return {};
    }
    if (order.provider_transaction_id == fact.transaction_id) {
        return {PaymentOutcome::kAlreadyDone, {}, std::nullopt};
    }
    if (order.state == OrderState::kCredited || order.state == OrderState::kDisputed) {
        return to_suspense(PaymentOutcome::kSecondPayment, "ORDER_PAID_TWICE", fact);
    }
    if (order.state == OrderState::kClosed) {
        return to_suspense(PaymentOutcome::kDispute, "ORDER_WAS_CLOSED", fact);
    }
    if (fact.currency != "CNY") {
        return to_suspense(PaymentOutcome::kDispute, "WRONG_CURRENCY", fact);
    }
    if (fact.total_fen > kFenMax || Money::from_fen(fact.total_fen) != order.amount) {
        return to_suspense(PaymentOutcome::kDispute, "WRONG_AMOUNT", fact);
    }
    return {PaymentOutcome::kCredit, {}, std::nullopt};
}

PaymentDecision decide_fact(const Order* order, const PaymentFact& fact, const Merchant& merchant,
                            const std::string& transaction_order_id) {
    if (order == nullptr) {
        return {PaymentOutcome::kForeign, "ORDER_UNKNOWN", std::nullopt};
    }
    PaymentDecision decision = decide_payment(*order, fact, merchant);
    if (decision.outcome != PaymentOutcome::kForeign && !fact.transaction_id.empty() &&
        !transaction_order_id.empty() && transaction_order_id != order->order_id) {
        return {PaymentOutcome::kForeign, "TRANSACTION_OF_ANOTHER_ORDER", std::nullopt};
    }
    return decision;
}

bool has_effect(const PaymentDecision& decision) {
    switch (decision.outcome) {
        case PaymentOutcome::kCredit:
        case PaymentOutcome::kDispute:
        case PaymentOutcome::kSecondPayment:
            return true;
        case PaymentOutcome::kAlreadyDone:
        case PaymentOutcome::kNothing:
        case PaymentOutcome::kForeign:
            return false;
    }
    return false;
}

void take_in(Order& order, const PaymentDecision& decision, const PaymentFact& fact, Instant now) {
    order.failure_reason = decision.reason;
    if (decision.outcome == PaymentOutcome::kSecondPayment) {
        return;  // The order stays what its first payment made of it.
    }
    order.state =
        decision.outcome == PaymentOutcome::kCredit ? OrderState::kCredited : OrderState::kDisputed;
    order.provider_transaction_id = fact.transaction_id;
    order.finish_time = now;
}

std::optional<Posting> payment_posting(const Order& order, const PaymentDecision& decision,
                                       const PaymentFact& fact, const SiteAccounts& site) {
    const bool credit = decision.outcome == PaymentOutcome::kCredit;
    if (!credit && !decision.suspense) {
        return std::nullopt;
    }
    Posting posting;
    posting.source_kind = credit ? SourceKind::kOrder : SourceKind::kTransaction;
    posting.source_id = credit ? order.order_id : fact.transaction_id;
    posting.source_time = order.create_time;
    posting.kind = credit ? EntryKind::kTopUp : EntryKind::kSuspense;
    posting.account_no = credit ? order.account_no : site.suspense_no;
    posting.counter_no = site.provider_no;
    posting.amount = credit ? order.amount : *decision.suspense;
    return posting;
}

NewOrderVerdict decide_new_order(AccountState state, int pending_count, int pending_max) {
    if (state == AccountState::kClosed) {
        return NewOrderVerdict::kAccountClosed;
    }
    return pending_count >= pending_max ? NewOrderVerdict::kTooManyOrders : NewOrderVerdict::kMake;
}

QueryStep after_query(std::optional<TradeState> state, bool expired) {
    if (!state) {
        return expired ? QueryStep::kCloseAtProvider : QueryStep::kAskAgain;
    }
    switch (*state) {
        case TradeState::kSuccess:
        case TradeState::kRefund:
            return QueryStep::kApply;
        case TradeState::kClosed:
        case TradeState::kRevoked:
            return QueryStep::kClose;
        case TradeState::kPayError:
            return QueryStep::kCloseAtProvider;
        case TradeState::kNotPay:
            return expired ? QueryStep::kCloseAtProvider : QueryStep::kAskAgain;
        case TradeState::kUserPaying:
        case TradeState::kAccept:
        case TradeState::kUnknown:  // Money may be on its way: never closed from here.
            return QueryStep::kAskAgain;
    }
    return QueryStep::kAskAgain;
}

}  // namespace prepay::account
