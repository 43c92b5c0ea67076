#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

TEST_CASE("files have their type and time to live, other paths get the page") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const HttpAnswer script = world.get("/assets/app-1a2b.js");
    CHECK(script.status == 200);
    CHECK(script.header("Content-Type").find("javascript") != std::string::npos);
    CHECK(script.header("Cache-Control") == "public, max-age=31536000, immutable");
    CHECK(script.body.size() == std::filesystem::file_size(world.web_root / "assets/app-1a2b.js"));
    CHECK(world.get("/icon.svg").header("Content-Type") == "image/svg+xml");
    CHECK(world.get("/icon.svg").header("Cache-Control") == "no-cache");

    for (const char* path : {"/", "/index.html", "/rooms/r-1", "/login"}) {
        CAPTURE(path);
        const HttpAnswer page = world.get(path);
        CHECK(page.status == 200);
        CHECK(page.header("Content-Type").rfind("text/html", 0) == 0);
        CHECK(page.header("Cache-Control") == "no-cache");
        CHECK(page.body == "<title>console</title>");
    }
    CHECK(world.get("/m/").body == "<title>phone</title>");
    CHECK(world.get("/m/pay").body == "<title>phone</title>");

    const HttpAnswer missing = world.get("/assets/old-0000.js");
    CHECK(missing.status == 404);
    CHECK(missing.header("Cache-Control") == "no-cache");
    CHECK(missing.header("Content-Type") == "text/plain");

    // Nor is the page of another path an asset that is good for a year.
    for (const char* path : {"/assets/old", "/assets/", "/assets/old-0000.js/more"}) {
        CAPTURE(path);
        CHECK(world.get(path).status == 404);
        CHECK(world.get(path).header("Cache-Control") == "no-cache");
    }

    CHECK(world.get("/client-config.json").json()["provider_simulator_url"].is_null());
}

TEST_CASE("a file that has not changed is not sent again") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const HttpAnswer first = world.get("/");
    const std::string tag = first.header("ETag");
    REQUIRE(tag.size() > 10);
    for (const std::string& known : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
        const HttpAnswer again = world.get("/", {{"If-None-Match", known}});
        CHECK(again.status == 304);
        CHECK(again.body.empty());
        CHECK(again.header("ETag") == tag);
    }
    std::ofstream(world.web_root / "index.html") << "<title>another console</title>";
    const HttpAnswer changed = world.get("/", {{"If-None-Match", tag}});
    CHECK(changed.status == 200);
    CHECK(changed.body == "<title>another console</title>");
}

TEST_CASE("nothing outside the web root is served") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const char* path :
         {"/../secret.txt", "/assets/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
          "/%2e%2e%2fsecret.txt", "/assets/%2e%2e/%2e%2e/secret.txt", "/..%5csecret.txt",
          "/....//secret.txt", "//../secret.txt", "/./../secret.txt", "/%252e%252e/secret.txt",
          "/..%00/secret.txt", "/secret.txt", "/m/../../secret.txt", "../secret.txt",
          "/index.html%00.js", "/assets/%0d%0aX-Evil:%201"}) {
        CAPTURE(path);
        RawClient client(world.port());
        client.send("GET " + std::string(path) +
                    " HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
        const std::string answer = client.read_to_end();
        CHECK((answer.rfind("HTTP/1.1 404", 0) == 0 || answer.rfind("HTTP/1.1 400", 0) == 0));
        CHECK(answer.find("outside the web root") == std::string::npos);
        CHECK(answer.find("\nX-Evil") == std::string::npos);
    }
}

TEST_CASE("every answer tells the browser to be strict") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const HttpAnswer& answer :
         {world.get("/"), world.get("/assets/app-1a2b.js"), world.get("/none.txt"),
          world.call("prepay.x.v1.None/Get", nlohmann::json::object()),
          world.call(kListSites, nlohmann::json::object(), world.token(rpc::Role::kViewer))}) {
        const std::string policy = answer.header("Content-Security-Policy");
        CHECK(policy.find("default-src 'self'") != std::string::npos);
        CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
        CHECK(policy.find("base-uri 'none'") != std::string::npos);
        CHECK(policy.find("script-src") == std::string::npos);
        CHECK(answer.header("X-Content-Type-Options") == "nosniff");
        CHECK(answer.header("X-Frame-Options") == "DENY");
        CHECK(answer.header("Referrer-Policy") == "no-referrer");
        CHECK(answer.header("EXCEPTION_WHAT").empty());
    }
}

TEST_CASE("a second console does not share the port") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    telemetry::Metrics metrics;
    const console::ConsoleMetrics console_metrics(metrics);
    console::GrpcBridge bridge({});
    rpc::AccessControl access(world.keys.public_pem(), world.clock);
    const rpc::Client account({"127.0.0.1:1", "", std::chrono::seconds(1)});
    console::ConsoleConfig config = world.config;
    config.web_listen = "127.0.0.1:" + std::to_string(world.port());
    console::HttpEdge second(config, bridge, access, account, console_metrics);
    CHECK(error_reason(second.start().status()) == "ADDRESS_IN_USE");
}
