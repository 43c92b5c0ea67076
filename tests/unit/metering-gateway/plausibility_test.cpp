#include "readings/domain/plausibility.h"

#include <catch2/catch.hpp>

using namespace prepay;
using namespace prepay::metering;

namespace {

constexpr std::int64_t kSecond = 1'000'000;
const Instant kNow = from_micros(1'790'000'000 * kSecond);

PlausibilityLimits limits() {
    PlausibilityLimits result;
    result.max_per_hour = 10'000;
    result.resolution = 10;
    result.register_limit = 1'000'000'000;
    result.margin_percent = 150;
    return result;
}

Instant before(std::int64_t seconds) { return kNow - std::chrono::seconds(seconds); }

Verdict judge_after(std::int64_t base_wh, std::int64_t base_age_s, std::int64_t wh,
                    Instant read_time = kNow) {
    return judge(ReadingBase{before(base_age_s), RegisterTotal::from_base_units(base_wh), 3}, 3,
                 RegisterTotal::from_base_units(wh), read_time, kNow, limits());
}

}  // namespace

TEST_CASE("Live readings against their base") {
    struct Row {
        const char* what;
        std::int64_t base_wh;
        std::int64_t age_s;
        std::int64_t wh;
        ReadingFault fault;
    };
    // 10 kW x 1.5 in an hour = 15,000 Wh; two register steps of doubt = 20 Wh.
    const Row rows[] = {
        {"nothing consumed", 5000, 3600, 5000, ReadingFault::kNone},
        {"consumption", 5000, 3600, 9000, ReadingFault::kNone},
        {"as fast as allowed", 5000, 3600, 20'020, ReadingFault::kNone},
        {"one Wh faster", 5000, 3600, 20'021, ReadingFault::kTooFast},
        {"kWh taken for Wh", 5000, 3600, 5'000'000, ReadingFault::kTooFast},
        {"two steps at once", 5000, 0, 5020, ReadingFault::kNone},
        {"rollback by one step", 5000, 3600, 4990, ReadingFault::kRegisterDip},
        {"rollback to zero", 500'000, 3600, 0, ReadingFault::kRegisterDip},
        {"negative register", 5000, 3600, -10, ReadingFault::kNegativeRegister},
        {"beyond the register", 999'999'990, 3600, 1'000'000'010, ReadingFault::kOverLimit},
        {"dip near the limit", 999'999'990, 3600, 999'999'980, ReadingFault::kRegisterDip},
        {"multiplier changed to tenth", 500'000, 3600, 50'000, ReadingFault::kRegisterDip},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        CHECK(judge_after(row.base_wh, row.age_s, row.wh).fault == row.fault);
    }
}

TEST_CASE("A gap gives more room, and nothing is lost by it") {
    CHECK(judge_after(5000, 3600, 200'000).fault == ReadingFault::kTooFast);
    CHECK(judge_after(5000, 24 * 3600, 200'000).fault == ReadingFault::kNone);
}

TEST_CASE("Times outside what can be are refused") {
    CHECK(judge_after(5000, 60, 5000, kNow + std::chrono::seconds(121)).fault ==
          ReadingFault::kFutureTime);
    CHECK(judge_after(5000, 60, 5000, kNow + std::chrono::seconds(119)).fault ==
          ReadingFault::kNone);
    CHECK(judge_after(5000, 60, 5000, before(61)).fault == ReadingFault::kNotInOrder);
    CHECK(judge_after(5000, 60, 5000, kNow - std::chrono::hours(24 * 8000)).fault ==
          ReadingFault::kTooOld);
}

TEST_CASE("Rollover at 999999.99 kWh closes one epoch and opens the next") {
    const Verdict verdict = judge_after(999'999'000, 3600, 3'000);
    CHECK(verdict.fault == ReadingFault::kNone);
    CHECK(verdict.epoch == 4);
    REQUIRE(verdict.rollover_time);
    // 1,000 of 4,000 Wh flowed before the limit: a quarter of the hour.
    CHECK(*verdict.rollover_time == before(2700));
}

TEST_CASE("After a swap the first reading is a base of its own") {
    const Verdict verdict =
        judge(ReadingBase{before(60), RegisterTotal::from_base_units(700'000), 0}, 1,
              RegisterTotal::from_base_units(30), kNow, kNow, limits());
    CHECK(verdict.fault == ReadingFault::kNone);
    CHECK(verdict.epoch == 1);
}

TEST_CASE("The first reading of a meter is taken as it is") {
    CHECK(judge(std::nullopt, 0, RegisterTotal::from_base_units(123), kNow, kNow, limits()).fault ==
          ReadingFault::kNone);
}

namespace {

struct ImportRowSpec {
    std::int64_t age_s;
    std::int64_t wh;
    ReadingFault fault;
    bool duplicate;
};

void check_import(std::vector<ReadingBase> stored, const std::vector<ImportRowSpec>& rows,
                  int epoch = 0) {
    std::vector<ImportCandidate> candidates;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        candidates.push_back(
            {i, before(rows[i].age_s), RegisterTotal::from_base_units(rows[i].wh)});
    }
    const auto verdicts = judge_import(std::move(stored), candidates, epoch, kNow, limits());
    REQUIRE(verdicts.size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
        INFO("row " << i);
        CHECK(verdicts[i].index == i);
        CHECK(verdicts[i].fault == rows[i].fault);
        CHECK(verdicts[i].duplicate == rows[i].duplicate);
    }
}

}  // namespace

TEST_CASE("Import: rows are judged against each other in time, whatever their order") {
    using F = ReadingFault;
    check_import({}, {{7200, 1000, F::kNone, false},
                      {3600, 2000, F::kNone, false},
                      {3600, 2000, F::kNone, true},            // Duplicate, same value.
                      {3600, 2010, F::kValueConflict, false},  // Duplicate, other value.
                      {1800, 1500, F::kRegisterDip, false},    // Rollback.
                      {5400, 1500, F::kNone, false},           // Late, fits between.
                      {5300, 2500, F::kRegisterDip, false},    // Overlap: above a later one.
                      {0, 900'000, F::kTooFast, false},        // kWh/Wh mix.
                      {-7200, 3000, F::kFutureTime, false},
                      {0, -1, F::kNegativeRegister, false},
                      {0, 2'000'000'000, F::kOverLimit, false},
                      {24 * 3600 * 8000LL, 0, F::kTooOld, false}});
}

TEST_CASE("Import: history before live readings must end below them") {
    using F = ReadingFault;
    const std::vector<ReadingBase> live = {{before(60), RegisterTotal::from_base_units(5000), 2}};
    check_import(live, {{7200, 4000, F::kNone, false},
                        {3600, 5010, F::kRegisterDip, false},
                        {3600, 5000, F::kNone, false},
                        {60, 5000, F::kNone, true},
                        {60, 4999, F::kValueConflict, false}});
}

TEST_CASE("Import: over a rollover, rows belong to the epoch they fit") {
    const std::vector<ReadingBase> stored = {
        {before(7200), RegisterTotal::from_base_units(999'999'000), 0},
        {before(3600), RegisterTotal::from_base_units(2000), 1}};
    const auto verdicts =
        judge_import(stored,
                     {{0, before(5400), RegisterTotal::from_base_units(999'999'500)},
                      {1, before(4000), RegisterTotal::from_base_units(500)}},
                     1, kNow, limits());
    CHECK(verdicts[0].fault == ReadingFault::kNone);
    CHECK(verdicts[0].epoch == 0);
    CHECK(verdicts[1].fault == ReadingFault::kNone);
    CHECK(verdicts[1].epoch == 1);
}

TEST_CASE("The repeated hour of a DST change is two different hours") {
    // 01:30 twice in local time is 05:30Z and 06:30Z: no duplicate, no dip.
    check_import(
        {}, {{7200, 1000, ReadingFault::kNone, false}, {3600, 1400, ReadingFault::kNone, false}});
}

TEST_CASE("Reasons are stable words") {
    CHECK(std::string(fault_reason(ReadingFault::kRegisterDip)) == "REGISTER_DIP");
    CHECK(std::string(fault_reason(ReadingFault::kTooFast)) == "TOO_FAST");
    CHECK(std::string(fault_reason(ReadingFault::kFutureTime)) == "FUTURE_TIME");
    CHECK(std::string(fault_reason(ReadingFault::kUnknownMeter)) == "UNKNOWN_METER");
}
