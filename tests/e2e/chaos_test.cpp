#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <random>

#include "e2e/actors.h"
#include "e2e/park.h"

namespace prepay::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::int64_t kPriceMicros = 1'000'000;  // 1 yuan a kWh.
constexpr std::int64_t kYuan = 1'000'000;
constexpr int kRoomCount = 6;
constexpr seconds kRecovery{30};

std::int64_t number_of(const char* name, std::int64_t fallback) {
    const char* value = std::getenv(name);
    return value == nullptr || *value == '\0' ? fallback : std::stoll(value);
}

std::string room(int i) { return "m-" + std::to_string(i); }

// Brings one trouble after another over a stack, and takes each away again.
class Trouble {
public:
    Trouble(Stack& stack, std::uint64_t seed) : stack_(stack), random_(seed) {}

    void one() {
        const auto& [name, what] = kinds_.at(static_cast<std::size_t>(below(kinds_.size())));
        const auto start = std::chrono::steady_clock::now();
        (this->*what)();
        const auto took =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
        std::cout << "chaos: " << name << ' ' << detail_ << " for " << took.count() << " ms\n"
                  << std::flush;
        detail_.clear();
        ++counts_[name];
        pause(500, 4000);
    }

    // Every kind once, so that a short run knows all of them.
    void each() {
        for (const auto& [name, what] : kinds_) {
            (this->*what)();
            std::cout << "chaos: " << name << ' ' << detail_ << '\n' << std::flush;
            detail_.clear();
            ++counts_[name];
            pause(200, 1500);
        }
    }

    [[nodiscard]] const std::map<std::string, int>& counts() const { return counts_; }

private:
    void kill_one() {
        const std::string victim = any_service();
        stack_.kill(victim);
        pause(0, 3000);
        stack_.start(victim);
    }

    void kill_several() {
        const std::vector<std::string> victims = {any_service(), any_service(), any_service()};
        for (const std::string& victim : victims) {
            stack_.kill(victim);
        }
        pause(0, 2000);
        for (const std::string& victim : victims) {
            stack_.start(victim);
        }
    }

    void kill_postgres() {
        stack_.kill("postgres");
        pause(0, 4000);
        stack_.start("postgres");
    }

    void kill_kafka() {
        stack_.kill("kafka");
        pause(0, 4000);
        stack_.start("kafka");
    }

    void wipe_kafka() { stack_.wipe_kafka(); }

    // Longer than a group's session, so that partitions change hands.
    void stop_one() {
        const std::string victim = any_service();
        stack_.signal(victim, SIGSTOP);
        pause(2000, 9000);
        stack_.signal(victim, SIGCONT);
    }

    // PostgreSQL is away while partitions are assigned anew.
    void stop_all_without_postgres() {
        stack_.kill("postgres");
        for (const std::string& name : Stack::services()) {
            stack_.signal(name, SIGSTOP);
        }
        pause(8500, 9500);
        for (const std::string& name : Stack::services()) {
            stack_.signal(name, SIGCONT);
        }
        pause(1000, 3000);
        stack_.start("postgres");
    }

    // Packets vanish, nothing is closed.
    void cut_from_postgres() {
        const std::string victim = any_service();
        stack_.cut(victim);
        pause(3000, 20'000);
        stack_.heal(victim);
    }

    void cut_all_from_postgres() {
        for (const std::string& name : Stack::services()) {
            stack_.cut(name);
        }
        pause(3000, 12'000);
        for (const std::string& name : Stack::services()) {
            stack_.heal(name);
        }
    }

    void cut_from_kafka() {
        stack_.cut("kafka");
        pause(3000, 12'000);
        stack_.heal("kafka");
    }

    // A day ahead, and back.
    void step_clock() {
        stack_.set_clock("metering-gateway", std::chrono::hours(below(2) == 0 ? 24 : -24));
        pause(4000, 10'000);
        stack_.set_clock("metering-gateway", Duration(0));
    }

    std::uint64_t below(std::uint64_t bound) {
        return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random_);
    }

    std::string any_service() {
        const auto& names = Stack::services();
        detail_ += names.at(static_cast<std::size_t>(below(names.size()))) + ' ';
        return detail_.substr(detail_.find_last_of(' ', detail_.size() - 2) + 1,
                              detail_.size() - 2 - detail_.find_last_of(' ', detail_.size() - 2));
    }

    void pause(std::int64_t at_least_ms, std::int64_t at_most_ms) {
        let_pass(milliseconds(
            at_least_ms + static_cast<std::int64_t>(
                              below(static_cast<std::uint64_t>(at_most_ms - at_least_ms + 1)))));
    }

    Stack& stack_;
    std::mt19937_64 random_;
    std::string detail_;
    std::map<std::string, int> counts_;
    const std::vector<std::pair<std::string, void (Trouble::*)()>> kinds_ = {
        {"kill -9", &Trouble::kill_one},
        {"kill -9 of three", &Trouble::kill_several},
        {"kill -9 of PostgreSQL", &Trouble::kill_postgres},
        {"kill -9 of Kafka", &Trouble::kill_kafka},
        {"wiped Kafka", &Trouble::wipe_kafka},
        {"SIGSTOP", &Trouble::stop_one},
        {"SIGSTOP of all while PostgreSQL is down", &Trouble::stop_all_without_postgres},
        {"packets to PostgreSQL dropped", &Trouble::cut_from_postgres},
        {"packets of all to PostgreSQL dropped", &Trouble::cut_all_from_postgres},
        {"packets to Kafka dropped", &Trouble::cut_from_kafka},
        {"gateway's clock stepped", &Trouble::step_clock},
    };
};

// What must go on by itself once the last trouble is over, and when it did.
class Recovery {
public:
    Recovery(Park& park, SteadyTime healed) : park_(park), healed_(healed) {}

    void wait(const std::string& what, const std::function<bool()>& condition) {
        const auto left = kRecovery - (std::chrono::steady_clock::now() - healed_);
        INFO("I-28 " << what << " within " << kRecovery.count() << " s after the last fault");
        eventually(what, condition,
                   std::max(seconds(1), std::chrono::duration_cast<seconds>(left)));
        const auto took =
            std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - healed_);
        std::cout << "chaos: " << what << " after " << took.count() << " ms\n" << std::flush;
    }

    void charges_go_on(const std::string& meter_id) {
        wait("charges of " + meter_id, [&] {
            const auto last = park_.last_charge(meter_id);
            return last.has_value() && last->end_time().seconds() > start_seconds_;
        });
    }

private:
    Park& park_;
    SteadyTime healed_;
    std::int64_t start_seconds_ = to_micros(SystemClock().now()) / 1'000'000;
};

// The books and the relays against the simulator's truth and what clients were told.
void check_everything(Park& park, const Journal& journal,
                      const std::map<std::string, std::string>& accounts) {
    park.set_speed(0);
    for (const auto& [meter_id, account_id] : accounts) {
        CAPTURE(meter_id, account_id);
        park.check_books(meter_id, account_id, journal.paid_micros(account_id), kPriceMicros);
        eventually(
            "I-11 I-12 I-29 the relay of " + meter_id + " is as the balance wants it",
            [&] {
                const bool wants_power = park.account(account_id).balance_micros() > 0;
                return park.truth(meter_id).relay_closed() == wants_power;
            },
            seconds(60));
    }
}

void run_chaos(seconds time, std::uint64_t seed, bool each_kind) {
    std::cout << "chaos: seed " << seed << " for " << time.count() << " s\n" << std::flush;
    Stack stack(StackOptions{.is_proxied = true, .has_fake_clock = true});
    Park park(stack);
    park.set_speed(0);
    std::map<std::string, std::string> accounts;
    Journal journal;
    for (int i = 0; i < kRoomCount; ++i) {
        park.add_room(room(i), i % 2 == 1, kPriceMicros);
        accounts[room(i)] = park.open_account(room(i), 10 * kYuan);
        journal.opened(accounts[room(i)], 10 * kYuan);
        park.set_load(room(i), 1000 + 300 * i);
    }
    park.set_speed(1000);
    Trouble trouble(stack, seed);
    {
        Actors actors(stack, journal, accounts, seed);
        const auto end = std::chrono::steady_clock::now() + time;
        if (each_kind) {
            trouble.each();
        }
        while (std::chrono::steady_clock::now() < end) {
            trouble.one();
        }
        Recovery recovery(park, std::chrono::steady_clock::now());
        std::string unready;
        try {
            recovery.wait("all ready", [&] {
                unready = stack.unready();
                return unready.empty();
            });
        } catch (const std::exception&) {
            std::cout << "chaos: not ready: " << unready << '\n';
            throw;
        }
        const auto before = journal.count();
        recovery.wait("desk and phone", [&] { return journal.count() > before + 2; });
        for (const auto& [meter_id, account_id] : accounts) {
            park.top_up(account_id, 500 * kYuan);
            journal.opened(account_id, 500 * kYuan);
        }
        for (const auto& [meter_id, account_id] : accounts) {
            recovery.wait("power of " + meter_id,
                          [&] { return park.truth(meter_id).relay_closed(); });
            recovery.charges_go_on(meter_id);
        }
        actors.stop();
    }
    for (const auto& [meter_id, account_id] : accounts) {
        journal.wait_final(park, account_id);
    }
    check_everything(park, journal, accounts);
    const std::string export_check =
        stack.run("prepay-account journal --config '" + stack.folder() +
                  "/account.yaml' | hledger -f - check && echo BALANCED");
    REQUIRE(export_check.find("BALANCED") != std::string::npos);
    std::cout << "chaos: " << journal.text() << '\n';
    for (const auto& [name, count] : trouble.counts()) {
        std::cout << "chaos: " << count << " x " << name << '\n';
    }
}

bool skipped() {
    std::string why_not;
    if (can_run(why_not)) {
        return false;
    }
    WARN("SKIPPED: " + why_not);
    return true;
}

std::uint64_t seed() {
    return static_cast<std::uint64_t>(number_of(
        "PREPAY_CHAOS_SEED", static_cast<std::int64_t>(std::random_device()() % 1'000'000)));
}

}  // namespace

TEST_CASE("I-28 each kind of trouble once, then everything moves and the books agree", "[short]") {
    if (!skipped()) {
        run_chaos(seconds(0), seed(), true);
    }
}

TEST_CASE("I-28 ten minutes of trouble, then everything moves and the books agree", "[.long]") {
    if (!skipped()) {
        run_chaos(seconds(number_of("PREPAY_CHAOS_SECONDS", 600)), seed(), false);
    }
}

}  // namespace prepay::e2e
