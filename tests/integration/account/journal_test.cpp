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
        REQUIRE(write_journal(*world.database, [&](const std::string& text) {
                    file << text;
                    return absl::OkStatus();
                }).ok());
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
    // Cut short anywhere, it does not pass.
    std::ifstream whole(path);
    const std::string text{std::istreambuf_iterator<char>(whole), {}};
    for (std::size_t tenth = 1; tenth < 10; ++tenth) {
        // At the end of a transaction too, where nothing looks broken.
        const std::size_t at = text.rfind("\n\n", text.size() * tenth / 10);
        for (const std::size_t length : {text.size() * tenth / 10, at + 2}) {
            std::ofstream(path) << text.substr(0, length);
            INFO("cut after " << length << " of " << text.size());
            CHECK(run("hledger -f " + path + " check").exit_code != 0);
        }
    }
    const std::size_t inside = text.find("check:end");
    std::ofstream(path) << text.substr(0, text.rfind('\n', inside) + 1);
    CHECK(run("hledger -f " + path + " check").exit_code != 0);
    unlink(path.c_str());
}

TEST_CASE(
    "I-1 I-2 the program checks its own books, and finds a balance that is not its postings'") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string account = world.make_account("r1", 30'000'000);
    REQUIRE(world.charge({{1, account, 123'456, ""}}).ok());
    const BooksCheck good = check_books(*world.database).value();
    CHECK(good.is_good());
    CHECK(good.posting_count == 2);
    REQUIRE(world.database
                ->transact([&](pqxx::work& tx) {
                    tx.exec_params(
                        "UPDATE balances SET balance_micros = balance_micros + 1,"
                        " credit_total_micros = credit_total_micros + 1 WHERE account_no ="
                        " (SELECT account_no FROM accounts WHERE account_id = $1)",
                        account);
                    return absl::OkStatus();
                })
                .ok());
    const BooksCheck bad = check_books(*world.database).value();
    CHECK_FALSE(bad.is_good());
    CHECK(bad.sum_micros == 1);
    REQUIRE(bad.differences.size() == 1);
    CHECK(bad.differences[0].find(account) != std::string::npos);
}

TEST_CASE("an export that cannot be written is an error") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const Status full = write_journal(*world.database, [](const std::string&) {
        return unavailable("OUTPUT_FAILED", "no space left");
    });
    CHECK(error_reason(full) == "OUTPUT_FAILED");
}

}  // namespace prepay::account::test
