#include "readings/domain/continuity.h"

#include <catch2/catch.hpp>

using namespace prepay;
using namespace prepay::metering;

namespace {

const Instant kStart = from_micros(1'790'000'000'000'000);

// 10 kW, hundredths of a kWh, 999,999.99 kWh: 15 kWh an hour are allowed, 62.5 Wh in 15 s.
PlausibilityLimits limits() {
    PlausibilityLimits result;
    result.max_per_hour = 10'000;
    result.resolution = 10;
    result.register_limit = 1'000'000'000;
    return result;
}

RegisterState state_after(std::int64_t wh, bool changed = false) {
    RegisterState state;
    state.base = ReadingBase{kStart, RegisterTotal::from_base_units(wh), 0};
    state.changed = changed;
    return state;
}

/// One reading of a story: when (seconds after the base), what, and what becomes of it.
struct Row {
    std::int64_t seconds;
    std::int64_t wh;
    const char* fault;  ///< "" = taken.
    bool quarantine = false;
};

struct Story {
    const char* what;
    std::int64_t base_wh;
    bool changed;
    std::vector<Row> rows;
};

void tell(const Story& story) {
    RegisterState state = state_after(story.base_wh, story.changed);
    for (const Row& row : story.rows) {
        INFO(story.what << ": " << row.wh << " Wh after " << row.seconds << " s");
        const Instant time = kStart + std::chrono::seconds(row.seconds);
        const Continuation judged =
            continue_register(state, RegisterTotal::from_base_units(row.wh), time, time, limits());
        const ReadingFault fault = judged.verdict.fault;
        CHECK(std::string(fault == ReadingFault::kNone ? "" : fault_reason(fault)) == row.fault);
        CHECK(judged.next.quarantined == row.quarantine);
        state = judged.next;
    }
}

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 24 * kHour;

}  // namespace

TEST_CASE("Which register continues the last good one, and which waits for a person") {
    const std::vector<Story> stories = {
        {"consumption", 5000, false, {{15, 5010, ""}, {30, 5040, ""}}},
        {"C2: a pattern for no value, then the register goes on",
         12'284'000,
         false,
         {{15, 42'949'672'950, "OVER_LIMIT"}, {30, 12'284'030, ""}}},
        {"C2: a zero, then the register goes on",
         12'284'000,
         false,
         {{15, 0, "REGISTER_DIP"},
          {30, 0, "REGISTER_DIP"},
          {45, 0, "REGISTER_DIP"},
          {60, 0, "REGISTER_DIP"},
          {75, 12'284'030, ""}}},
        {"one wrong value heals by itself",
         5000,
         false,
         {{15, 900'000, "TOO_FAST"}, {30, 5020, ""}, {45, 5040, ""}}},
        {"one dip heals by itself", 5000, false, {{15, 700, "REGISTER_DIP"}, {30, 5020, ""}}},
        {"two wrong values that do not continue each other heal",
         500'000,
         false,
         {{15, 900'000, "TOO_FAST"}, {30, 700, "REGISTER_DIP"}, {45, 500'020, ""}}},
        {"another meter's register, three times: a person decides",
         5000,
         false,
         {{15, 1'005'000, "TOO_FAST"},
          {30, 1'005'020, "TOO_FAST"},
          {45, 1'005'040, "TOO_FAST", true},
          {60, 1'005'060, "TOO_FAST", true}}},
        {"1,000 kWh more is not true after two days, nor after ten",
         5000,
         false,
         {{15, 1'005'000, "TOO_FAST"},
          {30, 1'005'020, "TOO_FAST"},
          {45, 1'005'040, "TOO_FAST", true},
          {3 * kDay, 1'005'060, "TOO_FAST", true},
          {10 * kDay, 1'005'080, "TOO_FAST", true}}},
        {"polled once a day: what time made reachable is refused all the same",
         5000,
         false,
         {{kDay, 1'005'000, "TOO_FAST"},
          {3 * kDay, 1'005'500, "TOO_FAST"},
          {4 * kDay, 1'006'000, "TOO_FAST", true}}},
        {"polled once a day: a dip does not become a rollover by waiting",
         999'000'000,
         false,
         {{kHour, 10'000, "REGISTER_DIP"},
          {4 * kDay, 10'500, "REGISTER_DIP"},
          {5 * kDay, 11'000, "REGISTER_DIP", true}}},
        {"in quarantine even the old register is not taken",
         5000,
         false,
         {{15, 905'000, "TOO_FAST"},
          {30, 905'020, "TOO_FAST"},
          {45, 905'040, "TOO_FAST", true},
          {60, 5060, "QUARANTINED", true}}},
        {"ten wild registers in a row are no glitch",
         500'000,
         false,
         {{15, 900'000, "TOO_FAST"},
          {30, 700, "REGISTER_DIP"},
          {45, 900'000, "TOO_FAST"},
          {60, 700, "REGISTER_DIP"},
          {75, 900'000, "TOO_FAST"},
          {90, 700, "REGISTER_DIP"},
          {105, 900'000, "TOO_FAST"},
          {120, 700, "REGISTER_DIP"},
          {135, 900'000, "TOO_FAST"},
          {150, 700, "REGISTER_DIP", true}}},
        {"honestly offline for two weeks: its consumption is taken",
         5000,
         false,
         {{14 * kDay, 605'000, ""}, {14 * kDay + 15, 605'020, ""}}},
        {"offline for a year: at most what a month explains",
         5000,
         false,
         {{365 * kDay, 11'100'000, ""}}},
        {"offline for a year, and more than a month explains",
         5000,
         false,
         {{365 * kDay, 12'000'000, "TOO_FAST"},
          {365 * kDay + 15, 12'000'020, "TOO_FAST"},
          {365 * kDay + 30, 12'000'040, "TOO_FAST", true}}},
        {"a rollover is no dip", 999'999'990, false, {{15, 20, ""}, {30, 40, ""}}},
        {"unit corrected, the register goes on", 5000, true, {{15, 5020, ""}, {30, 5040, ""}}},
        {"unit corrected, 1,000 kWh more: asked at once",
         5000,
         true,
         {{15, 1'005'000, "TOO_FAST", true}}},
        {"unit corrected, less: asked at once", 5000, true, {{15, 4000, "REGISTER_DIP", true}}},
        {"serial server replaced after three days: what a day explains is taken",
         5000,
         true,
         {{3 * kDay, 35'000, ""}}},
        {"address changed after ten days: more than a day explains is asked",
         5000,
         true,
         {{10 * kDay, 1'005'000, "TOO_FAST", true}}},
        {"a changed meter that is not there yet: no value says nothing",
         5000,
         true,
         {{15, 0, "REGISTER_DIP"}, {30, 42'949'672'950, "OVER_LIMIT"}, {45, 5020, ""}}},
    };
    for (const Story& story : stories) {
        tell(story);
    }
}

TEST_CASE("A register of the wrong time says nothing about its meter") {
    RegisterState state = state_after(5000);
    for (int i = 0; i < 20; ++i) {
        const Continuation judged =
            continue_register(state, RegisterTotal::from_base_units(900'000),
                              kStart + std::chrono::hours(24), kStart, limits());
        CHECK(judged.verdict.fault == ReadingFault::kFutureTime);
        CHECK_FALSE(judged.next.quarantined);
        CHECK_FALSE(judged.next.suspicion);
        state = judged.next;
    }
}

TEST_CASE("A discarded register that comes back is in quarantine again, the old one goes on") {
    RegisterState state = state_after(5000);
    state.suspicion = suspicion_of_discarded(RegisterTotal::from_base_units(1'005'000),
                                             kStart + std::chrono::hours(1));
    const Instant later = kStart + std::chrono::hours(72);
    const auto next = [&](std::int64_t wh) {
        return continue_register(state, RegisterTotal::from_base_units(wh), later, later, limits());
    };
    CHECK(next(1'005'500).quarantine_begins);
    CHECK(next(6'000).verdict.fault == ReadingFault::kNone);
    CHECK_FALSE(next(6'000).next.suspicion);
}

TEST_CASE("What a decision makes of a register") {
    struct Decision {
        const char* what;
        QuarantineDecision decision;
        std::int64_t seen;
        std::optional<std::int64_t> opening;
        std::optional<std::int64_t> closing;
        DecisionFault fault;
        std::vector<std::pair<int, std::int64_t>> readings;
    };
    using enum QuarantineDecision;
    const std::vector<Decision> decisions = {
        {"consumed", kAccept, 9000, {}, {}, DecisionFault::kNone, {{2, 9000}}},
        {"less is no consumption", kAccept, 4999, {}, {}, DecisionFault::kBelowPrevious, {}},
        {"discarded", kDiscard, 9000, {}, {}, DecisionFault::kNone, {}},
        {"new from what it shows", kNewEpoch, 30, {}, {}, DecisionFault::kNone, {{3, 30}}},
        {"new from zero", kNewEpoch, 30, 0, {}, DecisionFault::kNone, {{3, 0}, {3, 30}}},
        {"the old meter's last register counts",
         kNewEpoch,
         30,
         0,
         5200,
         DecisionFault::kNone,
         {{2, 5200}, {3, 0}, {3, 30}}},
        {"C4: ratio 20 to 40, 12.34 then 12.40: 2.40 kWh",
         kNewEpoch,
         496'000,
         493'600,
         {},
         DecisionFault::kNone,
         {{3, 493'600}, {3, 496'000}}},
        {"opening above", kNewEpoch, 30, 31, {}, DecisionFault::kBadOpening, {}},
        {"opening negative", kNewEpoch, 30, -1, {}, DecisionFault::kBadOpening, {}},
        {"closing below", kNewEpoch, 30, 0, 4999, DecisionFault::kBadClosing, {}},
        {"closing beyond", kNewEpoch, 30, 0, 1'000'000'001, DecisionFault::kBadClosing, {}},
    };
    const auto total = [](std::optional<std::int64_t> wh) {
        return wh ? std::optional(RegisterTotal::from_base_units(*wh)) : std::nullopt;
    };
    for (const Decision& row : decisions) {
        INFO(row.what);
        const Decided decided = decide_quarantine(
            row.decision, ReadingBase{kStart, RegisterTotal::from_base_units(5000), 2}, 2,
            RegisterTotal::from_base_units(row.seen), total(row.opening), total(row.closing),
            1'000'000'000);
        CHECK(decided.fault == row.fault);
        std::vector<std::pair<int, std::int64_t>> readings;
        for (const DecidedRegister& reading : decided.registers) {
            readings.emplace_back(reading.epoch, reading.total.base_units());
        }
        CHECK(readings == row.readings);
    }
}
