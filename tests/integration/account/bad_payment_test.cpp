#include <filesystem>

#include "integration/account/server.h"
#include "integration/account/shop.h"

// What a payment notice may come with, one case each: refused or disputed with a stable reason; no
// fen moves that should not; the genuine notice still counts afterwards.
namespace prepay::account::test {
namespace {

struct Counter : Shop {
    std::string order = paid_order();

    std::string reason_of(const SignedNotice& notice) {
        return error_reason(pay.payments->handle_notice(notice));
    }
    /// The notice under a fault of the provider, then everything as it was.
    std::string reason_under(const char* fault) {
        faults(provider::Json::parse(fault));
        const SignedNotice notice = pay.notice(order);
        faults(provider::Json::object());
        return reason_of(notice);
    }
    /// Refused, nothing changed at all, and the genuine notice is credited.
    void refuses(const char* fault, const std::string& reason) {
        const std::string before = world.checksum();
        CHECK(reason_under(fault) == reason);
        CHECK(world.checksum() == before);
        credits();
    }
    void credits() {
        CHECK(reason_of(pay.notice(order)).empty());
        CHECK(balance() == 50'000'000);
        CHECK(pay.order_state(order) == "credited");
        CHECK(world.audit().empty());
    }
    /// Taken note of, but for a person: the purse stays empty.
    void disputes(const char* fault, std::int64_t in_suspense) {
        CHECK(reason_under(fault).empty());
        CHECK(reason_under(fault).empty());  // The provider repeats it.
        CHECK(pay.order_state(order) == "disputed");
        CHECK(balance() == 0);
        CHECK(suspense() == in_suspense);
        CHECK(world.audit().empty());
    }
};

}  // namespace

TEST_CASE("payment 1: a bad signature, or another body under it") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    counter.refuses(R"({"corrupt_notice":"signature"})", "NOTICE_SIGNATURE_INVALID");
    SECTION("the provider's own probe") {
        CHECK(counter.reason_under(R"({"corrupt_notice":"sign_test"})") ==
              "NOTICE_SIGNATURE_INVALID");
    }
    SECTION("body") {
        CHECK(counter.reason_under(R"({"corrupt_notice":"body"})") == "NOTICE_SIGNATURE_INVALID");
    }
    SECTION("no body") {
        SignedNotice notice = counter.pay.notice(counter.order);
        notice.body.clear();
        CHECK(counter.reason_of(notice) == "NOTICE_SIGNATURE_INVALID");
    }
    SECTION("a header missing") {
        for (std::string SignedNotice::*field : {&SignedNotice::timestamp, &SignedNotice::nonce,
                                                 &SignedNotice::signature, &SignedNotice::serial}) {
            SignedNotice bare = counter.pay.notice(counter.order);
            (bare.*field).clear();
            CHECK(counter.reason_of(bare) == "NOTICE_HEADER_MISSING");
        }
    }
    CHECK(counter.balance() == 50'000'000);
}

TEST_CASE("payment 2: an unknown serial") {
    SKIP_WITHOUT_POSTGRES();
    Counter().refuses(R"({"corrupt_notice":"serial"})", "NOTICE_SERIAL_UNKNOWN");
}

TEST_CASE("payment 3: a rotated certificate counts as soon as it lies in the folder") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    namespace fs = std::filesystem;
    const fs::path folder = counter.pay.folder + "/platform_keys";
    fs::path certificate;
    for (const auto& file : fs::directory_iterator(folder)) {
        if (file.path().filename().string().rfind("PUB_KEY_ID_", 0) != 0) {
            certificate = file.path();
        }
    }
    REQUIRE(!certificate.empty());
    const fs::path hidden = counter.pay.folder + "/later.pem";
    fs::rename(certificate, hidden);
    const auto client = counter.pay.make_client();
    Payments payments(*counter.world.orders, *client, counter.world.clock, counter.world.metrics,
                      {});
    counter.faults({{"use_certificate", true}});
    CHECK(error_reason(payments.handle_notice(counter.pay.notice(counter.order))) ==
          "NOTICE_SERIAL_UNKNOWN");
    fs::rename(hidden, certificate);
    counter.world.clock.advance(std::chrono::seconds(11));  // It looks every ten seconds at most.
    CHECK(payments.handle_notice(counter.pay.notice(counter.order)).ok());
    CHECK(counter.balance() == 50'000'000);
}

TEST_CASE("payment 4: six minutes old, or from six minutes ahead") {
    SKIP_WITHOUT_POSTGRES();
    SECTION("old") {
        Counter().refuses(R"({"corrupt_notice":"timestamp_past"})", "NOTICE_TOO_OLD");
    }
    SECTION("ahead") {
        Counter().refuses(R"({"corrupt_notice":"timestamp_future"})", "NOTICE_TOO_OLD");
    }
}

TEST_CASE("payment 5: a replayed nonce credits nothing more") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    const SignedNotice notice = counter.pay.notice(counter.order);
    for (int i = 0; i < 5; ++i) {
        CHECK(counter.reason_of(notice).empty());
    }
    CHECK(counter.balance() == 50'000'000);
    CHECK(counter.world.count("SELECT count(*) FROM wechat_notices") == 1);
    CHECK(counter.world.count("SELECT sum(delivery_count)::bigint FROM wechat_notices") == 5);
    CHECK(counter.world.count("SELECT count(*) FROM entries") == 1);
}

TEST_CASE("payment 6: a wrong GCM tag, or encrypted with another key") {
    SKIP_WITHOUT_POSTGRES();
    SECTION("tag") { Counter().refuses(R"({"corrupt_notice":"tag"})", "NOTICE_DECRYPTION_FAILED"); }
    SECTION("key") { Counter().refuses(R"({"corrupt_notice":"key"})", "NOTICE_DECRYPTION_FAILED"); }
}

TEST_CASE("payment 7: a wrong appid or mchid keeps the notice and moves nothing") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    const auto [fault, reason] = GENERATE(
        table<const char*, const char*>({{R"({"lie":{"appid":"x"}})", "NOTICE_WRONG_APPID"},
                                         {R"({"lie":{"mchid":"1"}})", "NOTICE_WRONG_MCHID"}}));
    CHECK(counter.reason_under(fault) == reason);
    CHECK(counter.world.show("SELECT outcome FROM wechat_notices") == std::string(reason) + " \n");
    CHECK(counter.world.count("SELECT count(*) FROM entries") == 0);
    CHECK(counter.pay.order_state(counter.order) == "pending");
    counter.credits();
}

TEST_CASE("payment 8: an unknown order, or none named") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    CHECK(counter.reason_under(R"({"lie":{"out_trade_no":"0123456789abcdef0123456789abcdef"}})") ==
          "ORDER_UNKNOWN");
    CHECK(counter.reason_under(R"({"lie":{"out_trade_no":7}})") == "NOTICE_MALFORMED");
    CHECK(counter.reason_under(R"({"lie":{"total":"5000"}})") == "NOTICE_MALFORMED");
    CHECK(counter.reason_under(R"({"lie":{"total":-5000}})") == "NOTICE_MALFORMED");
    CHECK(counter.world.count("SELECT count(*) FROM entries") == 0);
    counter.credits();
}

TEST_CASE("payment 9: a smaller amount") {
    SKIP_WITHOUT_POSTGRES();
    Counter().disputes(R"({"lie":{"total":4999}})", 49'990'000);
}

TEST_CASE("payment 10: a larger amount, or another currency") {
    SKIP_WITHOUT_POSTGRES();
    SECTION("more") { Counter().disputes(R"({"lie":{"total":5001}})", 50'010'000); }
    SECTION("currency") { Counter().disputes(R"({"lie":{"currency":"USD"}})", 0); }
}

TEST_CASE("payment 11: a closed order") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    REQUIRE(counter.world.orders->close(counter.order, "EXPIRED").ok());
    counter.disputes("{}", 50'000'000);
}

TEST_CASE("payment 12: one transaction id cannot credit two orders, not even at the same time") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    const std::string second = counter.paid_order();
    counter.faults({{"lie", {{"transaction_id", "one-transaction"}}}});
    const SignedNotice of_first = counter.pay.notice(counter.order);
    const SignedNotice of_second = counter.pay.notice(second);
    std::vector<std::string> reasons(2);
    SECTION("one after the other") {
        reasons = {counter.reason_of(of_first), counter.reason_of(of_second)};
        CHECK(reasons[1] == "TRANSACTION_OF_ANOTHER_ORDER");
    }
    SECTION("together") {
        std::jthread other([&] { reasons[1] = counter.reason_of(of_second); });
        reasons[0] = counter.reason_of(of_first);
        other.join();
        std::sort(reasons.begin(), reasons.end());
        CHECK(reasons[1] == "TRANSACTION_OF_ANOTHER_ORDER");
    }
    CHECK(reasons[0].empty());
    CHECK(counter.balance() == 50'000'000);
    CHECK(counter.world.audit().empty());
}

TEST_CASE("payment 13: success again after a refund moves nothing") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    counter.credits();
    REQUIRE(counter.world.refund(counter.account, 50'000'000).ok());
    CHECK(counter.reason_of(counter.pay.notice(counter.order)).empty());
    CHECK(counter.balance() == 0);
    CHECK(counter.world.audit().empty());
}

TEST_CASE("payment 14: a refund above what was paid") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    counter.credits();
    const std::string before = counter.world.checksum();
    CHECK(error_reason(counter.world.refund(counter.account, 50'010'000).status()) ==
          "INSUFFICIENT_BALANCE");
    CHECK(counter.world.checksum() == before);
}

TEST_CASE("payment 15: notice and order query at the same time") {
    SKIP_WITHOUT_POSTGRES();
    for (int round = 0; round < 5; ++round) {
        Counter counter;
        counter.world.clock.advance(std::chrono::seconds(20));
        {
            std::vector<std::jthread> threads;
            threads.emplace_back([&] { (void)counter.pay.payments->query_due(); });
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back(
                    [&] { (void)counter.reason_of(counter.pay.notice(counter.order)); });
            }
        }
        CHECK(counter.balance() == 50'000'000);
        CHECK(counter.world.count("SELECT count(*) FROM entries") == 1);
    }
}

TEST_CASE("payment 17: what a signed notice may lack or misname") {
    SKIP_WITHOUT_POSTGRES();
    const std::string nul = R"("abc\u0000def")";
    Counter counter;
    const std::string before = counter.world.checksum();
    for (const std::string& lie : {
             std::string(R"({"trade_state":null})"),
             std::string(R"({"trade_state":"success"})"),
             std::string(R"({"trade_state":"Success"})"),
             std::string(R"({"trade_state":7})"),
             std::string(R"({"trade_state":"SUCCESS "})"),
             std::string(R"({"currency":null})"),
             std::string(R"({"currency":""})"),
             std::string(R"({"currency":156})"),
             std::string(R"({"total":null})"),
             std::string(R"({"total":"5000"})"),
             std::string(R"({"total":50.0})"),
             std::string(R"({"total":18446744073709551615})"),
             std::string(R"({"amount":null})"),
             std::string(R"({"transaction_id":null})"),
             R"({"transaction_id":)" + nul + "}",
             R"({"out_trade_no":)" + nul + "}",
             R"({"currency":)" + nul + "}",
             std::string(R"({"transaction_id":"a b"})"),
         }) {
        INFO(lie);
        CHECK(counter.reason_under((R"({"lie":)" + lie + "}").c_str()) == "NOTICE_MALFORMED");
    }
    for (const char* event : {"REFUND.SUCCESS", "REFUND.ABNORMAL", "REFUND.CLOSED",
                              "transaction.success", "TRANSACTION.OTHER"}) {
        INFO(event);
        CHECK(counter.reason_under((R"({"event_type":")" + std::string(event) + R"("})").c_str()) ==
              "NOTICE_EVENT_UNKNOWN");
    }
    CHECK(counter.world.checksum() == before);
    counter.credits();
}

TEST_CASE("payment 18: a time stamp that no clock shows") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    for (const char* timestamp :
         {"-9223372036854775808", "9223372036854775807", "-1", "99999999999999999999", "1e9",
          " 1767571200", "1767571200 ", "0x1"}) {
        SignedNotice notice = counter.pay.notice(counter.order);
        notice.timestamp = timestamp;
        INFO(timestamp);
        CHECK(counter.reason_of(notice) == "NOTICE_TOO_OLD");
    }
    counter.credits();
}

TEST_CASE("payment 16: a body of 10 MB is refused before anybody reads it") {
    SKIP_WITHOUT_POSTGRES();
    Counter counter;
    const AccountServer server(counter.world, counter.pay);
    const std::string before = counter.world.checksum();
    SignedNotice notice = counter.pay.notice(counter.order);
    notice.body.append(65 * 1024, ' ');
    CHECK(counter.reason_of(notice) == "NOTICE_TOO_LARGE");
    v1::HandleWechatNoticeRequest request;
    request.mutable_body()->resize(10'000'000, 'x');
    const auto answer = server.call(
        server.service, &v1::PaymentCallbackService::StubInterface::HandleWechatNotice, request);
    CHECK(answer.status().code() == absl::StatusCode::kResourceExhausted);
    CHECK(counter.world.checksum() == before);
    counter.credits();
}

}  // namespace prepay::account::test
