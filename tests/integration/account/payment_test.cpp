#include <catch2/catch.hpp>
#include <thread>

#include "integration/account/shop.h"

namespace prepay::account::test {
TEST_CASE("order, prepay, genuine client parameters, notice, credit (I-7, I-8)") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const auto started = shop.pay.start(shop.account, 50'000'000, "request-1");
    REQUIRE(started.ok());
    const auto again = shop.pay.start(shop.account, 50'000'000, "request-1");
    REQUIRE(again.ok());
    CHECK(again->order.order_id == started->order.order_id);
    const auto& client = std::get<WechatClientParameters>(started->client);
    CHECK(std::get<WechatClientParameters>(again->client).package == client.package);
    const provider::Json bridge = {{"appId", client.app_id},       {"timeStamp", client.time_stamp},
                                   {"nonceStr", client.nonce_str}, {"package", client.package},
                                   {"signType", client.sign_type}, {"paySign", client.pay_sign}};
    provider::Json forged = bridge;
    forged["nonceStr"] = "x";
    CHECK(shop.pay.provider->pay(forged).status == 400);
    REQUIRE(shop.pay.provider->pay(bridge).status == 200);
    CHECK(shop.balance() == 0);
    REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(started->order.order_id)).ok());
    CHECK(shop.balance() == 50'000'000);
    CHECK(shop.pay.order_state(started->order.order_id) == "credited");
    CHECK(shop.world.audit().empty());
    const auto events = shop.world.published<v1::PaymentsRecorded>("prepay.account.payments.v1");
    REQUIRE(events.size() == 1);
    CHECK(events[0].orders(0).balance_after_micros() == 50'000'000);
    CHECK(error_reason(shop.pay.start(shop.account, 50'000'000, "request-1").status()) ==
          "ORDER_NOT_PENDING");
}

TEST_CASE("twenty concurrent identical notices and queries credit once (I-7)") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const std::string order = shop.paid_order();
    const SignedNotice notice = shop.pay.notice(order);
    std::atomic<int> accepted{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 20; ++i) {
            threads.emplace_back([&, i] {
                const SignedNotice mine = i % 3 == 0 ? shop.pay.notice(order) : notice;
                accepted += shop.pay.payments->handle_notice(mine).ok();
            });
        }
        shop.world.clock.advance(std::chrono::seconds(20));
        threads.emplace_back([&] { (void)shop.pay.payments->query_due(); });
    }
    CHECK(accepted == 20);
    CHECK(shop.balance() == 50'000'000);
    CHECK(shop.world.count("SELECT count(*) FROM entries WHERE kind = 'top-up'") == 1);
    CHECK(shop.world.count("SELECT sum(delivery_count)::bigint FROM wechat_notices") == 20);
    CHECK(shop.world.audit().empty());
}

TEST_CASE("an order whose every notice is lost is credited by the query (I-9)") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const std::string order = shop.paid_order();
    REQUIRE(*shop.pay.payments->query_due() == 0);
    shop.world.clock.advance(std::chrono::seconds(11));
    REQUIRE(*shop.pay.payments->query_due() == 1);
    CHECK(shop.balance() == 50'000'000);
    CHECK(shop.pay.order_state(order) == "credited");
    REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
    CHECK(shop.balance() == 50'000'000);
}

TEST_CASE("many due orders of one account don't hold up the order of another one") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const std::string neighbour = shop.world.make_account("r2", 0);
    for (int i = 0; i < kPendingOrdersMax; ++i) {
        REQUIRE(shop.pay.start(shop.account, kYuan).ok());
    }
    shop.world.clock.advance(std::chrono::seconds(1));  // The neighbour's is the last one due.
    const auto order = shop.pay.start(neighbour, kYuan);
    REQUIRE(order.ok());
    shop.world.clock.advance(std::chrono::seconds(11));
    REQUIRE(*shop.pay.payments->query_due() > 0);
    CHECK(shop.world.count("SELECT query_count FROM orders WHERE order_id = '" +
                           order->order.order_id + "'") == 1);
    // All of them get their turn, each once.
    while (*shop.pay.payments->query_due() > 0) {
    }
    CHECK(shop.world.count("SELECT count(*) FROM orders WHERE query_count = 1") ==
          kPendingOrdersMax + 1);
}

TEST_CASE("due orders are asked about at the same time: a provider that hangs holds them as one") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    for (int i = 0; i < 6; ++i) {
        REQUIRE(
            shop.pay.start(shop.world.make_account("room-" + std::to_string(i), 0), kYuan).ok());
    }
    provider::Faults slow;
    slow.answer_delay_ms = 400;
    shop.pay.provider->set_faults(slow);
    shop.world.clock.advance(std::chrono::seconds(11));
    const auto asked = [&] {
        const auto start = std::chrono::steady_clock::now();
        const int count = *shop.pay.payments->query_due();
        return std::pair(count, std::chrono::steady_clock::now() - start);
    };
    const auto [five, time_of_five] = asked();
    const auto [one, time_of_one] = asked();
    CHECK(five == 5);
    CHECK(one == 1);
    CHECK(time_of_five < 3 * time_of_one);
}

TEST_CASE("an account has ten unpaid orders at the most; one that is there still answers") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    Result<Payments::Started> first = shop.pay.start(shop.account, kYuan);
    REQUIRE(first.ok());
    for (int i = 1; i < kPendingOrdersMax; ++i) {
        REQUIRE(shop.pay.start(shop.account, kYuan).ok());
    }
    const auto refused = shop.pay.start(shop.account, kYuan);
    CHECK(error_reason(refused.status()) == "TOO_MANY_ORDERS");
    CHECK(refused.status().code() == absl::StatusCode::kResourceExhausted);
    CHECK(shop.world.count("SELECT count(*) FROM orders") == kPendingOrdersMax);
    const std::string neighbour = shop.world.make_account("r2", 0);
    CHECK(shop.pay.start(neighbour, kYuan).ok());
    // Their time is over: there is room again.
    REQUIRE(
        shop.world.database
            ->transact([&](pqxx::work& tx) {
                tx.exec(
                    "UPDATE orders SET expire_time = create_time, next_query_time = create_time");
                return absl::OkStatus();
            })
            .ok());
    while (*shop.pay.payments->query_due() > 0) {
    }
    CHECK(shop.pay.start(shop.account, kYuan).ok());
}

TEST_CASE("the query survives a provider that fails, delays or signs wrong (I-9)") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const std::string order = shop.paid_order();
    for (const provider::Json& fault :
         {provider::Json{{"answer_status", 500}}, provider::Json{{"answer_bad_signature", true}}}) {
        shop.faults(fault);
        shop.world.clock.advance(std::chrono::seconds(31));
        REQUIRE(*shop.pay.payments->query_due() == 1);
        CHECK(shop.balance() == 0);
    }
    shop.faults(provider::Json::object());
    shop.world.clock.advance(std::chrono::seconds(31));
    REQUIRE(*shop.pay.payments->query_due() == 1);
    CHECK(shop.balance() == 50'000'000);
    CHECK(shop.pay.order_state(order) == "credited");
}

TEST_CASE("whatever state the provider answers, the order's query is decided (I-9)") {
    SKIP_WITHOUT_POSTGRES();
    struct Row {
        const char* answer;
        bool expired;
        const char* order;
        const char* reason;
        bool asked_again;
    };
    const Row rows[] = {
        {"SUCCESS", false, "credited", "", false},
        {"SUCCESS", true, "credited", "", false},
        {"REFUND", false, "disputed", "REFUNDED_AT_PROVIDER", false},
        {"CLOSED", false, "closed", "CLOSED_AT_PROVIDER", false},
        {"REVOKED", false, "closed", "CLOSED_AT_PROVIDER", false},
        {"NOTPAY", false, "pending", "", true},
        {"USERPAYING", true, "pending", "", true},
        {"ACCEPT", true, "pending", "", true},
        {"SOMETHING_NEW", true, "pending", "", true},
        {"success", true, "pending", "", true},
    };
    for (const Row& row : rows) {
        INFO(row.answer << (row.expired ? ", expired" : ""));
        Shop shop;
        const std::string order = shop.paid_order();
        shop.faults({{"answer_trade_state", row.answer}});
        if (row.expired) {
            REQUIRE(shop.world.database
                        ->transact([](pqxx::work& tx) {
                            tx.exec("UPDATE orders SET expire_time = create_time");
                            return absl::OkStatus();
                        })
                        .ok());
        }
        shop.world.clock.advance(std::chrono::seconds(31));
        REQUIRE(*shop.pay.payments->query_due() == 1);
        CHECK(shop.pay.order_state(order) == row.order);
        CHECK(shop.world.count("SELECT count(*) FROM orders WHERE failure_reason = '" +
                               std::string(row.reason) + "'") == 1);
        shop.world.clock.advance(std::chrono::hours(2));
        CHECK(*shop.pay.payments->query_due() == (row.asked_again ? 1 : 0));
        CHECK(shop.balance() == (row.order == std::string("credited") ? 50'000'000 : 0));
        CHECK(shop.suspense() == 0);
        CHECK(shop.world.audit().empty());
    }
}

TEST_CASE("a notice that is not a success credits nothing") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const std::string order = shop.paid_order();
    for (const char* state : {"NOTPAY", "CLOSED", "REVOKED", "USERPAYING", "ACCEPT", "PAYERROR"}) {
        shop.faults({{"lie", {{"trade_state", state}}}});
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
        CHECK(shop.pay.order_state(order) == "pending");
    }
    CHECK(shop.balance() == 0);
}

TEST_CASE("a second transaction for a credited order goes to suspense once") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const std::string order = shop.paid_order();
    REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
    shop.faults({{"lie", {{"transaction_id", "another-transaction"}}}});
    for (int i = 0; i < 3; ++i) {
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
    }
    CHECK(shop.pay.order_state(order) == "credited");
    CHECK(shop.balance() == 50'000'000);
    CHECK(shop.suspense() == 50'000'000);
    CHECK(shop.world.audit().empty());
}

TEST_CASE("an unpaid order is closed at the provider and here when its time is over") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const auto started = shop.pay.start(shop.account, 1'000'000);
    REQUIRE(started.ok());
    shop.world.clock.advance(std::chrono::seconds(20));
    REQUIRE(*shop.pay.payments->query_due() == 1);
    CHECK(shop.pay.order_state(started->order.order_id) == "pending");
    // The service's clock runs ahead of the provider's: still inside the 5 minutes of its
    // signature.
    REQUIRE(
        shop.world.database
            ->transact([&](pqxx::work& tx) {
                tx.exec(
                    "UPDATE orders SET expire_time = create_time, next_query_time = create_time");
                return absl::OkStatus();
            })
            .ok());
    REQUIRE(*shop.pay.payments->query_due() == 1);
    CHECK(shop.pay.order_state(started->order.order_id) == "closed");
    CHECK(shop.pay.provider->order(started->order.order_id).body.at("trade_state") == "CLOSED");
}

TEST_CASE("bad wishes of a payer are refused") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    for (const std::int64_t amount : {0L, 999'999L, 1'005'000L, 5'000'010'000L, -1'000'000L}) {
        CHECK(error_reason(shop.pay.start(shop.account, amount).status()) == "BAD_AMOUNT");
    }
    CHECK(error_reason(shop.pay.start("nobody", 1'000'000).status()) == "ACCOUNT_NOT_FOUND");
    REQUIRE(shop.pay.start(shop.account, 1'000'000, "same").ok());
    CHECK(error_reason(shop.pay.start("nobody", 1'000'000, "same").status()) ==
          "REQUEST_ID_REUSED");
    shop.faults({{"answer_status", 503}});
    CHECK(error_reason(shop.pay.start(shop.account, 1'000'000).status()) == "PROVIDER_UNAVAILABLE");
}

TEST_CASE(
    "notices that the provider holds back, reorders and repeats credit each order once (I-7)") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    provider::Faults faults;
    SECTION("held and released in reverse order") {
        faults.hold_notices = true;
        faults.reorder = true;
    }
    SECTION("each one delivered five times at once") { faults.repeat_notices = 5; }
    SECTION("held, reordered and repeated") {
        faults.hold_notices = true;
        faults.reorder = true;
        faults.repeat_notices = 3;
    }
    shop.pay.provider->set_faults(faults);
    std::vector<std::string> orders;
    for (int i = 1; i <= 3; ++i) {
        orders.push_back(shop.paid_order(i * 1'000'000));
    }
    if (faults.hold_notices) {
        CHECK(shop.balance() == 0);
        CHECK(shop.world.count("SELECT count(*) FROM wechat_notices") == 0);
        shop.pay.provider->release();
    }
    REQUIRE(shop.pay.wait_for_deliveries(3 * faults.repeat_notices));
    CHECK(shop.balance() == 6'000'000);
    for (const std::string& order : orders) {
        CHECK(shop.pay.order_state(order) == "credited");
    }
    CHECK(shop.world.count("SELECT count(*) FROM entries") == 3);
    CHECK(shop.world.count("SELECT count(*) FROM wechat_notices WHERE outcome = 'CREDITED'") == 3);
    CHECK(shop.world.count("SELECT sum(delivery_count)::bigint FROM wechat_notices") ==
          3 * faults.repeat_notices);
    CHECK(shop.world.audit().empty());
}

}  // namespace prepay::account::test
