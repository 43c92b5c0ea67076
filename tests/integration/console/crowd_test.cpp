#include <catch2/catch.hpp>
#include <deque>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

std::string watch_text(const World& world) {
    return post_text(kWatchWall,
                     "Content-Type: application/connect+json\r\nauthorization: Bearer " +
                         world.token(rpc::Role::kViewer) + "\r\n",
                     console::envelope(0, R"({"siteId":"open"})"));
}

}  // namespace

TEST_CASE("a crowd of open streams and dripping clients keeps nobody from paying or logging in") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.connection_max = 1024;
    bounds.stream_max = 512;
    bounds.receive_time = std::chrono::minutes(2);
    World world(bounds);
    world.add_user("li", "correct horse", rpc::Role::kCashier);
    const std::string watch = watch_text(world);
    std::deque<RawClient> streams;
    for (int i = 0; i < 500; ++i) {
        streams.emplace_back(world.port()).send(watch);
    }
    for (RawClient& stream : streams) {
        REQUIRE(stream.read_until("r-1").find("r-1") != std::string::npos);
    }
    std::deque<RawClient> drips;
    for (int i = 0; i < 300; ++i) {
        drips.emplace_back(world.port())
            .send(i % 2 == 0 ? "GET / HTTP/1.1\r\nX-Slow: "
                             : "POST /callbacks/wechat HTTP/1.1\r\nContent-Length: 60000\r\n\r\n{");
    }
    await([&] { return world.metric("prepay_console_open_connections ") == 800; });
    CHECK(world.services.open_streams() == 500);

    CHECK(world.auth("LogIn", {{"userName", "li"}, {"password", "correct horse"}}).status == 200);
    CHECK(world.post("/callbacks/wechat", "{}", "application/json").status == 204);
    CHECK(world.get("/").status == 200);
    CHECK(
        world.call(kListSites, nlohmann::json::object(), world.token(rpc::Role::kViewer)).status ==
        200);
    CHECK(world.metric("prepay_console_refusals_total") == 0);

    streams.clear();
    drips.clear();
    await([&] { return world.metric("prepay_console_open_connections ") == 0; });
    await([&] { return world.services.open_streams() == 0; });
}

TEST_CASE("a stream beyond the last place is told so, and the place is free again afterwards") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.stream_max = 3;
    World world(bounds);
    const std::string watch = watch_text(world);
    std::deque<RawClient> streams;
    for (int i = 0; i < 3; ++i) {
        streams.emplace_back(world.port()).send(watch);
        streams.back().read_until("r-1");
    }
    const httplib::Headers viewer = {
        {"authorization", "Bearer " + world.token(rpc::Role::kViewer)}};
    const std::string three = console::envelope(0, R"({"siteId":"three"})");
    const HttpAnswer refused = world.post(kWatchWall, three, "application/connect+json", viewer);
    CHECK(refused.status == 200);
    const auto messages = open_envelopes(refused.body);
    REQUIRE(messages.size() == 1);
    CHECK(messages[0].first == 2);
    const auto error = nlohmann::json::parse(messages[0].second)["error"];
    CHECK(error["code"] == "resource_exhausted");
    CHECK(error["details"][0]["debug"]["reason"] == "TOO_MANY_STREAMS");
    const HttpAnswer file = world.get("/export/room-days.csv?site_id=s", viewer);
    CHECK(file.status == 429);
    CHECK(file.reason() == "TOO_MANY_STREAMS");
    CHECK(world.metric("prepay_console_refusals_total{why=\"streams\"}") == 2);
    CHECK(world.services.open_streams() == 3);

    streams.pop_back();
    await([&] {
        return open_envelopes(
                   world.post(kWatchWall, three, "application/connect+json", viewer).body)
                   .size() == 4;
    });
}

TEST_CASE("a connection beyond the last is refused at once and counted") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.connection_max = 4;
    bounds.receive_time = std::chrono::minutes(2);
    World world(bounds);
    std::deque<RawClient> waiting;
    for (int i = 0; i < 4; ++i) {
        waiting.emplace_back(world.port()).send("GET / HTTP/1.1\r\n");
    }
    await([&] { return world.metric("prepay_console_open_connections ") == 4; });
    RawClient refused(world.port());
    CHECK(refused.read_to_end().rfind("HTTP/1.1 503", 0) == 0);
    CHECK(world.metric("prepay_console_refusals_total{why=\"connections\"}") == 1);
    waiting.front().send("Host: c\r\nConnection: close\r\n\r\n");
    CHECK(waiting.front().read_to_end().rfind("HTTP/1.1 200", 0) == 0);
    await([&] {
        RawClient next(world.port());
        next.send("GET /icon.svg HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
        return next.read_to_end().find("<svg/>") != std::string::npos;
    });
}

TEST_CASE("the end of the console ends streams, idle clients and half-sent requests") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.receive_time = std::chrono::minutes(2);
    auto world = std::make_unique<World>(bounds);
    RawClient stream(world->port());
    stream.send(watch_text(*world));
    stream.read_until("r-1");
    RawClient idle(world->port());
    idle.send("GET /icon.svg HTTP/1.1\r\nHost: c\r\n\r\n");
    idle.read_until("<svg/>");
    RawClient half(world->port());
    half.send("GET / HTTP/1.1\r\nX-Slow: ");
    await([&] { return world->metric("prepay_console_open_connections ") == 3; });
    world.reset();
    CHECK(stream.is_closed());
    CHECK(idle.is_closed());
    CHECK(half.is_closed());
}
