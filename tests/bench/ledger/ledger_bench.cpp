#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "bench/ledger/pgbench.h"
#include "bench/median.h"
#include "books/convert.h"
#include "core/ids.h"
#include "integration/account/world.h"

// Postings a second through the service's own path (EventIntake: decode, route, lock, plan, post,
// thresholds, outbox, commit) against pgbench's TPC-B on the same server, alternating.
namespace prepay::account::test {
namespace {

constexpr int kClientCount = 4;
constexpr int kBatchSize = 2000;
constexpr int kAccountCount = 10'000;
constexpr int kMessageCount =
    64;  // Prepared per client and round, so that making them costs nothing.

struct Settings {
    int pairs = 5;
    int seconds = 8;
    const char* json_path = nullptr;
};

std::vector<std::string> make_accounts(World& world) {
    const Status made = world.database->transact([&](pqxx::work& tx) {
        tx.exec(
            "WITH c AS (INSERT INTO customers (customer_id, display_name, phone) SELECT 'c' || i,"
            " 'Customer ' || i, '13800000000' FROM generate_series(1, " +
            std::to_string(kAccountCount) +
            ") i RETURNING customer_id), a AS (INSERT INTO accounts (account_id, site_id, kind,"
            " customer_id, open_time) SELECT gen_random_uuid()::text, 'park-1', 'purse',"
            " customer_id, now() FROM c RETURNING account_no)"
            " INSERT INTO balances (account_no, balance_micros, credit_total_micros)"
            " SELECT account_no, 1000000000000, 1000000000000 FROM a");
        return absl::OkStatus();
    });
    if (!made.ok()) {
        throw std::runtime_error(error_message(made));
    }
    std::vector<std::string> ids;
    (void)world.database->read([&](pqxx::work& tx) {
        for (const auto& row : tx.exec("SELECT account_id FROM accounts WHERE kind = 'purse'")) {
            ids.push_back(row[0].as<std::string>());
        }
        return absl::OkStatus();
    });
    return ids;
}

/// Postings a second of one round. As from Kafka: a client has the accounts of its own partitions.
double measure(World& world, const std::vector<std::string>& accounts, int seconds) {
    static std::atomic<std::int64_t> next_id{1};
    std::vector<std::vector<kafka::Message>> messages(kClientCount);
    for (int client = 0; client < kClientCount; ++client) {
        std::mt19937 random(static_cast<unsigned>(next_id + client));
        std::vector<std::string> own;
        for (const std::string& account : accounts) {
            if (partition_of(account, kClientCount) == client) {
                own.push_back(account);
            }
        }
        for (int i = 0; i < kMessageCount; ++i) {
            std::vector<TestCharge> charges;
            for (int n = 0; n < kBatchSize; ++n) {
                charges.push_back({next_id++, own[random() % own.size()],
                                   1 + static_cast<std::int64_t>(random() % 100'000), ""});
            }
            messages[static_cast<std::size_t>(client)].push_back(World::charge_message(charges));
        }
    }
    std::atomic<std::int64_t> posted{0};
    const auto start = std::chrono::steady_clock::now();
    const auto end = start + std::chrono::seconds(seconds);
    {
        std::vector<std::jthread> clients;
        for (const auto& own : messages) {
            clients.emplace_back([&] {
                for (const kafka::Message& message : own) {
                    if (std::chrono::steady_clock::now() >= end) {
                        break;
                    }
                    const Status status = world.deliver(message);
                    if (!status.ok()) {
                        std::fprintf(stderr, "%s\n", error_message(status).c_str());
                        std::abort();
                    }
                    posted += kBatchSize;
                }
            });
        }
    }
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return static_cast<double>(posted) / elapsed;
}

int run(const Settings& settings) {
    if (!prepay::test::TestDatabase::available()) {
        std::fputs("bench_ledger needs PREPAY_TEST_PG_URL, a superuser's URL\n", stderr);
        return 2;
    }
    World world(kClientCount + 1);
    world.make_site();
    const auto accounts = make_accounts(world);
    const bench::Pgbench pgbench(world.scratch->admin_url(), 20);
    measure(world, accounts, 2);
    std::vector<double> ratios;
    std::vector<double> ours;
    std::vector<double> reference;
    nlohmann::json pairs = nlohmann::json::array();
    for (int pair = 0; pair < settings.pairs; ++pair) {
        reference.push_back(pgbench.tps(8, settings.seconds));
        ours.push_back(measure(world, accounts, settings.seconds));
        ratios.push_back(ours.back() / reference.back());
        pairs.push_back({{"ours", ours.back()}, {"reference", reference.back()}});
        std::printf("pair %d: ledger %.0f postings/s, TPC-B %.0f tps, ratio %.2f\n", pair + 1,
                    ours.back(), reference.back(), ratios.back());
        std::fflush(stdout);
    }
    // The opening balances were put in by hand, so only the entries' side is compared.
    const auto drift = world.count(
        "SELECT abs((SELECT sum(balance_micros) FROM balances) - 1000000000000::numeric * " +
        std::to_string(kAccountCount) + ")::bigint");
    const double ratio = bench::median(ratios);
    std::printf(
        "ledger: %.0f postings/s, TPC-B %.0f tps, ratio %.2f (min %.2f; floor 8, goal 12),"
        " zero sum %s\n",
        bench::median(ours), bench::median(reference), ratio,
        *std::min_element(ratios.begin(), ratios.end()), drift == 0 ? "kept" : "BROKEN");
    if (settings.json_path != nullptr) {
        const nlohmann::json result = {{"name", "ledger"},
                                       {"unit", "postings/s"},
                                       {"ours", bench::median(ours)},
                                       {"reference", bench::median(reference)},
                                       {"ratio", ratio},
                                       {"goal", 12.0},
                                       {"floor", 8.0},
                                       {"pairs", pairs}};
        std::ofstream(settings.json_path) << result.dump(2) << "\n";
    }
    return drift == 0 ? 0 : 1;
}

}  // namespace
}  // namespace prepay::account::test

int main(int argc, char** argv) {
    prepay::account::test::Settings settings;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && std::strcmp(argv[i], "--json") == 0) {
            settings.json_path = argv[i + 1];
        } else if (i + 1 < argc && std::strcmp(argv[i], "--pairs") == 0) {
            settings.pairs = std::max(1, std::atoi(argv[i + 1]));
        } else if (i + 1 < argc && std::strcmp(argv[i], "--seconds") == 0) {
            settings.seconds = std::max(1, std::atoi(argv[i + 1]));
        } else {
            std::fputs("usage: bench_ledger [--json PATH] [--pairs N] [--seconds N]\n", stderr);
            return 2;
        }
    }
    return prepay::account::test::run(settings);
}
