#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "account_migrations.h"
#include "books/convert.h"
#include "integration/account/world.h"
#include "prepay/account/v1/events.pb.h"
#include "support/child_process.h"
#include "support/crash.h"
#include "support/pg_cluster.h"

// Sixteen clients post at random while the process that posts and the PostgreSQL under it are
// killed again and again. What a client was told to be posted is posted, once; at every moment the
// balances add up to nothing.
namespace prepay::account::test {

using prepay::test::ChildProcess;
using prepay::test::environment;
using prepay::test::PgCluster;

namespace {

constexpr int kClientCount = 16;
constexpr int kAccountCount = 60;
constexpr std::chrono::milliseconds kCheckInterval{50};

/// Postings of the whole run; PREPAY_BANK_OPERATIONS=1000000 for the long one.
std::int64_t operations_wanted() {
    const std::string text = environment("PREPAY_BANK_OPERATIONS");
    return text.empty() ? 40'000 : std::stoll(text);
}

/// What clients were told, a line each in a file that survives them: "charge <first> <last>" or
/// "order <id>".
class Journal {
public:
    explicit Journal(const std::string& path)
        : file_(std::fopen(path.c_str(), "a"), &std::fclose) {}
    void note(const std::string& line) {
        const std::lock_guard lock(mutex_);
        std::fputs((line + "\n").c_str(), file_.get());
        std::fflush(file_.get());
    }

private:
    std::mutex mutex_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

/// One life of the posting process.
struct Life {
    World world;
    std::vector<std::string> accounts;
    Journal journal;
    std::atomic<std::int64_t> next_charge;
    std::atomic<bool> failed{false};
};

/// Trouble that a killed server or a crowd makes; the client goes on with something new.
bool is_passing(const Status& status) {
    return status.ok() || status.code() == absl::StatusCode::kUnavailable ||
           status.code() == absl::StatusCode::kAborted ||
           error_reason(status) == "INSUFFICIENT_BALANCE";
}

Status post_batch(Life& life, std::minstd_rand& random, std::vector<TestCharge>& posted) {
    std::vector<TestCharge> batch;
    const std::size_t size = 1 + random() % 40;
    std::int64_t id = life.next_charge.fetch_add(static_cast<std::int64_t>(size));
    const std::int64_t first = id;
    for (std::size_t i = 0; i < size; ++i) {
        batch.push_back({id++, life.accounts[random() % life.accounts.size()],
                         static_cast<std::int64_t>(random() % 500'000), ""});
    }
    PREPAY_RETURN_IF_ERROR(life.world.charge(batch));
    life.journal.note("charge " + std::to_string(first) + " " + std::to_string(id - 1));
    posted.insert(posted.end(), batch.begin(), batch.end());
    return random() % 4 == 0 ? life.world.charge(batch) : absl::OkStatus();  // Delivered again.
}

Status reverse(Life& life, std::minstd_rand& random, const std::vector<TestCharge>& posted) {
    const TestCharge& victim = posted[random() % posted.size()];
    const std::int64_t id = life.next_charge++;
    PREPAY_RETURN_IF_ERROR(life.world.charge(
        {{id, victim.account_id, -victim.amount_micros, std::to_string(victim.charge_id)}}));
    life.journal.note("charge " + std::to_string(id) + " " + std::to_string(id));
    return absl::OkStatus();
}

Status cash(Life& life, std::minstd_rand& random, bool in) {
    const std::string& account = life.accounts[random() % life.accounts.size()];
    const std::int64_t micros =
        (1 + static_cast<std::int64_t>(random() % (in ? 1000 : 100))) * 10'000;
    PREPAY_ASSIGN_OR_RETURN(const Order order, in ? life.world.top_up(account, micros)
                                                  : life.world.refund(account, micros));
    life.journal.note("order " + order.order_id);
    return absl::OkStatus();
}

void run_client(Life& life, unsigned seed) {
    std::minstd_rand random(seed);
    std::vector<TestCharge> posted;
    while (!life.failed) {
        const auto kind = random() % 10;
        const Status status = kind < 6                      ? post_batch(life, random, posted)
                              : kind < 7 && !posted.empty() ? reverse(life, random, posted)
                                                            : cash(life, random, kind < 9);
        if (!is_passing(status)) {
            std::fprintf(stderr, "%s %s\n", error_reason(status).c_str(),
                         error_message(status).c_str());
            life.failed = true;
        }
    }
}

/// Reads the sum of all balances until stopped; the server may be gone meanwhile.
struct Checker {
    explicit Checker(World& read) : world(read) {}
    void run(const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
            const auto sum = world.database->read([](pqxx::work& tx) -> Result<std::int64_t> {
                return tx.exec1("SELECT sum(balance_micros)::bigint FROM balances")[0]
                    .as<std::int64_t>();
            });
            checks += sum.ok();
            broken += sum.ok() && *sum != 0;
            never.wait_for(lock, stop, kCheckInterval, [] { return false; });
        }
    }
    World& world;
    std::atomic<int> checks{0};
    std::atomic<int> broken{0};
};

struct Acknowledged {
    std::vector<std::int64_t> charges;
    std::vector<std::string> orders;
};

Acknowledged read_journal(const std::string& path) {
    Acknowledged told;
    std::ifstream stream(path);
    for (std::string word; stream >> word;) {
        if (word == "charge") {
            std::int64_t first = 0;
            std::int64_t last = 0;
            stream >> first >> last;
            for (; first <= last; ++first) {
                told.charges.push_back(first);
            }
        } else if (word == "order") {
            stream >> told.orders.emplace_back();
        }
    }
    return told;
}

/// How many of the ids a query gives.
template <typename T>
std::int64_t count_of(World& world, const std::string& sql, const std::vector<T>& ids) {
    return *world.database->read([&](pqxx::work& tx) -> Result<std::int64_t> {
        return tx.exec_params1(sql, pg::to_array(ids))[0].template as<std::int64_t>();
    });
}

/// Until the child's clients were told something; false when it ended before.
bool wait_for_posting(ChildProcess& child, const std::string& journal) {
    const auto size = [&] {
        std::error_code none;
        const auto bytes = std::filesystem::file_size(journal, none);
        return none ? 0 : bytes;
    };
    const auto before = size();
    for (int i = 0; i < 600 && child.is_running() && size() == before; ++i) {
        child.wait(kCheckInterval);
    }
    return child.is_running();
}

/// A pause that ends at once when the child has ended.
void let_run(ChildProcess& child, std::chrono::milliseconds time) { child.wait(time); }

std::int64_t entry_count(World& world) {
    const auto count = world.database->read([](pqxx::work& tx) -> Result<std::int64_t> {
        return tx.exec1("SELECT count(*) FROM entries")[0].as<std::int64_t>();
    });
    return count.ok() ? *count : -1;
}

/// Kills until its share of what is wanted is posted, and at least two of each, however fast the
/// machine is.
void run_bank(bool with_server_kills) {
    if (!PgCluster::available()) {
        WARN("SKIPPED: no PostgreSQL programs");
        return;
    }
    PgCluster cluster;
    const prepay::test::TestDatabase scratch("account", account_migrations(), cluster.url());
    World world(4, scratch.options().url);
    world.make_site();
    for (int i = 0; i < kAccountCount; ++i) {
        world.make_account("r" + std::to_string(i), 50'000'000);
    }
    const std::string journal =
        std::filesystem::temp_directory_path() / ("prepay-bank-" + std::to_string(getpid()));
    Checker checker(world);
    std::jthread reader([&](const std::stop_token& stop) { checker.run(stop); });
    std::minstd_rand random(4711);
    int life = 0;
    int service_kills = 0;
    int server_kills = 0;
    const auto start = std::chrono::steady_clock::now();
    const std::int64_t wanted = operations_wanted() * (with_server_kills ? 1 : 2) / 3;
    // The longer the run, the longer the lives: else it would be mostly starting.
    const auto life_ms_max =
        static_cast<unsigned>(std::clamp<std::int64_t>(wanted / 20, 2'000, 30'000));
    while (entry_count(world) < wanted || service_kills < 2 ||
           (with_server_kills && server_kills < 2)) {
        ChildProcess child({"/proc/self/exe", "[.bank-life]"}, journal + ".log",
                           {{"BANK_LIFE", std::to_string(++life)},
                            {"BANK_DATABASE", scratch.options().url},
                            {"BANK_JOURNAL", journal}});
        REQUIRE(wait_for_posting(child, journal));
        let_run(child, std::chrono::milliseconds(500 + random() % life_ms_max));
        if (with_server_kills) {
            cluster.kill();
            ++server_kills;
            let_run(child, std::chrono::milliseconds(random() % 300));
            cluster.start();
            let_run(child, std::chrono::milliseconds(500 + random() % 1000));
        }
        REQUIRE(child.is_running());  // Its clients live through all that.
        child.kill();
        ++service_kills;
    }
    reader.request_stop();
    reader.join();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    CHECK(checker.broken == 0);
    CHECK(checker.checks > 10);
    CHECK(world.audit() == "");
    const Acknowledged told = read_journal(journal);
    CHECK(count_of(world,
                   "SELECT count(*) FROM entries WHERE source_kind = 'charge' AND source_id IN"
                   " (SELECT unnest($1::bigint[])::text)",
                   told.charges) == static_cast<std::int64_t>(told.charges.size()));
    CHECK(count_of(world,
                   "SELECT count(*) FROM orders WHERE state = 'credited' AND order_id ="
                   " ANY($1::text[])",
                   told.orders) == static_cast<std::int64_t>(told.orders.size()));
    CHECK(world.count("SELECT count(*) FROM (SELECT source_kind, source_id FROM entries"
                      " GROUP BY 1, 2 HAVING count(*) > 1) twice") == 0);
    std::printf(
        "bank: %lld postings in %.0f s, %zu charges and %zu orders acknowledged, %d kills of"
        " the service, %d of PostgreSQL, %d sums read\n",
        static_cast<long long>(entry_count(world)), seconds, told.charges.size(),
        told.orders.size(), service_kills, server_kills, checker.checks.load());
    std::filesystem::remove(journal);
    std::filesystem::remove(journal + ".log");
}

}  // namespace

TEST_CASE("one life of the bank", "[.bank-life]") {
    const std::int64_t life_number = std::stoll(environment("BANK_LIFE"));
    Life life{World(kClientCount + 2, environment("BANK_DATABASE")),
              {},
              Journal(environment("BANK_JOURNAL")),
              life_number * 100'000'000};
    for (int i = 0; i < kAccountCount; ++i) {
        life.accounts.push_back(life.world.account_of("r" + std::to_string(i)));
    }
    {
        std::vector<std::jthread> clients;
        for (unsigned i = 0; i < kClientCount; ++i) {
            clients.emplace_back([&, seed = static_cast<unsigned>(life_number) * 100 + i] {
                run_client(life, seed);
            });
        }
    }
    FAIL("a client met an error that it should not");
}

TEST_CASE("bank: money is conserved at every snapshot though the service is killed (I-1, I-2)") {
    run_bank(false);
}

TEST_CASE(
    "bank: money is conserved at every snapshot though service and PostgreSQL are killed (I-20)") {
    run_bank(true);
}

TEST_CASE("bank: what was announced last of each account is what the account has") {
    SKIP_WITHOUT_POSTGRES();
    World world(kClientCount + 2);
    world.make_site();
    const std::string path =
        std::filesystem::temp_directory_path() / ("prepay-bank2-" + std::to_string(getpid()));
    {
        Life life{World(kClientCount + 2, world.scratch->options().url), {}, Journal(path), 1};
        for (int i = 0; i < kAccountCount; ++i) {
            life.accounts.push_back(world.make_account("r" + std::to_string(i), 50'000'000));
        }
        std::vector<std::jthread> clients;
        for (unsigned i = 0; i < kClientCount; ++i) {
            clients.emplace_back([&, i] { run_client(life, i); });
        }
        std::mutex mutex;
        std::condition_variable never;
        std::unique_lock lock(mutex);
        while (!life.failed && entry_count(world) < 10'000) {
            never.wait_for(lock, kCheckInterval);
        }
        CHECK(!life.failed);
        life.failed = true;  // Ends the clients.
        clients.clear();
    }
    CHECK(world.audit() == "");
    std::map<std::string, v1::BalanceChange> latest;
    for (const auto& event :
         world.published<v1::BalancesChanged>("prepay.account.balance-changes.v1")) {
        for (const auto& change : event.changes()) {
            if (change.version() >= latest[change.account_id()].version()) {
                latest[change.account_id()] = change;
            }
        }
    }
    for (int i = 0; i < kAccountCount; ++i) {
        const std::string account_id = world.account_of("r" + std::to_string(i));
        CHECK(latest[account_id].balance_micros() == world.account(account_id).balance_micros());
    }
    std::filesystem::remove(path);
}

}  // namespace prepay::account::test
