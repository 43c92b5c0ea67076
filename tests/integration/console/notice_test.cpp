// The console's edge in front of the real account service, and a provider that signs for real.

#include <httplib.h>

#include <catch2/catch.hpp>

#include "integration/account/server.h"
#include "integration/account/shop.h"
#include "integration/console/edge.h"

namespace prepay::account::test {
namespace {

struct Answer {
    int status = 0;
    std::string message;  ///< In the provider's shape of a refusal.
};

Answer post(const prepay::test::Edge& edge, const SignedNotice& notice) {
    httplib::Client http("127.0.0.1", edge.port());
    const auto answer = http.Post("/callbacks/wechat",
                                  {{"Wechatpay-Timestamp", notice.timestamp},
                                   {"Wechatpay-Nonce", notice.nonce},
                                   {"Wechatpay-Signature", notice.signature},
                                   {"Wechatpay-Serial", notice.serial}},
                                  notice.body, "application/json");
    REQUIRE(answer);
    const auto json = provider::Json::parse(answer->body, nullptr, false);
    return {answer->status, json.is_object() ? json.value("message", "") : ""};
}

}  // namespace

TEST_CASE("a signed notice that is malformed is answered 400 with its reason and moves nothing") {
    SKIP_WITHOUT_POSTGRES();
    Shop shop;
    const AccountServer account(shop.world, shop.pay);
    const rpc::Client client = account.client(account.service);
    const prepay::test::Edge edge(client, account.keys.public_pem());
    const std::string order = shop.paid_order();
    const std::string before = shop.world.checksum();
    struct Row {
        const char* fault;
        const char* reason;
    };
    for (const Row& row : {
             Row{R"({"lie":{"amount":null}})", "NOTICE_MALFORMED"},
             Row{R"({"lie":{"total":"5000"}})", "NOTICE_MALFORMED"},
             Row{R"({"lie":{"out_trade_no":7}})", "NOTICE_MALFORMED"},
             Row{R"({"event_type":"REFUND.SUCCESS"})", "NOTICE_EVENT_UNKNOWN"},
             Row{R"({"event_type":"TRANSACTION.OTHER"})", "NOTICE_EVENT_UNKNOWN"},
             Row{R"({"corrupt_notice":"tag"})", "NOTICE_DECRYPTION_FAILED"},
             Row{R"({"corrupt_notice":"timestamp_past"})", "NOTICE_TOO_OLD"},
         }) {
        CAPTURE(row.fault);
        shop.faults(provider::Json::parse(row.fault));
        const Answer refused = post(edge, shop.pay.notice(order));
        CHECK(refused.status == 400);
        CHECK(refused.message == row.reason);
        CHECK(shop.world.checksum() == before);
        CHECK(shop.balance() == 0);
    }

    shop.faults(provider::Json::object());
    const Answer taken = post(edge, shop.pay.notice(order));
    CHECK(taken.status == 204);
    CHECK(shop.balance() == 50'000'000);
    CHECK(shop.pay.order_state(order) == "credited");
    CHECK(shop.world.audit().empty());
}

}  // namespace prepay::account::test
