#include "payments/domain/payment.h"

#include <catch2/catch.hpp>

#include "payments/providers/wechat/wechat_pay.h"

namespace prepay::account {

TEST_CASE("what a payment fact does to an order") {
    const Merchant us{"wx-app", "1900"};
    Order order;
    order.kind = OrderKind::kProviderTopUp;
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
        CHECK(after_query(wechat::trade_state_from(row.word), false) == row.in_time);
        CHECK(after_query(wechat::trade_state_from(row.word), true) == row.expired);
    }
    INFO("the provider does not know the order");
    CHECK(after_query(std::nullopt, false) == Step::kAskAgain);
    CHECK(after_query(std::nullopt, true) == Step::kCloseAtProvider);
}

TEST_CASE("a fact of an order that is not there, or of another order's transaction, is foreign") {
    const Merchant us{"wx-app", "1900"};
    Order order;
    order.order_id = "order";
    order.kind = OrderKind::kProviderTopUp;
    order.amount = Money::from_yuan(50);
    const PaymentFact fact{"wx-app", "1900", "order", "tx-1", TradeState::kSuccess, 5000, "CNY"};
    PaymentFact untold = fact;
    untold.transaction_id.clear();
    PaymentFact not_ours = fact;
    not_ours.appid = "other";
    struct Case {
        const char* what;
        const Order* order;
        const PaymentFact& fact;
        const char* transaction_order_id;
        PaymentOutcome outcome;
        const char* reason;
    };
    using enum PaymentOutcome;
    for (const Case& c : {
             Case{"a new transaction", &order, fact, "", kCredit, ""},
             Case{"known from this order", &order, fact, "order", kCredit, ""},
             Case{"known from another", &order, fact, "order-2", kForeign,
                  "TRANSACTION_OF_ANOTHER_ORDER"},
             Case{"without a transaction", &order, untold, "order-2", kAlreadyDone, ""},
             Case{"no such order", nullptr, fact, "", kForeign, "ORDER_UNKNOWN"},
             Case{"not ours, and another's", &order, not_ours, "order-2", kForeign,
                  "NOTICE_WRONG_APPID"},
         }) {
        INFO(c.what);
        const PaymentDecision decision = decide_fact(c.order, c.fact, us, c.transaction_order_id);
        CHECK(decision.outcome == c.outcome);
        CHECK(decision.reason == c.reason);
    }
}

TEST_CASE("what a decision makes of the order, and where the money goes") {
    const Instant now = from_micros(1'000'000);
    constexpr std::int64_t kPurse = 9, kSuspense = 5, kProvider = 2;
    SiteAccounts site;
    site.suspense_no = kSuspense;
    site.provider_no = kProvider;
    const PaymentFact fact{"wx-app", "1900", "order", "tx-2", TradeState::kSuccess, 4999, "CNY"};
    const Money paid = Money::from_fen(4999);
    using enum PaymentOutcome;
    struct Case {
        const char* what;
        PaymentDecision decision;
        bool has_effect;
        OrderState state;
        const char* transaction_id;  // Of the order afterwards.
        std::int64_t account_no;     // That gets money; 0 = nobody.
        Money amount;
        const char* source_id;
    };
    for (const Case& c : {
             Case{"credited",
                  {kCredit, "", {}},
                  true,
                  OrderState::kCredited,
                  "tx-2",
                  kPurse,
                  Money::from_yuan(50),
                  "order"},
             Case{"disputed",
                  {kDispute, "WRONG_AMOUNT", paid},
                  true,
                  OrderState::kDisputed,
                  "tx-2",
                  kSuspense,
                  paid,
                  "tx-2"},
             Case{"disputed, foreign money",
                  {kDispute, "WRONG_CURRENCY", {}},
                  true,
                  OrderState::kDisputed,
                  "tx-2",
                  0,
                  {},
                  ""},
             Case{"paid twice",
                  {kSecondPayment, "ORDER_PAID_TWICE", paid},
                  true,
                  OrderState::kPending,
                  "tx-1",
                  kSuspense,
                  paid,
                  "tx-2"},
             Case{"again", {kAlreadyDone, "", {}}, false, OrderState::kPending, "tx-1", 0, {}, ""},
             Case{"not paid", {kNothing, "", {}}, false, OrderState::kPending, "tx-1", 0, {}, ""},
             Case{"refused",
                  {kForeign, "NOTICE_WRONG_APPID", {}},
                  false,
                  OrderState::kPending,
                  "tx-1",
                  0,
                  {},
                  ""},
         }) {
        INFO(c.what);
        Order order;
        order.order_id = "order";
        order.account_no = kPurse;
        order.amount = Money::from_yuan(50);
        order.provider_transaction_id = "tx-1";
        CHECK(has_effect(c.decision) == c.has_effect);
        if (!c.has_effect) {
            continue;
        }
        take_in(order, c.decision, fact, now);
        CHECK(order.state == c.state);
        CHECK(order.provider_transaction_id == c.transaction_id);
        CHECK(order.failure_reason == c.decision.reason);
        CHECK(order.finish_time.has_value() == (c.state != OrderState::kPending));
        const auto posting = payment_posting(order, c.decision, fact, site);
        REQUIRE(posting.has_value() == (c.account_no != 0));
        if (posting) {
            CHECK(posting->account_no == c.account_no);
            CHECK(posting->counter_no == kProvider);
            CHECK(posting->amount == c.amount);
            CHECK(posting->source_id == c.source_id);
        }
    }
}

TEST_CASE("one more unpaid order") {
    using enum NewOrderVerdict;
    CHECK(decide_new_order(AccountState::kOpen, 0, 10) == kMake);
    CHECK(decide_new_order(AccountState::kOpen, 9, 10) == kMake);
    CHECK(decide_new_order(AccountState::kOpen, 10, 10) == kTooManyOrders);
    CHECK(decide_new_order(AccountState::kClosed, 0, 10) == kAccountClosed);
    CHECK(decide_new_order(AccountState::kClosed, 10, 10) == kAccountClosed);
}

}  // namespace prepay::account
