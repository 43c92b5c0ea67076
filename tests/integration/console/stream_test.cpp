#include <catch2/catch.hpp>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

constexpr const char* kType = "application/connect+json";

HttpAnswer watch(const World& world, const std::string& body, const std::string& type = kType) {
    return world.post(kWatchWall, body, type,
                      {{"authorization", "Bearer " + world.token(rpc::Role::kViewer)}});
}

// The reason in the end-of-stream message, "" for a good end, "NO END" without one.
std::string end_reason(const HttpAnswer& answer) {
    const auto messages = open_envelopes(answer.body);
    if (messages.empty() || messages.back().first != 2) {
        return "NO END";
    }
    const auto end = nlohmann::json::parse(messages.back().second);
    return end.contains("error") ? end["error"]["details"][0]["debug"]["reason"].get<std::string>()
                                 : "";
}

}  // namespace

TEST_CASE("a server stream comes in envelopes and ends with its status") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const HttpAnswer good = watch(world, console::envelope(0, R"({"siteId":"three"})"));
    CHECK(good.status == 200);
    CHECK(good.header("Content-Type") == kType);
    CHECK(good.header("Cache-Control") == "no-store");
    const auto messages = open_envelopes(good.body);
    REQUIRE(messages.size() == 4);
    CHECK(messages[0].first == 0);
    CHECK(nlohmann::json::parse(messages[0].second)["rooms"][0]["roomId"] == "r-1");
    CHECK(end_reason(good).empty());

    reporting::v1::WatchWallRequest request;
    request.set_site_id("three");
    const HttpAnswer binary = watch(world, console::envelope(0, request.SerializeAsString()),
                                    "application/connect+proto");
    reporting::v1::WatchWallResponse response;
    REQUIRE(open_envelopes(binary.body).size() == 4);
    REQUIRE(response.ParseFromString(open_envelopes(binary.body)[0].second));
    CHECK(response.snapshot());

    const HttpAnswer bad = watch(world, console::envelope(0, R"({"siteId":"bad"})"));
    CHECK(open_envelopes(bad.body).size() == 2);
    CHECK(end_reason(bad) == "NO_SITE");
}

TEST_CASE("a broken envelope is refused and opens no stream") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string good = console::envelope(0, R"({"siteId":"three"})");
    const std::string oversized("\x00\xFF\xFF\xFF\xFF{}", 7);
    for (const std::string& body :
         {std::string(), std::string("\x00", 1), std::string("\x00\x00\x00\x00", 4),
          good.substr(0, good.size() - 1), good + "x", good + good, oversized,
          console::envelope(1, "{}"), console::envelope(2, "{}"), console::envelope(0xFF, "{}"),
          console::envelope(0, "{"), std::string("{}")}) {
        CAPTURE(body);
        const HttpAnswer answer = watch(world, body);
        CHECK(answer.status == 200);
        CHECK(end_reason(answer) == "BAD_REQUEST");
        CHECK(open_envelopes(answer.body).size() == 1);
    }
    CHECK(world.services.calls().empty());
}

TEST_CASE("a stream without the permission ends before it begins") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string body = console::envelope(0, "{}");
    CHECK(end_reason(world.post(kWatchWall, body, kType)) == "TOKEN_MISSING");
    CHECK(
        end_reason(world.post(kWatchWall, body, kType,
                              {{"authorization", "Bearer " + world.token(rpc::Role::kTenant)}})) ==
        "PERMISSION_DENIED");
    CHECK(world.services.calls().empty());
}

TEST_CASE("S-13 a log-out ends the session's streams") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    world.add_user("li", "correct horse", rpc::Role::kViewer);
    const nlohmann::json session =
        world.auth("LogIn", {{"userName", "li"}, {"password", "correct horse"}}).json();
    RawClient client(world.port());
    client.send(post_text(kWatchWall,
                          "Content-Type: application/connect+json\r\nauthorization: Bearer " +
                              session["accessToken"].get<std::string>() + "\r\n",
                          console::envelope(0, R"({"siteId":"open"})")));
    client.read_until("r-1");
    world.auth("LogOut", {{"refreshToken", session["refreshToken"]}});
    world.look_for_ended_sessions();
    CHECK_THAT(client.read_until("TOKEN_REVOKED"), Catch::Contains("TOKEN_REVOKED"));
    await([&] { return world.services.open_streams() == 0; });
}

TEST_CASE("a client that leaves ends its stream in the service") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    RawClient client(world.port());
    client.send(post_text(kWatchWall,
                          "Content-Type: application/connect+json\r\nauthorization: Bearer " +
                              world.token(rpc::Role::kViewer) + "\r\n",
                          console::envelope(0, R"({"siteId":"open"})")));
    client.read_until("r-1");
    CHECK(world.services.open_streams() == 1);
    CHECK(world.metric("prepay_console_open_streams ") == 1);
    client.close();
    await([&] { return world.services.open_streams() == 0; });
    await([&] { return world.metric("prepay_console_open_streams ") == 0; });
}
