#include <catch2/catch.hpp>
#include <thread>

#include "convert.h"
#include "integration/account/world.h"

namespace prepay::account::test {
namespace {

struct Shop {
    World world{24};
    PayWorld pay{world};
    std::string account;
    Shop() {
        world.make_site();
        account = world.make_account("r1", 0);
    }
    std::string paid_order(std::int64_t micros = 50'000'000) {
        const auto started = pay.start(account, micros);
        REQUIRE(started.ok());
        REQUIRE(pay.provider->pay_order(started->order.order_id, nullptr).status == 200);
        return started->order.order_id;
    }
    void faults(const provider::Json& json) {
        provider::Faults faults = provider::Faults::from_json(json);
        faults.drop_notices = true;
        pay.provider->set_faults(faults);
    }
    std::int64_t suspense() {
        return world.count(
            "SELECT balance_micros FROM balances JOIN accounts USING (account_no)"
            " WHERE kind = 'suspense' AND site_id = 'park-1'");
    }
    std::int64_t balance() { return world.account(account).balance_micros(); }
};

}  // namespace

TEST_CASE("order, prepay, genuine client parameters, notice, credit (I-7, I-8)") {
    PREPAY_REQUIRE_DATABASE();
    Shop shop;
    const auto started = shop.pay.start(shop.account, 50'000'000, "request-1");
    REQUIRE(started.ok());
    const auto again = shop.pay.start(shop.account, 50'000'000, "request-1");
    REQUIRE(again.ok());
    CHECK(again->order.order_id == started->order.order_id);
    CHECK(again->client.package == started->client.package);
    const ClientParameters& client = started->client;
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
    PREPAY_REQUIRE_DATABASE();
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
    PREPAY_REQUIRE_DATABASE();
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

TEST_CASE("the query survives a provider that fails, delays or signs wrong (I-9)") {
    PREPAY_REQUIRE_DATABASE();
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

TEST_CASE("bad notices are refused with their reason and change nothing (S-8)") {
    PREPAY_REQUIRE_DATABASE();
    Shop shop;
    const std::string order = shop.paid_order();
    const std::pair<const char*, const char*> cases[] = {
        {R"({"corrupt_notice":"signature"})", "NOTICE_SIGNATURE_INVALID"},
        {R"({"corrupt_notice":"serial"})", "NOTICE_SERIAL_UNKNOWN"},
        {R"({"corrupt_notice":"body"})", "NOTICE_SIGNATURE_INVALID"},
        {R"({"corrupt_notice":"tag"})", "NOTICE_DECRYPTION_FAILED"},
        {R"({"corrupt_notice":"key"})", "NOTICE_DECRYPTION_FAILED"},
        {R"({"corrupt_notice":"timestamp_past"})", "NOTICE_TOO_OLD"},
        {R"({"corrupt_notice":"timestamp_future"})", "NOTICE_TOO_OLD"},
        {R"({"corrupt_notice":"sign_test"})", "NOTICE_SIGNATURE_INVALID"},
        {R"({"lie":{"appid":"wx-other"}})", "NOTICE_WRONG_APPID"},
        {R"({"lie":{"mchid":"1"}})", "NOTICE_WRONG_MCHID"},
        {R"({"lie":{"out_trade_no":"0123456789abcdef0123456789abcdef"}})", "ORDER_UNKNOWN"},
        {R"({"lie":{"out_trade_no":7}})", "NOTICE_MALFORMED"},
        {R"({"lie":{"total":"5000"}})", "NOTICE_MALFORMED"},
        {R"({"lie":{"total":-5000}})", "NOTICE_MALFORMED"},
    };
    for (const auto& [fault, reason] : cases) {
        INFO(fault);
        shop.faults(provider::Json::parse(fault));
        CHECK(error_reason(shop.pay.payments->handle_notice(shop.pay.notice(order))) == reason);
        CHECK(shop.pay.order_state(order) == "pending");
    }
    shop.faults(provider::Json::object());
    SignedNotice notice = shop.pay.notice(order);
    SignedNotice large = notice;
    large.body.append(65 * 1024, ' ');
    CHECK(error_reason(shop.pay.payments->handle_notice(large)) == "NOTICE_TOO_LARGE");
    for (std::string SignedNotice::*field : {&SignedNotice::timestamp, &SignedNotice::nonce,
                                             &SignedNotice::signature, &SignedNotice::serial}) {
        SignedNotice bare = notice;
        (bare.*field).clear();
        CHECK(error_reason(shop.pay.payments->handle_notice(bare)) == "NOTICE_HEADER_MISSING");
    }
    SignedNotice empty = notice;
    empty.body.clear();
    CHECK(error_reason(shop.pay.payments->handle_notice(empty)) == "NOTICE_SIGNATURE_INVALID");
    CHECK(shop.balance() == 0);
    CHECK(shop.world.count("SELECT count(*) FROM entries") == 0);
    // After all that the genuine one still counts.
    REQUIRE(shop.pay.payments->handle_notice(notice).ok());
    CHECK(shop.balance() == 50'000'000);
}

TEST_CASE("a notice that is not a success credits nothing") {
    PREPAY_REQUIRE_DATABASE();
    Shop shop;
    const std::string order = shop.paid_order();
    for (const char* state : {"NOTPAY", "REFUND", "CLOSED", "USERPAYING", "SOMETHING"}) {
        shop.faults({{"lie", {{"trade_state", state}}}});
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
        CHECK(shop.pay.order_state(order) == "pending");
    }
    CHECK(shop.balance() == 0);
}

TEST_CASE(
    "wrong amount, currency or a closed order: disputed, money in suspense, purse untouched") {
    PREPAY_REQUIRE_DATABASE();
    Shop shop;
    const std::string order = shop.paid_order();
    SECTION("less") {
        shop.faults({{"lie", {{"total", 4999}}}});
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
        CHECK(shop.suspense() == 49'990'000);
    }
    SECTION("more") {
        shop.faults({{"lie", {{"total", 5001}}}});
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
        CHECK(shop.suspense() == 50'010'000);
    }
    SECTION("another currency") {
        shop.faults({{"lie", {{"currency", "USD"}}}});
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
        CHECK(shop.suspense() == 0);
    }
    SECTION("closed") {
        REQUIRE(shop.world.orders->close(order, "EXPIRED").ok());
        REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
        CHECK(shop.suspense() == 50'000'000);
    }
    CHECK(shop.pay.order_state(order) == "disputed");
    CHECK(shop.balance() == 0);
    CHECK(shop.world.audit().empty());
}

TEST_CASE("a second transaction for a credited order goes to suspense once") {
    PREPAY_REQUIRE_DATABASE();
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

TEST_CASE("one transaction id cannot credit two orders") {
    PREPAY_REQUIRE_DATABASE();
    Shop shop;
    const std::string first = shop.paid_order();
    const std::string second = shop.paid_order();
    for (const std::string& order : {first, second}) {
        shop.faults({{"lie", {{"transaction_id", "one-transaction"}}}});
        const Status status = shop.pay.payments->handle_notice(shop.pay.notice(order));
        CHECK(error_reason(status) == (order == first ? "" : "TRANSACTION_OF_ANOTHER_ORDER"));
    }
    CHECK(shop.balance() == 50'000'000);
}

TEST_CASE("the older certificate scheme and a key that arrives later verify too") {
    PREPAY_REQUIRE_DATABASE();
    Shop shop;
    const std::string order = shop.paid_order();
    shop.faults({{"use_certificate", true}});
    REQUIRE(shop.pay.payments->handle_notice(shop.pay.notice(order)).ok());
    CHECK(shop.balance() == 50'000'000);
}

TEST_CASE("an unpaid order is closed at the provider and here when its time is over") {
    PREPAY_REQUIRE_DATABASE();
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
    PREPAY_REQUIRE_DATABASE();
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

}  // namespace prepay::account::test
