#include <catch2/catch.hpp>

#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

constexpr const char* kPath = "/callbacks/wechat";

httplib::Headers signed_headers() {
    return {{"Wechatpay-Timestamp", "1700000000"},
            {"Wechatpay-Nonce", "n+o/n=ce"},
            {"Wechatpay-Signature", "c2ln+bmF0/dXJl=="},
            {"Wechatpay-Serial", "5157F09EFDC096DE15EBE81A47057A72"}};
}

}  // namespace

TEST_CASE("a payment notice reaches account byte for byte") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string body("{\"id\": \"\\u4e00\",\n \"x\":\x00\xFF\xC3\x28 not even JSON}", 34);
    const HttpAnswer answer = world.post(kPath, body, "application/json", signed_headers());
    CHECK(answer.status == 204);
    CHECK(answer.body.empty());
    const auto calls = world.services.calls();
    REQUIRE(calls.size() == 1);
    account::v1::HandleWechatNoticeRequest notice;
    REQUIRE(notice.ParseFromString(calls[0].request));
    CHECK(notice.body() == body);
    CHECK(notice.timestamp() == "1700000000");
    CHECK(notice.nonce() == "n+o/n=ce");
    CHECK(notice.signature() == "c2ln+bmF0/dXJl==");
    CHECK(notice.serial() == "5157F09EFDC096DE15EBE81A47057A72");
    CHECK(calls[0].subject == "user:service");
}

TEST_CASE(
    "I-8 a refused or failed notice is answered in the provider's shape, never with success") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::vector<std::pair<Status, int>> table = {
        {make_error(absl::StatusCode::kUnauthenticated, "BAD_SIGNATURE", "x"), 401},
        {invalid_argument("BAD_NOTICE", "x"), 400},
        {unavailable("DATABASE_DOWN", "x"), 503},
        {internal_error("BROKEN", "x"), 500},
        {make_error(absl::StatusCode::kAborted, "BUSY", "x"), 409},
    };
    for (const auto& [status, http] : table) {
        world.services.answer("HandleWechatNotice",
                              [told = status](const auto&, const auto&) { return told; });
        const HttpAnswer answer = world.post(kPath, "{}", "application/json", signed_headers());
        CHECK(answer.status == http);
        CHECK(answer.json() ==
              nlohmann::json({{"code", "FAIL"}, {"message", error_reason(status)}}));
    }
}

TEST_CASE("a notice that is too large, packed or unreadable stays outside") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const auto refused = [&](const HttpAnswer& answer, int http, const std::string& reason) {
        CHECK(answer.status == http);
        CHECK(answer.json() == nlohmann::json({{"code", "FAIL"}, {"message", reason}}));
    };
    refused(world.post(kPath, std::string((64 << 10) + 1, 'x'), "application/json"), 413,
            "BODY_TOO_LARGE");
    refused(world.post(kPath, "x", "application/json", {{"Content-Encoding", "gzip"}}), 415,
            "CONTENT_ENCODING");
    refused(world.post(kPath, "x", "multipart/form-data; boundary=b"), 415, "CONTENT_TYPE");
    httplib::Headers headers = signed_headers();
    headers.erase("Wechatpay-Nonce");
    headers.emplace("Wechatpay-Nonce", "\xC3\xBC");
    refused(world.post(kPath, "{}", "application/json", headers), 400, "BAD_HEADER");
    CHECK(world.services.calls().empty());
    CHECK(world.post(kPath, std::string(64 << 10, 'x'), "application/json").status == 204);
}
