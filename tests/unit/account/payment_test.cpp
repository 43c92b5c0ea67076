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
        for (const TradeState state :
             {TradeState::kNotPay, TradeState::kUserPaying, TradeState::kAccept,
              TradeState::kClosed, TradeState::kRevoked, TradeState::kPayError,
              TradeState::kUnknown}) {
            fact.trade_state = state;
            CHECK(decide().outcome == PaymentOutcome::kNothing);
        }
    }
    SECTION("money that went back at the provider is for a person, unless it was credited here") {
        fact.trade_state = TradeState::kRefund;
        for (const OrderState state : {OrderState::kPending, OrderState::kClosed}) {
            order.state = state;
            CHECK(decide().outcome == PaymentOutcome::kDispute);
            CHECK(decide().reason == "REFUNDED_AT_PROVIDER");
            CHECK_FALSE(decide().suspense);
        }
        for (const OrderState state : {OrderState::kCredited, OrderState::kDisputed}) {
            order.state = state;
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

TEST_CASE("every trade state of the provider leads somewhere") {
    struct Row {
        const char* word;
        QueryStep in_time;
        QueryStep expired;
    };
    using Step = QueryStep;
    const Row rows[] = {
        {"SUCCESS", Step::kApply, Step::kApply},
        {"REFUND", Step::kApply, Step::kApply},
        {"NOTPAY", Step::kAskAgain, Step::kCloseAtProvider},
        {"USERPAYING", Step::kAskAgain, Step::kAskAgain},
        {"ACCEPT", Step::kAskAgain, Step::kAskAgain},
        {"CLOSED", Step::kClose, Step::kClose},
        {"REVOKED", Step::kClose, Step::kClose},
        {"PAYERROR", Step::kCloseAtProvider, Step::kCloseAtProvider},
        {"a word that is new", Step::kAskAgain, Step::kAskAgain},
        {"success", Step::kAskAgain, Step::kAskAgain},
        {"", Step::kAskAgain, Step::kAskAgain},
    };
    for (const Row& row : rows) {
        INFO(row.word);
        CHECK(after_query(trade_state_from(row.word), false) == row.in_time);
        CHECK(after_query(trade_state_from(row.word), true) == row.expired);
    }
    INFO("the provider does not know the order");
    CHECK(after_query(std::nullopt, false) == Step::kAskAgain);
    CHECK(after_query(std::nullopt, true) == Step::kCloseAtProvider);
}

}  // namespace prepay::account
