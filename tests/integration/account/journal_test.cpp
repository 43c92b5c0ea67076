#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "integration/account/world.h"
#include "quantity/text.h"
#include "support/paths.h"
#include "support/token_keys.h"

namespace prepay::account::test {
namespace {

struct Ran {
    int exit_code = 0;
    std::string output;
};

/// `at_first` is called once the command has said something; it waits with most of the rest.
Ran run(const std::string& command, const std::function<void()>& at_first = {}) {
    Ran ran;
    FILE* const pipe = popen(("{ " + command + "; } 2>&1").c_str(), "r");
    std::array<char, 4096> buffer{};
    std::size_t size = 0;
    while ((size = fread(buffer.data(), 1, buffer.size(), pipe)) > 0) {
        if (ran.output.empty() && at_first) {
            at_first();
        }
        ran.output.append(buffer.data(), size);
    }
    const int status = pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

/// The program over the books of a World; its files are gone with it.
class Books {
public:
    explicit Books(const World& world) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "prepay-books-XXXXXX").string();
        folder_ = mkdtemp(pattern.data());
        const prepay::test::TokenKeys keys;
        std::ofstream(folder_ / "key.pem") << keys.public_pem();
        std::ofstream(folder_ / "token") << keys.token(rpc::Role::kService, "prepay-account");
        std::ofstream(folder_ / "account.yaml")
            << "listen: {grpc: '127.0.0.1:0', http: '127.0.0.1:0'}\n"
            << "database: {url: '" << world.scratch->options().url << "'}\n"
            << "kafka: {brokers: '127.0.0.1:1'}\n"
            << "auth: {public_key_file: " << (folder_ / "key.pem").string()
            << ", service_token_file: " << (folder_ / "token").string() << "}\n"
            << "peers: {billing: '127.0.0.1:1', metering: '127.0.0.1:1', console: '127.0.0.1:1'}\n";
    }
    ~Books() { std::filesystem::remove_all(folder_); }
    Books(const Books&) = delete;
    Books& operator=(const Books&) = delete;

    [[nodiscard]] std::string file(const std::string& name) const {
        return (folder_ / name).string();
    }
    [[nodiscard]] std::string command(const std::string& subcommand) const {
        return std::string(prepay::test::binary_dir()) + "/bin/prepay-account " + subcommand +
               " --config " + file("account.yaml");
    }

private:
    std::filesystem::path folder_;
};

/// A World with one purse, of which a charge was taken.
std::string keep_books(World& world) {
    world.make_site();
    const std::string account = world.make_account("r1", 30'000'000);
    REQUIRE(world.charge({{1, account, 123'456, ""}}).ok());
    return account;
}

void add_a_micro(World& world, const std::string& account) {
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
    const std::string account = keep_books(world);
    const BooksCheck good = check_books(*world.database).value();
    CHECK(good.is_good());
    CHECK(good.posting_count == 2);
    add_a_micro(world, account);
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

TEST_CASE("prepay-account check says what it found, and its exit code says it too") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    const std::string account = keep_books(world);
    const Books books(world);
    const auto count = std::to_string(world.count("SELECT count(*) FROM accounts"));
    const Ran good = run(books.command("check"));
    CHECK(good.exit_code == 0);
    CHECK(good.output == count + " accounts, 2 postings, sum 0.000000 CNY: good\n");
    add_a_micro(world, account);
    const Ran bad = run(books.command("check"));
    CHECK(bad.exit_code == 1);
    CHECK(bad.output.rfind("DIFFERS  purse:" + account +
                               ": kept 29.876545 CNY, posted 29.876544 CNY\n" + count +
                               " accounts, 2 postings, sum 0.000001 CNY: NOT GOOD\n",
                           0) == 0);
    CHECK(bad.output.find("BOOKS_DIFFER") != std::string::npos);
}

TEST_CASE("prepay-account journal that ends half way has an exit code that says so") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    const std::string account = keep_books(world);
    const Books books(world);
    // More than is fetched at once, and more than a pipe holds.
    std::vector<TestCharge> charges;
    for (int i = 2; i <= 6000; ++i) {
        charges.push_back({i, account, 1000, ""});
        if (charges.size() == 1000 || i == 6000) {
            REQUIRE(world.charge(charges).ok());
            charges.clear();
        }
    }
    const Ran whole = run(books.command("journal"));
    CHECK(whole.exit_code == 0);
    const std::size_t half = whole.output.size() / 2;
    REQUIRE(half > 200'000);

    SECTION("the disk is full") {
        // dash counts in blocks of 512 bytes.
        const Ran full = run("trap '' XFSZ; ulimit -f " + std::to_string(half / 512) + "; exec " +
                             books.command("journal") + " 2>&1 >" + books.file("journal"));
        CHECK(full.exit_code == 1);
        CHECK(full.output.find("OUTPUT_FAILED") != std::string::npos);
        CHECK(std::filesystem::file_size(books.file("journal")) == half / 512 * 512);
    }
    SECTION("the database goes away") {
        const Ran cut = run(books.command("journal"), [&] {
            CHECK(world.count("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE"
                              " datname = current_database() AND query LIKE 'FETCH%'") == 1);
        });
        CHECK(cut.exit_code == 1);
        CHECK(cut.output.size() < whole.output.size());
        CHECK(cut.output.find("DATABASE_UNAVAILABLE") != std::string::npos);
    }
    SECTION("nobody reads on") {
        const Ran closed = run("bash -o pipefail -c '" + books.command("journal") +
                               " | head -c 100000 >/dev/null'");
        CHECK(closed.exit_code != 0);
    }
}

}  // namespace prepay::account::test
