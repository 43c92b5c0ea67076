#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "core/ids.h"
#include "support/child_process.h"
#include "support/paths.h"
#include "support/token_keys.h"
#include "support/topology.h"

using namespace prepay::test;
namespace fs = std::filesystem;

namespace {

struct Outcome {
    int exit_code = -1;
    std::string output;
};

Outcome run(const std::string& program, std::vector<std::string> arguments) {
    const fs::path path = fs::path(binary_dir()) / "bin" / program;
    REQUIRE(fs::exists(path));
    const fs::path log =
        fs::temp_directory_path() / ("options-" + prepay::new_id(prepay::SystemClock()) + ".log");
    arguments.insert(arguments.begin(), path.string());
    Outcome outcome;
    {
        ChildProcess process(arguments, log.string());
        outcome.exit_code = process.wait(std::chrono::seconds(20));
    }
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    outcome.output = text.str();
    fs::remove(log);
    return outcome;
}

std::vector<std::string> programs() {
    std::vector<std::string> all = {"prepay-park-simulator", "prepay-provider-simulator"};
    for (const TopologyService& service : topology().services) {
        all.push_back("prepay-" + service.name);
    }
    return all;
}

/// What `--help` lists below "Subcommands:".
std::vector<std::string> subcommands(const std::string& program) {
    const Outcome help = run(program, {"--help"});
    CAPTURE(program, help.output);
    REQUIRE(help.exit_code == 0);
    std::vector<std::string> found;
    std::istringstream lines(help.output);
    bool below = false;
    for (std::string line; std::getline(lines, line);) {
        if (below && line.size() > 2 && line[2] != ' ') {
            found.push_back(line.substr(2, line.find(' ', 2) - 2));
        }
        below = below || line == "Subcommands:";
    }
    return found;
}

}  // namespace

TEST_CASE("Every program and every subcommand names an option that is mistyped") {
    std::set<std::string> seen;
    for (const std::string& program : programs()) {
        std::vector<std::vector<std::string>> commands = {{}};
        for (const std::string& subcommand : subcommands(program)) {
            seen.insert(subcommand);
            commands.push_back({subcommand});
        }
        for (std::vector<std::string> arguments : commands) {
            arguments.insert(arguments.end(), {"--confg", "x"});
            const Outcome outcome = run(program, arguments);
            CAPTURE(program, arguments, outcome.output);
            CHECK(outcome.exit_code > 0);
            CHECK(outcome.exit_code < 128);
            CHECK(outcome.output.find("--confg") != std::string::npos);
        }
    }
    // All that there are.
    CHECK(seen == std::set<std::string>{"serve", "redrive", "resync", "journal", "check", "rate",
                                        "mint-token", "create-user", "probe", "import"});
}

TEST_CASE("prepay-console mint-token gives a service 24 h when nothing is said, 7 days at most") {
    const TokenKeys keys;
    const fs::path key =
        fs::temp_directory_path() / ("mint-" + prepay::new_id(prepay::SystemClock()) + ".pem");
    std::ofstream(key) << keys.private_pem();
    struct Row {
        const char* role;
        std::vector<std::string> asked;
        std::int64_t hours;  ///< 0 = refused.
    };
    for (const Row& row : std::vector<Row>{{"service", {}, 24},
                                           {"service", {"--hours", "1"}, 1},
                                           {"service", {"--days", "7"}, 168},
                                           {"service", {"--days", "8"}, 0},
                                           {"service", {"--hours", "169"}, 0},
                                           {"admin", {}, 720},
                                           {"admin", {"--days", "31"}, 744},
                                           {"admin", {"--days", "91"}, 0}}) {
        std::vector<std::string> arguments = {"mint-token", "--key-file", key.string(), "--subject",
                                              "prepay-a",   "--role",     row.role};
        arguments.insert(arguments.end(), row.asked.begin(), row.asked.end());
        const prepay::Instant before = prepay::SystemClock().now();
        const Outcome outcome = run("prepay-console", arguments);
        CAPTURE(row.role, row.asked, outcome.output);
        if (row.hours == 0) {
            CHECK(outcome.exit_code == 1);
            CHECK(outcome.output.find("TOKEN_TOO_LONG") != std::string::npos);
            continue;
        }
        REQUIRE(outcome.exit_code == 0);
        const auto claims =
            prepay::rpc::verify_token(outcome.output.substr(0, outcome.output.find('\n')),
                                      keys.public_pem(), prepay::SystemClock().now());
        REQUIRE(claims.ok());
        const auto life = claims->expire_time - before;
        CHECK(life > std::chrono::hours(row.hours) - std::chrono::minutes(1));
        CHECK(life < std::chrono::hours(row.hours) + std::chrono::minutes(1));
    }
    fs::remove(key);
}
