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
    if (fact.trade_state != TradeState::kSuccess || order.kind != OrderKind::kWechatTopUp) {
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

}  // namespace prepay::account
