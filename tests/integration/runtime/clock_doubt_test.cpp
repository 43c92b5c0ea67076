// A process whose clock is stepped while nobody can say which time is right.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "integration/runtime/program.h"
#include "support/chaos_proxy.h"
#include "support/child_process.h"
#include "support/crash.h"
#include "support/test_database.h"
#include "support/token_keys.h"

namespace prepay::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{20};

/// A process whose wall clock the test sets, and whose database it can take away.
struct Doubter {
    Doubter() {
        fs::create_directories(folder);
        step(Duration(0));
        std::ofstream(folder / "key.pem") << keys.public_pem();
        std::ofstream(folder / "token") << keys.token(rpc::Role::kService, "prepay-test");
        std::ofstream(folder / "doubter.yaml")
            << "listen: {grpc: '127.0.0.1:" << free_port() << "', http: '127.0.0.1:" << http_port
            << "'}\n"
            << "database: {url: '" << through(*database, scratch.options().url) << "'}\n"
            << "auth: {public_key_file: " << (folder / "key.pem").string()
            << ", service_token_file: " << (folder / "token").string() << "}\n"
            << "peers: {console: '127.0.0.1:1'}\n";
        child = std::make_unique<ChildProcess>(
            std::vector<std::string>{"/proc/self/exe", "[.doubter]"}, (folder / "log").string(),
            std::map<std::string, std::string>{
                {"DOUBTER_CONFIG", (folder / "doubter.yaml").string()},
                {"LD_PRELOAD", PREPAY_CLOCK_SHIM},
                {"PREPAY_TEST_CLOCK_FILE", (folder / "clock").string()}});
    }
    ~Doubter() {
        child.reset();
        fs::remove_all(folder);
    }

    /// The wall clock is this far ahead from now on.
    void step(Duration ahead) const {
        const std::int64_t micros = ahead.count();
        std::fstream file(folder / "clock", std::ios::in | std::ios::out | std::ios::binary);
        if (!file) {
            file.open(folder / "clock", std::ios::out | std::ios::binary);
        }
        file.write(reinterpret_cast<const char*>(&micros), sizeof micros);
    }

    bool shows(const std::string& path, int status, const std::string& text) const {
        return until(kPatience, [&] {
            const auto page = read_page(http_port, path);
            return page.first == status && page.second.find(text) != std::string::npos;
        });
    }

    /// A line of the log, of that level, that says this.
    bool logged(const std::string& level, const std::string& text) const {
        std::ifstream stream(folder / "log");
        for (std::string line; std::getline(stream, line);) {
            if (line.find("\"" + level + "\"") != std::string::npos &&
                line.find(text) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    std::string log() const {
        std::ifstream stream(folder / "log");
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    const TestDatabase scratch{"doubter"};
    const int database_port = free_port();
    std::optional<ChaosProxy> database{std::in_place, port_of(scratch.options().url),
                                       database_port};
    const TokenKeys keys;
    const int http_port = free_port();
    const fs::path folder =
        fs::temp_directory_path() / ("prepay-doubter-" + std::to_string(http_port));
    std::unique_ptr<ChildProcess> child;
};

}  // namespace

// Not a test: the process.
TEST_CASE("the process whose clock is set", "[.doubter]") {
    runtime::Program program;
    program.name = "doubter";
    program.schema = "doubter";
    program.publishes = false;
    program.wire = [](runtime::Service&) { return absl::OkStatus(); };
    REQUIRE(serve(program, "DOUBTER_CONFIG") == 0);
}

TEST_CASE("I-24 a process whose clock is in doubt is not ready, and says so") {
    SKIP_WITHOUT_POSTGRES();
    Doubter process;
    const bool is_ready = process.shows("/readyz", 200, "");
    INFO(process.log());
    REQUIRE(is_ready);
    CHECK(process.shows("/metrics", 200, "\nprepay_doubter_clock_in_doubt 0\n"));
    CHECK_FALSE(process.logged("error", "the clock is in doubt"));

    process.database.reset();  // Nobody is left to ask.
    process.step(std::chrono::hours(24));
    CHECK(process.shows("/readyz", 503, "CLOCK_IN_DOUBT"));
    CHECK(process.shows("/metrics", 200, "\nprepay_doubter_clock_in_doubt 1\n"));
    CHECK(until(kPatience, [&] {
        return process.logged("error", "the clock is in doubt: what depends on the time waits");
    }));

    process.step(Duration(0));
    process.database.emplace(port_of(process.scratch.options().url), process.database_port);
    CHECK(process.shows("/readyz", 200, ""));
    CHECK(process.shows("/metrics", 200, "\nprepay_doubter_clock_in_doubt 0\n"));
    CHECK(process.logged("warning", "the clocks agree again"));
}

}  // namespace prepay::test
