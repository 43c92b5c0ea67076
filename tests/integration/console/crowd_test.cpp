#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <deque>
#include <fstream>

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

// A hundred KiB were measured; sanitizers take their own on top.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kStreamMemoryMax = 1 << 20;
#else
constexpr std::int64_t kStreamMemoryMax = 256 << 10;
#endif

std::int64_t resident_bytes() {
    std::int64_t pages = 0;
    std::int64_t resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return resident * sysconf(_SC_PAGESIZE);
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
                             : "POST /callbacks/wechat HTTP/1.1\r\nHost: c\r\n"
                               "Content-Length: 60000\r\n\r\n{");
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

TEST_CASE("two thousand open streams are served by two threads, and others beside them") {
    SKIP_WITHOUT_POSTGRES()
    constexpr int kStreams = 2000;
    rlimit files{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &files) == 0);
    if (files.rlim_cur < 3 * kStreams) {
        WARN("SKIPPED: " << files.rlim_cur << " open files are too few for " << kStreams
                         << " streams");
        return;
    }
    Bounds bounds;
    bounds.connection_max = kStreams + 16;
    bounds.stream_max = kStreams;
    World world(bounds);
    const std::string watch = watch_text(world);
    world.add_user("li", "correct horse", rpc::Role::kCashier);
    CHECK(world.get("/").status == 200);
    const std::int64_t memory_before = resident_bytes();
    const auto start = std::chrono::steady_clock::now();
    std::deque<RawClient> streams;
    for (int i = 0; i < kStreams; ++i) {
        streams.emplace_back(world.port()).send(watch);
    }
    for (RawClient& stream : streams) {
        REQUIRE(stream.read_until("r-1").find("r-1") != std::string::npos);
    }
    CHECK(world.services.open_streams() == kStreams);
    // Of the console, of gRPC on both sides and of the service behind it: all are in this process.
    const std::int64_t memory_of_one = (resident_bytes() - memory_before) / kStreams;
    CAPTURE(memory_of_one);
    CHECK(memory_of_one < kStreamMemoryMax);

    const auto asked = std::chrono::steady_clock::now();
    CHECK(world.get("/").status == 200);
    CHECK(world.auth("LogIn", {{"userName", "li"}, {"password", "correct horse"}}).status == 200);
    CHECK(
        world.call(kListSites, nlohmann::json::object(), world.token(rpc::Role::kViewer)).status ==
        200);
    CHECK(std::chrono::steady_clock::now() - asked < std::chrono::seconds(5));
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
    streams.clear();
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

TEST_CASE("one address cannot take all connections or streams, and refusals are counted by why") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.connection_max = 64;
    bounds.connection_max_per_client = 8;
    bounds.stream_max = 16;
    bounds.stream_max_per_client = 3;
    bounds.receive_time = std::chrono::minutes(2);
    World world(bounds);
    const std::string watch = watch_text(world);
    std::deque<RawClient> held;
    for (int i = 0; i < 3; ++i) {
        held.emplace_back(world.port()).send(watch);
        held.back().read_until("r-1");
    }
    held.emplace_back(world.port()).send(watch);
    CHECK(held.back().read_until("TOO_MANY_STREAMS").find("TOO_MANY_STREAMS") != std::string::npos);
    CHECK(world.metric("prepay_console_refusals_total{why=\"streams_per_client\"}") == 1);
    for (int i = 0; i < 4; ++i) {
        held.emplace_back(world.port()).send("GET / HTTP/1.1\r\n");
    }
    await([&] { return world.metric("prepay_console_open_connections ") == 8; });
    CHECK(RawClient(world.port()).read_to_end().rfind("HTTP/1.1 503", 0) == 0);
    CHECK(world.metric("prepay_console_refusals_total{why=\"connections_per_client\"}") == 1);
    CHECK(world.metric("prepay_console_refusals_total{why=\"connections\"}") == 0);

    // Somebody else gets in.
    RawClient other(world.port(), "127.0.0.2");
    other.send("GET /icon.svg HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
    CHECK(other.read_to_end().find("<svg/>") != std::string::npos);
    RawClient watcher(world.port(), "127.0.0.2");
    watcher.send(watch);
    CHECK(watcher.read_until("r-1").find("r-1") != std::string::npos);

    held.clear();
    await([&] { return world.metric("prepay_console_open_connections ") == 1; });
    CHECK(world.get("/").status == 200);
}

TEST_CASE("behind a proxy that we trust its clients are counted, behind others the proxy is") {
    SKIP_WITHOUT_POSTGRES()
    struct Row {
        std::vector<std::string> trusted;
        std::string header;  ///< That is trusted.
        std::string sent;    ///< By the one who holds the places,
        std::string other;   ///< and by the next one.
        bool other_gets_in;
    };
    const std::string xff = "X-Forwarded-For: ";
    for (const Row& row : std::vector<Row>{
             {{}, "x-forwarded-for", xff + "10.0.0.1", xff + "10.0.0.2", false},
             {{"10.9.9.9"}, "x-forwarded-for", xff + "10.0.0.1", xff + "10.0.0.2", false},
             {{"127.0.0.0/8"}, "x-forwarded-for", xff + "10.0.0.1", xff + "10.0.0.2", true},
             {{"127.0.0.1"}, "x-forwarded-for", xff + "10.0.0.1", xff + "10.0.0.1", false},
             // Only what our proxy wrote counts, not what its client did.
             {{"127.0.0.1"},
              "x-forwarded-for",
              xff + "1.1.1.1, 10.0.0.1",
              xff + "2.2.2.2, 10.0.0.1",
              false},
             {{"127.0.0.1", "10.7.0.0/16"},
              "x-forwarded-for",
              xff + "10.0.0.1, 10.7.1.1",
              xff + "10.0.0.2, 10.7.1.1",
              true},
             {{"127.0.0.1"},
              "x-forwarded-for",
              "Forwarded: for=10.0.0.1",
              "Forwarded: for=10.0.0.2",
              false},
             {{"127.0.0.1"},
              "forwarded",
              "Forwarded: for=10.0.0.1;proto=https",
              "Forwarded: for=\"10.0.0.2:99\"",
              true},
             {{"127.0.0.1"},
              "forwarded",
              "Forwarded: for=\"[2001:db8::1]:9\"",
              "Forwarded: for=\"[2001:db8::2]\"",
              false},  // One /64 is one client.
             {{"127.0.0.1"},
              "forwarded",
              "Forwarded: for=\"[2001:db8::1]\"",
              "Forwarded: for=\"[2001:db8:0:1::1]\"",
              true},
         }) {
        CAPTURE(row.sent, row.other, row.header);
        Bounds bounds;
        bounds.connection_max_per_client = 32;
        bounds.stream_max_per_client = 1;
        bounds.trusted_proxies = row.trusted;
        bounds.forwarded_header = row.header;
        World world(bounds);
        const auto is_answered = [&](RawClient& client, const std::string& header,
                                     const std::string& mark) {
            client.send(post_text(kWatchWall,
                                  header +
                                      "\r\nContent-Type: application/connect+json\r\n"
                                      "authorization: Bearer " +
                                      world.token(rpc::Role::kViewer) + "\r\n",
                                  console::envelope(0, R"({"siteId":"open"})")));
            return client.read_until(mark).find(mark) != std::string::npos;
        };
        RawClient first(world.port());
        CHECK(is_answered(first, row.sent, "r-1"));
        RawClient second(world.port());
        CHECK(is_answered(second, row.other, row.other_gets_in ? "r-1" : "TOO_MANY_STREAMS"));
    }
}
