#include <catch2/catch.hpp>

#include <sstream>

#include "quantity/text.h"
#include "unit/billing/definitions.h"

namespace prepay::billing {
namespace {

using testing::at;
using testing::day_and_night;
using testing::prices;
using testing::rate_once;
using testing::single_price;

// "peak t1 1500 @0.5 | …", one entry a line.
std::string show(const std::vector<RatedLine>& lines) {
    std::string text;
    for (const RatedLine& line : lines) {
        text += (text.empty() ? "" : " | ") + std::string(to_text(line.period)) + " t" +
                std::to_string(line.tier) + " " + std::to_string(line.quantity.base_units()) +
                " @" + format_decimal(line.price.micros(), 6, 1);
    }
    return text;
}

TEST_CASE("a single price gives one line with the exact product") {
    const auto lines = rate_once(single_price(528'300), "2026-03-01T10:00:00+08:00",
                                 "2026-03-01T10:15:00+08:00", 3'251);
    CHECK(show(lines) == "single t1 3251 @0.5283");
    CHECK(lines[0].picos() == 3'251LL * 528'300 * kPicosPerNano);
    CHECK(lines[0].start == at("2026-03-01T10:00:00+08:00"));
    CHECK(lines[0].end == at("2026-03-01T10:15:00+08:00"));
}

TEST_CASE("no energy gives no line") {
    CHECK(
        rate_once(day_and_night("Asia/Shanghai"), "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", 0)
            .empty());
}

TEST_CASE("switch times split by time, by the floor of the cumulative share") {
    struct Row {
        const char* start;
        const char* end;
        std::int64_t wh;
        const char* lines;
    };
    const Row rows[] = {
        {"2026-03-01T07:30:00+08:00", "2026-03-01T08:30:00+08:00", 1001,
         "valley t1 500 @1.0 | peak t1 501 @3.0"},
        {"2026-03-01T07:00:00+08:00", "2026-03-01T08:00:00+08:00", 10, "valley t1 10 @1.0"},
        {"2026-03-01T08:00:00+08:00", "2026-03-01T09:00:00+08:00", 10, "peak t1 10 @3.0"},
        {"2026-03-01T00:00:00+08:00", "2026-03-02T00:00:00+08:00", 2400,
         "valley t1 800 @1.0 | peak t1 1400 @3.0 | valley t1 200 @1.0"},
        // 1 Wh over a border falls to the last part: the floor of the first share is 0.
        {"2026-03-01T07:00:00+08:00", "2026-03-01T09:00:00+08:00", 1, "peak t1 1 @3.0"},
        // Energy at one moment belongs to that moment's period.
        {"2026-03-01T08:00:00+08:00", "2026-03-01T08:00:00+08:00", 7, "peak t1 7 @3.0"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.start, row.end, row.wh);
        CHECK(show(rate_once(day_and_night("Asia/Shanghai"), row.start, row.end, row.wh)) ==
              row.lines);
    }
}

TEST_CASE("seasons, weekdays and holidays choose the schedule") {
    TariffDefinition d = day_and_night("Asia/Shanghai");
    const auto all_day = [](RatePeriod period) { return std::vector<DaySlot>{{0, 1440, period}}; };
    d.seasons = {{"summer", {6, 7, 8, 9}, {{DayType::kAny, all_day(RatePeriod::kSharp)}}},
                 {"rest",
                  {1, 2, 3, 4, 5, 10, 11, 12},
                  {{DayType::kWeekday, all_day(RatePeriod::kPeak)},
                   {DayType::kWeekend, all_day(RatePeriod::kFlat)},
                   {DayType::kHoliday, all_day(RatePeriod::kDeepValley)}}}};
    d.holidays = {{2026, 10, 1}, {2026, 10, 3}};
    const std::pair<const char*, const char*> rows[] = {
        {"2026-09-30T12:00:00+08:00", "sharp t1 5 @4.0"},        // Wednesday, summer.
        {"2026-10-01T12:00:00+08:00", "deep_valley t1 5 @0.5"},  // Thursday, holiday.
        {"2026-10-02T12:00:00+08:00", "peak t1 5 @3.0"},         // Friday.
        {"2026-10-03T12:00:00+08:00", "deep_valley t1 5 @0.5"},  // Saturday, holiday.
        {"2026-10-04T12:00:00+08:00", "flat t1 5 @2.0"},         // Sunday.
        {"2026-10-04T23:59:59+08:00", "peak t1 5 @3.0"},         // All but a second is Monday.
    };
    for (const auto& [start, expected] : rows) {
        CAPTURE(start);
        const std::string end = format_time(at(start) + std::chrono::hours(1));
        const auto lines = rate_once(d, start, end.c_str(), 5);
        CHECK(show(lines) == expected);
    }
}

TEST_CASE("one tier counter runs over all periods and starts anew with each span") {
    TariffDefinition d = day_and_night("Asia/Shanghai");
    d.tier_span = TierSpan::kMonth;
    d.tiers = {{1'000, prices(0, 300, 0, 100, 0)},
               {3'000, prices(0, 600, 0, 200, 0)},
               {0, prices(0, 900, 0, 300, 0)}};
    TierCounter counter;
    CHECK(show(rate_once(d, "2026-03-31T06:00:00+08:00", "2026-03-31T07:00:00+08:00", 600,
                         &counter)) == "valley t1 600 @0.0001");
    CHECK(show(rate_once(d, "2026-03-31T09:00:00+08:00", "2026-03-31T10:00:00+08:00", 2'500,
                         &counter)) ==
          "peak t1 400 @0.0003 | peak t2 2000 @0.0006 | peak t3 100 @0.0009");
    CHECK(counter.used == 3'100);
    // Midnight into April: the counter starts anew in the middle of the interval.
    CHECK(show(rate_once(d, "2026-03-31T23:30:00+08:00", "2026-04-01T00:30:00+08:00", 20,
                         &counter)) == "valley t3 10 @0.0003 | valley t1 10 @0.0001");
    CHECK(counter.used == 10);
}

TEST_CASE("quarter and year spans") {
    TariffDefinition d = single_price(1'000'000);
    d.tiers = {{100, {{RatePeriod::kSingle, Price::from_micros(1'000'000)}}},
               {0, {{RatePeriod::kSingle, Price::from_micros(2'000'000)}}}};
    const auto run = [&](TierSpan span, const char* second_start) {
        d.tier_span = span;
        TierCounter counter;
        rate_once(d, "2025-12-01T00:00:00+08:00", "2025-12-01T01:00:00+08:00", 150, &counter);
        const std::string end = format_time(at(second_start) + std::chrono::hours(1));
        return show(rate_once(d, second_start, end.c_str(), 10, &counter));
    };
    CHECK(run(TierSpan::kQuarter, "2025-12-31T22:00:00+08:00") == "single t2 10 @2.0");
    CHECK(run(TierSpan::kQuarter, "2026-01-01T00:00:00+08:00") == "single t1 10 @1.0");
    CHECK(run(TierSpan::kYear, "2025-12-31T22:00:00+08:00") == "single t2 10 @2.0");
    CHECK(run(TierSpan::kYear, "2026-01-01T00:00:00+08:00") == "single t1 10 @1.0");
    CHECK(run(TierSpan::kMonth, "2026-12-01T00:00:00+08:00") == "single t1 10 @1.0");
}

TEST_CASE("water is rated by the cubic metre, and its tiers are filled by the litre") {
    TariffDefinition d = single_price(0);
    d.tier_span = TierSpan::kMonth;
    d.tiers = {{12'000'000, {{RatePeriod::kSingle, Price::from_micros(3'100'000)}}},
               {18'000'000, {{RatePeriod::kSingle, Price::from_micros(4'650'001)}}},
               {0, {{RatePeriod::kSingle, Price::from_micros(9'300'000)}}}};
    const CompiledTariff tariff(d, at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    TierCounter counter;
    std::vector<RatedLine> lines;
    rate(tariff, {at("2026-05-01T00:00:00Z"), at("2026-05-02T00:00:00Z"), Quantity::ml(1'000'000)},
         counter, lines);
    REQUIRE(lines.size() == 1);
    CHECK(round_with_carry(lines[0].picos(), 0).amount == Money::from_fen(310));
    lines.clear();
    rate(tariff, {at("2026-05-02T00:00:00Z"), at("2026-05-03T00:00:00Z"), Quantity::ml(17'000'003)},
         counter, lines);
    REQUIRE(lines.size() == 3);
    CHECK(lines[0].quantity == Quantity::ml(11'000'000));
    CHECK(lines[1].quantity == Quantity::ml(6'000'000));
    CHECK(lines[2].quantity == Quantity::ml(3));
    CHECK(lines[0].picos() == 34'100'000LL * kPicosPerMicro);
    CHECK(lines[1].picos() == 27'900'006LL * kPicosPerMicro);
    CHECK(lines[2].picos() == 27'900'000);  // 3 mL at 9.30: below a micro-yuan's hundredth of fen.
    CHECK(counter.used == 18'000'003);
    // 90,000 m3 at 100 yuan.
    const CompiledTariff dear(single_price(kPriceMicrosMax), at("2026-01-01T00:00:00Z"),
                              at("2027-01-01T00:00:00Z"));
    TierCounter none;
    lines.clear();
    rate(dear,
         {at("2026-05-01T00:00:00Z"), at("2026-05-02T00:00:00Z"),
          Quantity::ml(kIntervalQuantityMax)},
         none, lines);
    CHECK(round_with_carry(lines[0].picos(), 999'999).amount == Money::from_yuan(9'000'000));
}

TEST_CASE("a tier border is exclusive: the Wh that fills the tier is its last") {
    TariffDefinition d = single_price(1'000'000);
    d.tier_span = TierSpan::kYear;
    d.tiers = {{100, {{RatePeriod::kSingle, Price::from_micros(1'000'000)}}},
               {0, {{RatePeriod::kSingle, Price::from_micros(2'000'000)}}}};
    TierCounter counter;
    const auto step = [&](std::int64_t wh) {
        return show(
            rate_once(d, "2026-05-01T00:00:00+08:00", "2026-05-01T01:00:00+08:00", wh, &counter));
    };
    CHECK(step(99) == "single t1 99 @1.0");
    CHECK(step(1) == "single t1 1 @1.0");
    CHECK(step(1) == "single t2 1 @2.0");
}

TEST_CASE("the largest energy at the largest price does not overflow") {
    const auto lines = rate_once(single_price(kPriceMicrosMax), "2026-01-01T00:00:00Z",
                                 "2026-02-01T00:00:00Z", kIntervalQuantityMax);
    CHECK(split_picos(lines[0].picos()).nanos == 9'000'000'000'000'000'000LL);
}

}  // namespace
}  // namespace prepay::billing
