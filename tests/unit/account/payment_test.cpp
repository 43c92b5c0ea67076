#include "domain/payment.h"

#include <catch2/catch.hpp>

namespace prepay::account {

TEST_CASE("what a payment fact does to an order") {
    const Merchant us{"wx-app", "1900"};
    Order order;
    order.kind = OrderKind::kWechatTopUp;
    order.amount = Money::from_yuan(50);
    PaymentFact fact{"wx-app", "1900", "order", "tx-1", TradeState::kSuccess, 5000, "CNY"};
    const auto decide = [&] { return decide_payment(order, fact, us); };
    CHECK(decide().outcome == PaymentOutcome::kCredit);

    SECTION("foreign facts are refused before anything else") {
        fact.total_fen = 1;
        fact.appid = "other";
        CHECK(decide().reason == "NOTICE_WRONG_APPID");
        fact.appid = us.appid;
        fact.mchid = "other";
        CHECK(decide().reason == "NOTICE_WRONG_MCHID");
    }
    SECTION("only success pays") {
        for (const TradeState state : {TradeState::kNotPaid, TradeState::kClosed,
                                       TradeState::kRefunded, TradeState::kUnknown}) {
            fact.trade_state = state;
            CHECK(decide().outcome == PaymentOutcome::kNothing);
        }
    }
    SECTION("the same transaction again does nothing in any state") {
        order.provider_transaction_id = "tx-1";
        for (const OrderState state : {OrderState::kCredited, OrderState::kDisputed}) {
            order.state = state;
            CHECK(decide().outcome == PaymentOutcome::kAlreadyDone);
        }
    }
    SECTION("another transaction for a credited order is suspense") {
        order.state = OrderState::kCredited;
        order.provider_transaction_id = "tx-0";
        CHECK(decide().outcome == PaymentOutcome::kSecondPayment);
        CHECK(decide().suspense == Money::from_yuan(50));
    }
    SECTION("closed order, wrong amount, wrong currency") {
        order.state = OrderState::kClosed;
        CHECK(decide().reason == "ORDER_WAS_CLOSED");
        order.state = OrderState::kPending;
        for (const std::int64_t fen : {4999L, 5001L, 0L, -5000L, INT64_MAX}) {
            fact.total_fen = fen;
            CHECK(decide().reason == "WRONG_AMOUNT");
        }
        fact.total_fen = 4999;
        CHECK(decide().suspense == Money::from_fen(4999));
        fact.currency = "USD";
        CHECK(decide().reason == "WRONG_CURRENCY");
        CHECK_FALSE(decide().suspense);
    }
}

}  // namespace prepay::account
