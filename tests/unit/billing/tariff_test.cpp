#include <catch2/catch.hpp>

#include "unit/billing/definitions.h"

namespace prepay::billing {
namespace {

using testing::day_and_night;
using testing::single_price;

std::string first_problem(const TariffDefinition& definition) {
    const auto problems = validate(definition);
    return problems.empty() ? "" : problems[0].field + " " + problems[0].reason;
}

TEST_CASE("a good definition has no problems") {
    CHECK(first_problem(single_price(500'000)).empty());
    CHECK(first_problem(day_and_night("America/Toronto")).empty());
}

TEST_CASE("every rule of a definition names its field and reason") {
    TariffDefinition d = day_and_night("Asia/Shanghai");
    auto& slots = d.seasons[0].schedules[0].slots;
    SECTION("zone") {
        d.time_zone = "Mars/Olympus";
        CHECK(first_problem(d) == "time_zone BAD_TIME_ZONE");
    }
    SECTION("month twice") {
        d.seasons[0].months.push_back(3);
        CHECK(first_problem(d) == "seasons[0].months SEASON_MONTH");
    }
    SECTION("month missing") {
        d.seasons[0].months.pop_back();
        CHECK(first_problem(d) == "seasons SEASON_MONTH");
    }
    SECTION("month out of range") {
        d.seasons[0].months[0] = 13;
        CHECK(first_problem(d) == "seasons[0].months SEASON_MONTH");
    }
    SECTION("day type twice") {
        d.seasons[0].schedules.push_back(d.seasons[0].schedules[0]);
        CHECK(first_problem(d) == "seasons[0].schedules[1].day_type DAY_TYPE_REPEATED");
    }
    SECTION("day type missing") {
        d.seasons[0].schedules[0].day_type = DayType::kWeekday;
        CHECK(first_problem(d) == "seasons[0].schedules DAY_TYPE_MISSING");
    }
    SECTION("not a half hour") {
        slots[0].end_minute = 475;
        slots[1].start_minute = 475;
        CHECK(first_problem(d) == "seasons[0].schedules[0].slots[0] SLOT_GRID");
    }
    SECTION("gap") {
        slots[1].start_minute = 510;
        CHECK(first_problem(d) == "seasons[0].schedules[0].slots[1].start_minute SLOT_GAP");
    }
    SECTION("overlap") {
        slots[1].start_minute = 450;
        CHECK(first_problem(d) == "seasons[0].schedules[0].slots[1].start_minute SLOT_GAP");
    }
    SECTION("day not full") {
        slots.pop_back();
        CHECK(first_problem(d) == "seasons[0].schedules[0].slots SLOT_GAP");
    }
    SECTION("slot without period") {
        slots[0].period = RatePeriod::kSingle;
        CHECK(first_problem(d) == "seasons[0].schedules[0].slots[0].period SLOT_PERIOD");
    }
    SECTION("holiday") {
        d.holidays = {{2025, 2, 29}};
        CHECK(first_problem(d) == "holidays[0] HOLIDAY_DATE");
        d.holidays = {{2024, 2, 29}, {2024, 2, 29}};
        CHECK(first_problem(d) == "holidays[1] HOLIDAY_DATE");
    }
    SECTION("no tiers") {
        d.tiers.clear();
        CHECK(first_problem(d) == "tiers TIERS_COUNT");
    }
    SECTION("tiers without span") {
        d.tiers.insert(d.tiers.begin(), {100, d.tiers[0].prices});
        CHECK(first_problem(d) == "tier_span TIER_SPAN_MISSING");
    }
    SECTION("bounds do not grow") {
        d.tier_span = TierSpan::kMonth;
        d.tiers = {{100, d.tiers[0].prices}, {100, d.tiers[0].prices}, {0, d.tiers[0].prices}};
        CHECK(first_problem(d) == "tiers[1].upper_bound TIER_BOUND");
    }
    SECTION("last tier bounded") {
        d.tiers[0].upper_bound = 5;
        CHECK(first_problem(d) == "tiers[0].upper_bound TIER_BOUND");
    }
    SECTION("price out of range") {
        d.tiers[0].prices[1].price = Price::from_micros(kPriceMicrosMax + 1);
        CHECK(first_problem(d) == "tiers[0].prices[1].price_micros PRICE_RANGE");
        d.tiers[0].prices[1].price = Price::from_micros(-1);
        CHECK(first_problem(d) == "tiers[0].prices[1].price_micros PRICE_RANGE");
    }
    SECTION("price twice") {
        d.tiers[0].prices.push_back(d.tiers[0].prices[0]);
        CHECK(first_problem(d) == "tiers[0].prices[5].period PRICE_REPEATED");
    }
    SECTION("price missing") {
        d.tiers[0].prices.erase(d.tiers[0].prices.begin() + 3);
        CHECK(first_problem(d) == "tiers[0].prices PRICE_MISSING");
    }
    SECTION("single price among periods") {
        d.tiers[0].prices[0].period = RatePeriod::kSingle;
        CHECK(first_problem(d) == "tiers[0].prices[0].period PRICE_PERIOD");
    }
}

TEST_CASE("compiled segments are the wall clock's, also on 23- and 25-hour days") {
    const auto start = testing::at("2012-03-11T00:00:00-05:00");
    const CompiledTariff spring(day_and_night("America/Toronto"), start,
                                start + std::chrono::hours(23));
    // valley 8 h minus the skipped hour, peak 14 h, valley 2 h.
    REQUIRE(spring.segments().size() == 4);
    CHECK(from_micros(spring.segments()[1].start_micros) == start + std::chrono::hours(7));
    CHECK(from_micros(spring.segments()[2].start_micros) == start + std::chrono::hours(21));

    const auto autumn_start = testing::at("2012-11-04T00:00:00-04:00");
    const CompiledTariff autumn(day_and_night("America/Toronto"), autumn_start,
                                autumn_start + std::chrono::hours(25));
    REQUIRE(autumn.segments().size() == 4);
    CHECK(from_micros(autumn.segments()[1].start_micros) == autumn_start + std::chrono::hours(9));
    CHECK(from_micros(autumn.segments()[2].start_micros) == autumn_start + std::chrono::hours(23));
}

TEST_CASE("a switch time inside a repeated hour happens twice") {
    TariffDefinition d = day_and_night("America/Toronto");
    d.seasons[0].schedules[0].slots = {{0, 90, RatePeriod::kValley}, {90, 1440, RatePeriod::kPeak}};
    const auto start = testing::at("2012-11-04T00:00:00-04:00");
    const CompiledTariff compiled(d, start, start + std::chrono::hours(25));
    // 0:00-1:30 valley, 1:30-2:00 peak, back to 1:00-1:30 valley, then peak.
    REQUIRE(compiled.segments().size() == 5);
    const std::vector<int> minutes = {0, 90, 120, 150};
    for (std::size_t i = 0; i < minutes.size(); ++i) {
        CHECK(from_micros(compiled.segments()[i].start_micros) ==
              start + std::chrono::minutes(minutes[i]));
    }
}

}  // namespace
}  // namespace prepay::billing
