#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <random>

#include "integration/account/world.h"
#include "quantity/text.h"

namespace prepay::account::test {
namespace {

struct Ran {
    int exit_code = 0;
    std::string output;
};

Ran run(const std::string& command) {
    Ran ran;
    FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer{};
    std::size_t size = 0;
    while ((size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
        ran.output.append(buffer.data(), size);
    }
    ran.exit_code = pclose(pipe);
    return ran;
}

}  // namespace

TEST_CASE("hledger checks the journal and has our balances") {
    SKIP_WITHOUT_POSTGRES();
    if (run("hledger --version").exit_code != 0) {
        WARN("SKIPPED: no hledger");
        return;
    }
    World world;
    world.make_site();
    std::vector<std::string> accounts;
    std::mt19937 random(7);
    for (int i = 0; i < 5; ++i) {
        accounts.push_back(world.make_account("r" + std::to_string(i), 30'000'000));
    }
    for (int i = 0; i < 200; ++i) {
        REQUIRE(world
                    .charge({{i + 1, accounts[random() % 5],
                              static_cast<std::int64_t>(random() % 900'001), ""},
                             {i + 1001, i % 7 == 0 ? "nobody" : "",
                              static_cast<std::int64_t>(random() % 77), ""}})
                    .ok());
    }
    REQUIRE(world.refund(accounts[0], 10'000).ok());
    const std::string path = "/tmp/prepay-journal-" + std::to_string(getpid());
    {
        std::ofstream file(path);
        REQUIRE(
            write_journal(*world.database, [&](const std::string& text) { file << text; }).ok());
    }
    const Ran check = run("hledger -f " + path + " check");
    INFO(check.output);
    CHECK(check.exit_code == 0);
    for (const std::string& account : accounts) {
        const Ran balance =
            run("hledger -f " + path + " balance --no-total -N 'purse:" + account + "'");
        const std::string ours = format_decimal(world.account(account).balance_micros(), 6, 6);
        INFO(balance.output);
        CHECK(balance.output.find(ours + " CNY") != std::string::npos);
    }
    // Charges end at 2026-05-28 20:41 UTC: the next day in the site's zone.
    const auto revenue = [&](const std::string& options) {
        return run("hledger -f " + path + " balance --no-total -N revenue " + options).output;
    };
    CHECK_FALSE(revenue("").empty());
    CHECK(revenue("--date2 -b 2026-05-29 -e 2026-05-30") == revenue(""));
    // The check is one that can fail.
    CHECK(run("sed 's/^    purse:\\(.*\\)  0.000000 CNY = /    purse:\\1  0.000000 CNY = 1/' " +
              path + " | hledger -f - check")
              .exit_code != 0);
    unlink(path.c_str());
}

}  // namespace prepay::account::test
