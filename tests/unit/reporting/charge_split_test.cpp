#include "domain/charge_split.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <random>

#include "domain/rollup.h"

using namespace prepay;
using namespace prepay::reporting;

namespace {

TimeZone zone(const std::string& name) { return TimeZone::load(name).value(); }
Instant at(const std::string& text) { return parse_time(text).value(); }

PostedCharge charge(const std::string& start, const std::string& end, std::int64_t wh,
                    std::int64_t micros) {
    PostedCharge result;
    result.site_id = "park-1";
    result.room_id = "r-1";
    result.start_time = at(start);
    result.end_time = at(end);
    result.post_time = at(end);
    result.quantity = Quantity::wh(wh);
    result.amount = Money::from_micros(micros);
    return result;
}

}  // namespace

TEST_CASE("A charge within an hour stays whole") {
    const auto parts = split_by_hour(
        charge("2026-11-22T01:15:00Z", "2026-11-22T01:30:00Z", 123, 77), TimeZone::utc());
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].quantity == Quantity::wh(123));
    CHECK(parts[0].amount == Money::from_micros(77));
    CHECK(parts[0].hour.start == at("2026-11-22T01:00:00Z"));
}

TEST_CASE("A charge over local midnight is split by time, to the last unit") {
    // 23:40 to 00:20 in Shanghai; 101 Wh over halves: floor first, the rest after.
    const auto parts = split_by_hour(
        charge("2026-11-22T15:40:00Z", "2026-11-22T16:20:00Z", 101, 1001), zone("Asia/Shanghai"));
    REQUIRE(parts.size() == 2);
    CHECK(format_date(parts[0].hour.date) == "2026-11-22");
    CHECK(format_date(parts[1].hour.date) == "2026-11-23");
    CHECK(parts[0].quantity == Quantity::wh(50));
    CHECK(parts[1].quantity == Quantity::wh(51));
    CHECK(parts[0].amount == Money::from_micros(500));
    CHECK(parts[1].amount == Money::from_micros(501));
}

TEST_CASE("The day of 23 hours and the day of 25") {
    const TimeZone new_york = zone("America/New_York");
    // A constant load of 1 kW over the day before, the short day and the day after.
    Rollup rollup;
    add_to_rooms(rollup, charge("2026-03-07T05:00:00Z", "2026-03-10T04:00:00Z", 71'000, 710),
                 new_york);
    CHECK(rollup.days.at({{2026, 3, 7}, "r-1"}).energy == Quantity::wh(24'000));
    CHECK(rollup.days.at({{2026, 3, 8}, "r-1"}).energy == Quantity::wh(23'000));
    CHECK(rollup.days.at({{2026, 3, 9}, "r-1"}).energy == Quantity::wh(24'000));
    Rollup autumn;
    add_to_rooms(autumn, charge("2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z", 25'000, 25),
                 new_york);
    REQUIRE(autumn.days.size() == 1);
    CHECK(autumn.days.at({{2026, 11, 1}, "r-1"}).energy == Quantity::wh(25'000));
    CHECK(autumn.hours.size() == 25);
}

TEST_CASE("Without length, too long, reversed in time: counted whole, once") {
    const TimeZone utc = TimeZone::utc();
    CHECK(split_by_hour(charge("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", 5, 6), utc).size() ==
          1);
    const auto reversed =
        split_by_hour(charge("2026-01-01T10:00:00Z", "2026-01-01T08:00:00Z", 5, 6), utc);
    REQUIRE(reversed.size() == 1);
    CHECK(reversed[0].hour.start == at("2026-01-01T10:00:00Z"));
    const auto endless =
        split_by_hour(charge("1990-01-01T00:00:00Z", "2026-01-01T08:00:00Z", 5, 6), utc);
    REQUIRE(endless.size() == 1);
    CHECK(endless[0].hour.start == at("2026-01-01T07:00:00Z"));
    // An interval that ends on the hour does not touch the next one.
    CHECK(split_by_hour(charge("2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z", 5, 6), utc).size() ==
          1);
}

TEST_CASE("Any split adds up exactly, rates included, and a reversal cancels each hour (I-27)") {
    std::mt19937_64 random(20261122);
    const std::vector<TimeZone> zones = {zone("Asia/Shanghai"), zone("America/New_York"),
                                         zone("Australia/Lord_Howe"), zone("Asia/Kolkata")};
    for (int round = 0; round < 3000; ++round) {
        PostedCharge sample;
        sample.room_id = "r";
        sample.start_time = from_micros(1'700'000'000'000'000 +
                                        static_cast<std::int64_t>(random() % 100'000'000'000'000U));
        sample.end_time = sample.start_time + Duration(random() % 200'000'000'000U);
        sample.amount = Money::from_micros(static_cast<std::int64_t>(random() % 10'000'000'000U) -
                                           5'000'000'000);
        for (std::int64_t& rate : sample.rates) {
            rate = static_cast<std::int64_t>(random() % 100'000U);
        }
        sample.quantity = Quantity::wh(
            std::accumulate(sample.rates.begin(), sample.rates.end(), std::int64_t{0}));
        if (round % 3 == 0) {
            sample.quantity += Quantity::wh(7);  // Rates that do not add up: the energy leads.
        }
        const TimeZone& here = zones[static_cast<std::size_t>(round) % zones.size()];
        PostedCharge reversal = sample;
        reversal.quantity = -sample.quantity;
        reversal.amount = -sample.amount;
        for (std::int64_t& rate : reversal.rates) {
            rate = -rate;
        }
        Quantity energy;
        Money amount;
        for (const ChargePart& part : split_by_hour(sample, here)) {
            energy += part.quantity;
            amount += part.amount;
            if (round % 3 != 0) {
                REQUIRE(part.quantity.base_units() ==
                        std::accumulate(part.rates.begin(), part.rates.end(), std::int64_t{0}));
            }
        }
        REQUIRE(energy == sample.quantity);
        REQUIRE(amount == sample.amount);
        Rollup rollup;
        add_to_rooms(rollup, sample, here);
        add_to_rooms(rollup, reversal, here);
        for (const auto& [key, hour] : rollup.hours) {
            REQUIRE(hour.energy == Quantity());
            REQUIRE(hour.amount == Money());
        }
    }
}

TEST_CASE("Water counts in its own unit, its money with the rest") {
    PostedCharge water = charge("2026-01-01T10:00:00Z", "2026-01-01T10:30:00Z", 1500, 4'500);
    water.quantity = Quantity::ml(1500);
    Rollup rollup;
    add_to_rooms(rollup, water, TimeZone::utc());
    add_to_totals(rollup, water);
    const DaySum& day = rollup.days.at({{2026, 1, 1}, "r-1"});
    CHECK(day.water == Quantity::ml(1500));
    CHECK(day.energy == Quantity());
    CHECK(day.amount == Money::from_micros(4'500));
    CHECK(rollup.hours.at({at("2026-01-01T10:00:00Z"), "r-1"}).water == Quantity::ml(1500));
    CHECK(rollup.totals.at("park-1").water == Quantity::ml(1500));
    CHECK(rollup.totals.at("park-1").energy == Quantity());
    CHECK(rollup.totals.at("park-1").charge_count == 1);
}
