// A process whose own token ends and is renewed in its file.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/pause.h"
#include "integration/runtime/program.h"
#include "support/child_process.h"
#include "support/crash.h"
#include "support/test_database.h"
#include "support/token_keys.h"

namespace prepay::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kRenewMax{15};  // It is 2 s; a loaded machine adds to it.

}  // namespace

// Not a test: the process.
TEST_CASE("the process with a token", "[.token-holder]") {
    runtime::Program program;
    program.name = "holder";
    program.schema = "holder";
    program.publishes = false;
    program.wire = [](runtime::Service&) { return absl::OkStatus(); };
    REQUIRE(serve(program, "HOLDER_CONFIG") == 0);
}

TEST_CASE("a process is not ready when its token is over, and ready when the file was renewed") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("holder");
    const TokenKeys keys;
    const SystemClock clock;
    const int http_port = free_port();
    const fs::path folder =
        fs::temp_directory_path() / ("prepay-holder-" + std::to_string(http_port));
    fs::create_directories(folder);
    const auto write = [&](Duration life) {
        rpc::TokenClaims claims;
        claims.identity = {"prepay-test", rpc::Role::kService, ""};
        claims.expire_time = clock.now() + life;
        std::ofstream(folder / "new") << *rpc::sign_token(claims, keys.private_pem(), clock.now());
        fs::rename(folder / "new", folder / "token");
        return to_micros(claims.expire_time) / 1'000'000;
    };
    std::ofstream(folder / "key.pem") << keys.public_pem();
    write(std::chrono::seconds(8));
    std::ofstream(folder / "holder.yaml")
        << "listen: {grpc: '127.0.0.1:" << free_port() << "', http: '127.0.0.1:" << http_port
        << "'}\n"
        << "database: {url: '" << scratch.options().url << "'}\n"
        << "auth: {public_key_file: " << (folder / "key.pem").string()
        << ", service_token_file: " << (folder / "token").string() << "}\n"
        << "peers: {console: '127.0.0.1:1'}\n";
    ChildProcess child({"/proc/self/exe", "[.token-holder]"}, (folder / "log").string(),
                       {{"HOLDER_CONFIG", (folder / "holder.yaml").string()}});
    const auto page = [&](const std::string& path) { return read_page(http_port, path); };
    std::pair<int, std::string> said;
    CHECK(until(kPatience, [&] {
        said = page("/readyz");
        return said.first == 503;
    }));
    INFO(said.second);
    CHECK(said.second.find("SERVICE_TOKEN_EXPIRED") != std::string::npos);
    CHECK(page("/healthz").first == 200);
    // A file of no use changes nothing, a good one is taken without a restart.
    std::ofstream(folder / "token") << "half a tok";
    pause(std::stop_token(), std::chrono::seconds(3));
    CHECK(page("/readyz").first == 503);
    const std::int64_t end = write(std::chrono::hours(24));
    CHECK(until(kRenewMax, [&] { return page("/readyz").first == 200; }));
    const std::string metrics = page("/metrics").second;
    const std::string name = "\nprepay_holder_service_token_expire_time_seconds ";
    const auto at = metrics.find(name);
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(metrics.substr(at + name.size())) ==
          Approx(static_cast<double>(end)).margin(1));
    child.kill();
    fs::remove_all(folder);
}

}  // namespace prepay::test
