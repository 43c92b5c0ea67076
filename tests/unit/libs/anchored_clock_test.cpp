#include "core/anchored_clock.h"

#include <catch2/catch.hpp>

using namespace prepay;

namespace {

const Instant kStart = from_micros(1'790'000'000'000'000);

/// A machine whose wall clock somebody sets.
class Machine final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return kStart + passed + set; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(passed);
    }
    Duration passed{0};
    Duration set{0};
};

constexpr std::int64_t kSecond = 1;
constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 86'400;

}  // namespace

TEST_CASE("S-21: which clock to go by") {
    using enum ClockVerdict;
    struct Row {
        const char* what;
        std::int64_t machine;  ///< Seconds ahead of the anchored time.
        std::optional<std::int64_t> database;
        bool elsewhere;
        bool confirmed;
        ClockVerdict verdict;
    };
    const Row rows[] = {
        {"all agree", 0, 0, true, true, kRight},
        {"no database, no step", 0, {}, false, true, kRight},
        {"two seconds are no step", 2, {}, false, true, kRight},
        {"three are, and nobody to ask", 3, {}, false, true, kDoubt},
        {"a day ahead, the database knows better", kDay, 0, true, true, kKeep},
        {"a day back, the database knows better", -kDay, 0, false, true, kKeep},
        {"an hour ahead, the database elsewhere agrees", kHour, kHour, true, true, kFollow},
        {"an hour back, the database elsewhere agrees", -kHour, -kHour, true, true, kFollow},
        {"a day ahead on the database's own machine", kDay, kDay, false, true, kDoubt},
        {"a day back on the database's own machine", -kDay, -kDay, false, true, kDoubt},
        {"a correction on the database's own machine", 60, 60, false, true, kFollow},
        {"a correction back", -60, -60, false, true, kFollow},
        {"three clocks, three times", kHour, -kHour, true, true, kDoubt},
        {"machines a little apart", 0, 20, true, false, kRight},
        {"started with a wrong clock", 0, -kDay, true, false, kDoubt},
        {"the database's clock was set wrong", 0, kDay, true, true, kKeep},
        {"a step of one second", kSecond, 0, true, true, kRight},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        ClockFacts facts;
        facts.anchored = kStart;
        facts.machine = kStart + std::chrono::seconds(row.machine);
        if (row.database) {
            facts.database = {kStart + std::chrono::seconds(*row.database), row.elsewhere};
        }
        facts.was_confirmed = row.confirmed;
        CHECK(judge_clocks(facts) == row.verdict);
    }
}

TEST_CASE("I-24: the time goes on by itself while the wall clock is wrong, by a day or an hour") {
    for (const std::int64_t step : {kDay, -kDay, kHour, -kHour}) {
        Machine machine;
        AnchoredClock clock(machine, [&] { return machine.passed; });
        const auto database = [&] { return DatabaseTime{kStart + machine.passed, false}; };
        CHECK(clock.check(database()) == ClockVerdict::kRight);
        machine.passed += std::chrono::seconds(10);
        machine.set = std::chrono::seconds(step);
        CHECK_FALSE(clock.is_in_doubt());
        CHECK(is_in_doubt(clock));  // Noticed by who asks, before any check.
        CHECK(clock.now() == kStart + std::chrono::seconds(10));
        CHECK(clock.check(std::nullopt) == ClockVerdict::kDoubt);
        CHECK(clock.check(database()) == ClockVerdict::kKeep);
        CHECK_FALSE(is_in_doubt(clock));
        CHECK(clock.step() == std::chrono::seconds(step));
        machine.passed += std::chrono::seconds(10);
        CHECK(clock.now() == kStart + std::chrono::seconds(20));
        machine.set = Duration(0);
        CHECK(clock.check(database()) == ClockVerdict::kRight);
        CHECK(clock.now() == kStart + std::chrono::seconds(20));
        CHECK_FALSE(is_in_doubt(clock));
    }
}

TEST_CASE("A clock that a person sets right is followed when another machine says so") {
    Machine machine;
    AnchoredClock clock(machine, [&] { return machine.passed; });
    machine.set = std::chrono::hours(5);
    CHECK(clock.check(DatabaseTime{machine.now(), true}) == ClockVerdict::kFollow);
    CHECK(clock.now() == kStart + std::chrono::hours(5));
    CHECK_FALSE(is_in_doubt(clock));
}

TEST_CASE("A whole machine's step stops what depends on the time until the clock is back") {
    Machine machine;
    AnchoredClock clock(machine, [&] { return machine.passed; });
    machine.set = std::chrono::hours(24);
    CHECK(clock.check(DatabaseTime{machine.now(), false}) == ClockVerdict::kDoubt);
    CHECK(is_in_doubt(clock));
    CHECK(clock.now() == kStart);
    machine.set = Duration(0);
    CHECK(clock.check(DatabaseTime{machine.now(), false}) == ClockVerdict::kRight);
    CHECK_FALSE(is_in_doubt(clock));
}

TEST_CASE("Small corrections are followed forward, and never run back") {
    Machine machine;
    AnchoredClock clock(machine, [&] { return machine.passed; });
    machine.set = std::chrono::milliseconds(500);
    CHECK(clock.check(std::nullopt) == ClockVerdict::kRight);
    CHECK(clock.now() == kStart + std::chrono::milliseconds(500));
    machine.set = std::chrono::milliseconds(-500);
    CHECK(clock.check(std::nullopt) == ClockVerdict::kRight);
    CHECK(clock.now() == kStart + std::chrono::milliseconds(500));
}

TEST_CASE("Other clocks are never in doubt") { CHECK_FALSE(is_in_doubt(SystemClock())); }
