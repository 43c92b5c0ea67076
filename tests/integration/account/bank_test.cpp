#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <thread>

#include "convert.h"
#include "integration/account/world.h"

namespace prepay::account::test {
namespace {

constexpr int kClientCount = 16;
constexpr int kAccountCount = 60;

/// Operations of the whole run; PREPAY_BANK_OPERATIONS=1000000 for the long one.
std::int64_t operations_wanted() {
    const char* text = std::getenv("PREPAY_BANK_OPERATIONS");
    return text == nullptr ? 40'000 : std::atoll(text);
}

struct Bank {
    World& world;
    std::vector<std::string> accounts;
    std::atomic<std::int64_t> done{0};
    std::atomic<std::int64_t> next_charge{1};
    std::atomic<std::int64_t> failures{0};
    std::int64_t wanted = operations_wanted();
};

void run_client(Bank& bank, unsigned seed) {
    std::mt19937 random(seed);
    const auto pick = [&] { return bank.accounts[random() % bank.accounts.size()]; };
    const auto amount = [&](unsigned below) { return static_cast<std::int64_t>(random() % below); };
    std::vector<TestCharge> posted;
    while (bank.done < bank.wanted) {
        const auto kind = random() % 10;
        Status status;
        if (kind < 6) {
            std::vector<TestCharge> batch;
            const std::size_t size = 1 + random() % 40;
            for (std::size_t i = 0; i < size; ++i) {
                batch.push_back({bank.next_charge++, pick(), amount(500'000), ""});
            }
            status = bank.world.charge(batch);
            if (random() % 4 == 0) {
                status = bank.world.charge(batch);  // Delivered again.
            }
            posted.insert(posted.end(), batch.begin(), batch.end());
            bank.done += static_cast<std::int64_t>(size);
        } else if (kind < 7 && !posted.empty()) {
            const TestCharge victim = posted[random() % posted.size()];
            status = bank.world.charge({{bank.next_charge++, victim.account_id,
                                         -victim.amount_micros, std::to_string(victim.charge_id)}});
            ++bank.done;
        } else if (kind < 9) {
            status = bank.world.top_up(pick(), (1 + amount(1000)) * 10'000).status();
            ++bank.done;
        } else {
            status = bank.world.refund(pick(), (1 + amount(100)) * 10'000).status();
            if (error_reason(status) == "INSUFFICIENT_BALANCE") {
                status = absl::OkStatus();
            }
            ++bank.done;
        }
        if (!status.ok()) {
            ++bank.failures;
            UNSCOPED_INFO(error_reason(status) << ": " << error_message(status));
            return;
        }
    }
}

}  // namespace

TEST_CASE("bank: money is conserved at every snapshot under concurrent clients (I-1, I-2)") {
    PREPAY_REQUIRE_DATABASE();
    World world(kClientCount + 2);
    world.make_site();
    Bank bank{world, {}, {}, {1}, {}, operations_wanted()};
    for (int i = 0; i < kAccountCount; ++i) {
        bank.accounts.push_back(world.make_account("r" + std::to_string(i), 50'000'000));
    }
    std::atomic<int> checks{0};
    std::atomic<int> broken{0};
    const std::jthread checker([&](const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        while (!stop.stop_requested()) {
            broken +=
                world.count("SELECT coalesce(sum(balance_micros), 0)::bigint FROM balances") != 0;
            ++checks;
            never.wait_for(lock, stop, std::chrono::milliseconds(50), [] { return false; });
        }
    });
    {
        std::vector<std::jthread> clients;
        for (unsigned i = 0; i < kClientCount; ++i) {
            clients.emplace_back([&bank, i] { run_client(bank, 1000 + i); });
        }
    }
    CHECK(bank.failures == 0);
    CHECK(broken == 0);
    CHECK(checks > 2);
    CHECK(bank.done >= bank.wanted);
    CHECK(world.audit() == "");
    // What was announced last of each account is what the account has.
    std::map<std::string, v1::BalanceChange> latest;
    for (const auto& event :
         world.published<v1::BalancesChanged>("prepay.account.balance-changes.v1")) {
        for (const auto& change : event.changes()) {
            if (change.version() >= latest[change.account_id()].version()) {
                latest[change.account_id()] = change;
            }
        }
    }
    for (const std::string& account_id : bank.accounts) {
        CHECK(latest[account_id].balance_micros() == world.account(account_id).balance_micros());
    }
}

}  // namespace prepay::account::test
