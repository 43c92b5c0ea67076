#include <catch2/catch.hpp>
#include <sstream>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

constexpr const char* kJsonHead = "Content-Type: application/json\r\n";

std::string chunked_head(const std::string& path, const std::string& headers = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: c\r\n" + kJsonHead + headers +
           "Transfer-Encoding: chunked\r\n\r\n";
}

std::string chunk(std::size_t size) {
    std::ostringstream text;
    text << std::hex << size << "\r\n" << std::string(size, ' ') << "\r\n";
    return text.str();
}

int status_of(const std::string& answer) {
    return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

}  // namespace

TEST_CASE("a packed body is refused before it is unpacked") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const char* path :
         {"/callbacks/wechat", "/prepay.console.v1.AuthService/LogIn", kWatchWall}) {
        for (const char* coding : {"gzip", "deflate", "br", "GZIP", "gzip, gzip"}) {
            CAPTURE(path, coding);
            RawClient client(world.port());
            client.send(post_text(
                path, std::string(kJsonHead) + "Content-Encoding: " + coding + "\r\n", "packed"));
            const std::string answer = client.read_to_end();
            CHECK(status_of(answer) == 415);
            CHECK(answer.find("CONTENT_ENCODING") != std::string::npos);
        }
    }
    CHECK(world
              .post("/prepay.console.v1.AuthService/LogIn", "{}", "application/json",
                    {{"Content-Encoding", "identity"}})
              .reason() == "WRONG_PASSWORD");
}

TEST_CASE("a body without end is cut at the limit") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string piece = chunk(64 << 10);
    struct Row {
        std::string path;
        std::string headers;
        std::size_t limit;
    };
    const std::string token = "authorization: Bearer " + world.token(rpc::Role::kViewer) + "\r\n";
    for (const Row& row :
         std::vector<Row>{{"/callbacks/wechat", "", 64 << 10},
                          {"/prepay.console.v1.AuthService/LogIn", "", 64 << 10},
                          {"/prepay.console.v1.AuthService/LogIn", token, 64 << 10},
                          {"/" + std::string(kListSites), token, 4 << 20}}) {
        CAPTURE(row.path, row.limit);
        RawClient client(world.port());
        client.send(chunked_head(row.path, row.headers));
        std::size_t sent = 0;
        while (sent < (200 << 20) && !client.is_readable(0) && client.send(piece)) {
            sent += 64 << 10;
        }
        CHECK(sent < row.limit + (40 << 20));  // The system's buffers hold some.
        const std::string answer = client.read_to_end();
        CHECK(status_of(answer) == 413);
        CHECK(answer.find("BODY_TOO_LARGE") != std::string::npos);
    }
    // Who has no log-in is told that, however much there is to send.
    RawClient stranger(world.port());
    stranger.send(chunked_head("/" + std::string(kListSites)));
    while (!stranger.is_readable(0) && stranger.send(piece)) {
    }
    CHECK(status_of(stranger.read_to_end()) == 401);
    CHECK(world.services.calls().empty());
}

TEST_CASE("a length beyond the limit is refused without reading on") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    RawClient client(world.port());
    client.send("POST /callbacks/wechat HTTP/1.1\r\nHost: c\r\nContent-Length: 200000000\r\n\r\n");
    CHECK(status_of(client.read_to_end()) == 413);
}

TEST_CASE("a body in the smallest pieces is the same body, a line without end is none") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    RawClient client(world.port());
    client.send(chunked_head("/callbacks/wechat", "Connection: close\r\n"));
    for (int i = 0; i < 5000; ++i) {
        REQUIRE(client.send(chunk(1)));
    }
    client.send("0\r\n\r\n");
    CHECK(status_of(client.read_to_end()) == 204);

    RawClient endless(world.port());
    endless.send(chunked_head("/callbacks/wechat") + "1;");
    const std::string extension(4096, 'x');
    std::size_t sent = 0;
    while (sent < (100 << 20) && !endless.is_readable(0) && endless.send(extension)) {
        sent += extension.size();
    }
    CHECK(sent < (100 << 20));
    CHECK(status_of(endless.read_to_end()) == 400);
}

TEST_CASE("a head without end is cut") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const std::string& start :
         {std::string("GET /"), std::string("GET / HTTP/1.1\r\nHost: c\r\nX-Long: ")}) {
        RawClient client(world.port());
        client.send(start);
        const std::string more(4096, 'x');
        std::size_t sent = 0;
        while (sent < (100 << 20) && !client.is_readable(0) && client.send(more)) {
            sent += more.size();
        }
        CHECK(sent < (100 << 20));
        CHECK(status_of(client.read_to_end()) != 200);
    }
    RawClient many(world.port());
    many.send("GET / HTTP/1.1\r\nHost: c\r\n");
    while (!many.is_readable(0) && many.send("X-Header: 1\r\n")) {
    }
    const std::string answer = many.read_to_end();
    CHECK(status_of(answer) == 431);
    CHECK(answer.find("HEAD_TOO_LARGE") != std::string::npos);
    // What is documented as the bound is one.
    for (const std::size_t size : {8'200UL, 60'000UL}) {
        CHECK(world.get("/", {{"X-Large", std::string(size, 'x')}}).status == 200);
    }
    CHECK(world.get("/", {{"X-Large", std::string(64 << 10, 'x')}}).status == 431);
}

TEST_CASE("a thousand ranges of a file are one file") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    std::string ranges = "bytes=0-";
    for (int i = 0; i < 999; ++i) {
        ranges += ",0-";
    }
    const std::string whole = world.get("/assets/app-1a2b.js").body;
    for (const std::string& range :
         {ranges, std::string("bytes=0-,0-"), std::string("bytes=5-9")}) {
        const HttpAnswer answer = world.get("/assets/app-1a2b.js", {{"Range", range}});
        CHECK(answer.status == 200);
        CHECK(answer.body == whole);
    }
}

TEST_CASE("framing that two servers could read in two ways is refused") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string start = "POST /callbacks/wechat HTTP/1.1\r\nHost: c\r\n";
    for (const std::string& request :
         {start + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          start + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
          start + "Content-Length: -1\r\n\r\n", start + "Content-Length: 3x\r\n\r\nabc",
          start + "Content-Length: 99999999999999999999999\r\n\r\n",
          start + "Transfer-Encoding: gzip, chunked\r\n\r\n",
          std::string("GET / HTTP/1.1\r\nHost: c\r\nContent-Length: 40\r\n\r\n") +
              "GET /client-config.json HTTP/1.1\r\nA: b\r\n",
          std::string("nonsense\r\n\r\n"), std::string("GET /\r\n\r\n"),
          std::string("\x16\x03\x01\x02\x00\x01\xFC\x03\n\n\n\n", 12)}) {
        CAPTURE(request);
        RawClient client(world.port());
        client.send(request);
        const std::string answer =
            client.read_to_end();  // Closed: nothing is read as a second one.
        CHECK(status_of(answer) == 400);
        CHECK(answer.find("HTTP/1.1", 8) == std::string::npos);
    }
    CHECK(world.services.calls().empty());
}

TEST_CASE("one connection serves request after request, also sent at once") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    RawClient client(world.port());
    const std::string notice = post_text("/callbacks/wechat", kJsonHead, "{}");
    client.send(notice + notice + "GET /icon.svg HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
    const std::string answer = client.read_to_end();
    CHECK(answer.rfind("HTTP/1.1 204", 0) == 0);
    CHECK(answer.find("<svg/>") != std::string::npos);
    CHECK(world.services.calls().size() == 2);
}

TEST_CASE("a request that drips is ended, in its head and in its body") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.receive_time = std::chrono::milliseconds(400);
    World world(bounds);
    for (const std::string& start :
         {std::string("GET / HTTP/1.1\r\nX-Slow: "),
          std::string(
              "POST /callbacks/wechat HTTP/1.1\r\nHost: c\r\nContent-Length: 60000\r\n\r\n")}) {
        RawClient client(world.port());
        client.send(start);
        while (!client.is_readable(50) && client.send("x")) {
        }
        CHECK(status_of(client.read_to_end()) == 408);
    }
    await([&] { return world.metric("prepay_console_refusals_total{why=\"slow\"}") == 2; });
    CHECK(world.services.calls().empty());
}
