#include "config/config.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace prepay::config {
namespace {

std::string write_file(const std::string& name, const std::string& content) {
    const auto path = std::filesystem::temp_directory_path() / ("prepay_config_test_" + name);
    std::ofstream(path) << content;
    return path.string();
}

}  // namespace

TEST_CASE("every problem is reported with its line") {
    const std::string path = write_file("bad.yaml",
                                        "listen:\n  grpc: nowhere\npool: 99\nwait: 5 sec\n"
                                        "on: maybe\nsurprise: 1\n");
    Reader reader = Reader::load(path, "CONFIGTEST").value();
    reader.address("listen.grpc");
    reader.integer("pool", 4, 1, 64);
    reader.duration("wait", std::chrono::seconds(1), std::chrono::seconds(1),
                    std::chrono::hours(1));
    reader.flag("on", false);
    reader.text("missing");
    const Status status = reader.finish();
    REQUIRE(error_reason(status) == "CONFIG_INVALID");
    const std::string text = error_message(status);
    for (const char* part :
         {":2: listen.grpc: 'nowhere' is not host:port", ":3: pool: 99 is not in 1 .. 64",
          ":4: wait:", ":5: on: 'maybe'", "missing: is required", ":6: surprise: unknown key"}) {
        CAPTURE(part, text);
        REQUIRE(text.find(part) != std::string::npos);
    }
}

TEST_CASE("the environment overrides the file and secrets stay masked") {
    const std::string secret = write_file("secret", "hunter2\n");
    const std::string path =
        write_file("good.yaml", "kafka: {brokers: a:1}\ndb: {password_file: " + secret + "}\n");
    setenv("PREPAY_CONFIGTEST__KAFKA__BROKERS", "b:2", 1);
    Reader reader = Reader::load(path, "CONFIGTEST").value();
    unsetenv("PREPAY_CONFIGTEST__KAFKA__BROKERS");
    REQUIRE(reader.text("kafka.brokers") == "b:2");
    REQUIRE(reader.secret("db.password") == "hunter2");
    REQUIRE(reader.finish().ok());
    REQUIRE(reader.describe().find("hunter2") == std::string::npos);
    REQUIRE(reader.describe().find("db.password: ***") != std::string::npos);
}

TEST_CASE("ports end at 65535, what is required is not empty, an unknown group is not overlooked") {
    const std::string path = write_file("edges.yaml",
                                        "a: h:65536\nb: h:99999999999\nc: h:65535\nd:\n"
                                        "foo: {}\npeers: {}\n");
    Reader reader = Reader::load(path, "CONFIGTEST").value();
    reader.address("a");
    reader.address("b");
    reader.address("c");
    reader.text("d");
    reader.address("peers.account", "");
    const std::string text = error_message(reader.finish());
    for (const char* part : {":1: a: 'h:65536' is not host:port", ":2: b: 'h:99999999999'",
                             ":4: d: is required, but empty", ":5: foo: unknown key"}) {
        CAPTURE(part, text);
        CHECK(text.find(part) != std::string::npos);
    }
    CHECK(text.find("c:") == std::string::npos);
    CHECK(text.find("peers") == std::string::npos);
}

TEST_CASE("a password inside an URL is not shown") {
    const std::string path =
        write_file("url.yaml", "url: postgresql://prepay_billing:Top:Secret@db:5432/prepay\n");
    Reader reader = Reader::load(path, "CONFIGTEST").value();
    CHECK(reader.text("url") == "postgresql://prepay_billing:Top:Secret@db:5432/prepay");
    CHECK(reader.describe() == "url: postgresql://prepay_billing:***@db:5432/prepay\n");
}

TEST_CASE("a file that is not there or not YAML says so") {
    REQUIRE(error_reason(Reader::load("/nonexistent.yaml", "X").status()) == "CONFIG_NOT_FOUND");
    const std::string path = write_file("broken.yaml", "a: [1\nb: }\n");
    REQUIRE(error_reason(Reader::load(path, "X").status()) == "CONFIG_INVALID");
}

}  // namespace prepay::config
