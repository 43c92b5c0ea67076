#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/ledger/pgbench.h"
#include "bench/median.h"
#include "core/ids.h"
#include "integration/account/world.h"

// Payment notices a second from raw bytes to durable credit (RSA-2048, AES-GCM, comparison,
// posting, outbox, commit), one notice an order, against pgbench's TPC-B on the same server,
// alternating.
namespace prepay::account::test {
namespace {

constexpr int kClientCount = 32;
constexpr int kAccountCount = 500;
constexpr int kMakerCount = 16;
constexpr std::size_t kOrdersPerSecond = 9000;  // More than can be credited.

struct Round {
    double rate = 0;
    double p99_ms = 0;
};

std::string make_order(World& world, PayWorld& pay, const std::string& account) {
    NewPayment payment;
    payment.request_id = new_id(world.clock);
    payment.content_hash = "hash";
    payment.account_id = account;
    payment.user = "tenant";
    payment.amount = Money::from_yuan(1);
    payment.openid = "openid";
    payment.expire_time = world.clock.now() + std::chrono::minutes(15);
    payment.first_query_time = payment.expire_time;
    payment.pending_max = std::numeric_limits<int>::max();
    const Result<Order> order = world.orders->create(payment);
    if (!order.ok()) {
        throw std::runtime_error(error_message(order.status()));
    }
    const provider::Json request = {{"appid", pay.client->merchant().appid},
                                    {"mchid", pay.client->merchant().mchid},
                                    {"description", "energy"},
                                    {"out_trade_no", order->order_id},
                                    {"notify_url", "http://127.0.0.1:1/"},
                                    {"amount", {{"total", 100}}},
                                    {"payer", {{"openid", "openid"}}}};
    if (pay.provider->create_prepay(request).status != 200 ||
        pay.provider->pay_order(order->order_id, nullptr).status != 200) {
        throw std::runtime_error("the provider refused an order");
    }
    return order->order_id;
}

/// Notices of so many fresh, paid orders.
std::vector<SignedNotice> make_notices(World& world, PayWorld& pay,
                                       const std::vector<std::string>& accounts,
                                       std::size_t count) {
    std::vector<SignedNotice> notices(count);
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> makers;
    for (int i = 0; i < kMakerCount; ++i) {
        makers.emplace_back([&] {
            for (std::size_t n = next++; n < count; n = next++) {
                notices[n] = pay.notice(make_order(world, pay, accounts[n % accounts.size()]));
            }
        });
    }
    makers.clear();
    return notices;
}

/// As fast as 32 callers can, or at `per_second` (0 = no limit); a notice's time then counts from
/// the moment it was due.
Round measure(World& world, PayWorld& pay, const std::vector<std::string>& accounts, int seconds,
              double per_second = 0) {
    const std::vector<SignedNotice> notices =
        make_notices(world, pay, accounts,
                     per_second > 0 ? static_cast<std::size_t>(per_second * seconds)
                                    : static_cast<std::size_t>(seconds) * kOrdersPerSecond);
    std::atomic<std::size_t> next{0};
    std::vector<double> times(notices.size(), 0);
    const auto start = std::chrono::steady_clock::now();
    const auto end = start + std::chrono::seconds(seconds);
    {
        std::vector<std::jthread> clients;
        for (int i = 0; i < kClientCount; ++i) {
            clients.emplace_back([&] {
                for (std::size_t n = next++; n < notices.size(); n = next++) {
                    auto begin = std::chrono::steady_clock::now();
                    if (per_second > 0) {
                        begin = start + std::chrono::microseconds(static_cast<std::int64_t>(
                                            1e6 / per_second * static_cast<double>(n)));
                        std::this_thread::sleep_until(begin);
                    } else if (begin >= end) {
                        return;
                    }
                    if (!pay.payments->handle_notice(notices[n]).ok()) {
                        std::fputs("a notice was refused\n", stderr);
                        std::abort();
                    }
                    times[n] = std::chrono::duration<double, std::milli>(
                                   std::chrono::steady_clock::now() - begin)
                                   .count();
                }
            });
        }
    }
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::erase(times, 0.0);
    std::sort(times.begin(), times.end());
    return {static_cast<double>(times.size()) / elapsed, times[times.size() * 99 / 100]};
}

int run(const char* json_path, int pair_count, int seconds) {
    if (!prepay::test::TestDatabase::available()) {
        std::fputs("bench_callback needs PREPAY_TEST_PG_URL, a superuser's URL\n", stderr);
        return 2;
    }
    World world(16);
    PayWorld pay(world);
    world.make_site();
    std::vector<std::string> accounts;
    for (int i = 0; i < kAccountCount; ++i) {
        accounts.push_back(world.make_account("r" + std::to_string(i), 0));
    }
    const bench::Pgbench pgbench(world.scratch->admin_url(), 20);
    std::vector<double> ratios;
    std::vector<double> ours;
    std::vector<double> reference;
    std::vector<double> latencies;
    nlohmann::json pairs = nlohmann::json::array();
    for (int pair = 0; pair < pair_count; ++pair) {
        reference.push_back(pgbench.tps(kClientCount, seconds));
        const Round round = measure(world, pay, accounts, seconds);
        ours.push_back(round.rate);
        latencies.push_back(round.p99_ms);
        ratios.push_back(ours.back() / reference.back());
        pairs.push_back({{"ours", ours.back()}, {"reference", reference.back()}});
        std::printf("pair %d: %.0f callbacks/s, p99 %.1f ms, TPC-B %.0f tps, ratio %.2f\n",
                    pair + 1, round.rate, round.p99_ms, reference.back(), ratios.back());
        std::fflush(stdout);
    }
    const Round half = measure(world, pay, accounts, seconds, bench::median(ours) / 2);
    const std::string audit = world.audit();
    std::printf(
        "callback: %.0f/s, p99 %.1f ms at full load and %.1f ms at half, TPC-B %.0f tps,"
        " ratio %.2f (min %.2f; floor 0.6, goal 1.5), books %s\n",
        bench::median(ours), bench::median(latencies), half.p99_ms, bench::median(reference),
        bench::median(ratios), *std::min_element(ratios.begin(), ratios.end()),
        audit.empty() ? "kept" : audit.c_str());
    if (json_path != nullptr) {
        const nlohmann::json result = {{"name", "callback"},
                                       {"unit", "callbacks/s"},
                                       {"ours", bench::median(ours)},
                                       {"reference", bench::median(reference)},
                                       {"ratio", bench::median(ratios)},
                                       {"goal", 1.5},
                                       {"floor", 0.6},
                                       {"pairs", pairs},
                                       {"p99_ms", bench::median(latencies)},
                                       {"half_load_p99_ms", half.p99_ms}};
        std::ofstream(json_path) << result.dump(2) << "\n";
    }
    return audit.empty() ? 0 : 1;
}

}  // namespace
}  // namespace prepay::account::test

int main(int argc, char** argv) {
    const char* json_path = nullptr;
    int pairs = 5;
    int seconds = 5;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && std::strcmp(argv[i], "--json") == 0) {
            json_path = argv[i + 1];
        } else if (i + 1 < argc && std::strcmp(argv[i], "--pairs") == 0) {
            pairs = std::max(1, std::atoi(argv[i + 1]));
        } else if (i + 1 < argc && std::strcmp(argv[i], "--seconds") == 0) {
            seconds = std::max(1, std::atoi(argv[i + 1]));
        } else {
            std::fputs("usage: bench_callback [--json PATH] [--pairs N] [--seconds N]\n", stderr);
            return 2;
        }
    }
    return prepay::account::test::run(json_path, pairs, seconds);
}
