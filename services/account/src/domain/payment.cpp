#include "domain/payment.h"

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
    if (order.kind != OrderKind::kWechatTopUp) {
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

TradeState trade_state_from(const std::string& word) {
    struct Word {
        const char* word;
        TradeState state;
    };
    static constexpr Word words[] = {
        {"SUCCESS", TradeState::kSuccess}, {"REFUND", TradeState::kRefund},
        {"NOTPAY", TradeState::kNotPay},   {"USERPAYING", TradeState::kUserPaying},
        {"ACCEPT", TradeState::kAccept},   {"CLOSED", TradeState::kClosed},
        {"REVOKED", TradeState::kRevoked}, {"PAYERROR", TradeState::kPayError},
    };
    for (const Word& known : words) {
        if (word == known.word) {
            return known.state;
        }
    }
    return TradeState::kUnknown;
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
