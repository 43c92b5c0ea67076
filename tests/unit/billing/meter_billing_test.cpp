#include "rating/domain/meter_billing.h"

#include <catch2/catch.hpp>

#include "quantity/text.h"
#include "unit/billing/definitions.h"

namespace prepay::billing {
namespace {

/// Day of March 2026, hour UTC.
Instant march(int day, int hour = 0) {
    return TimeZone::utc().to_instant({2026, 3, day, hour, 0, 0});
}

Reading reading(Instant time, std::int64_t wh, int epoch = 0) {
    return {
        time, 0, time, RegisterTotal::from_base_units(wh), epoch, to_micros(time) / 3'600'000'000};
}

Occupancy occupancy(const char* account, Instant start, std::optional<Instant> end = {},
                    std::int64_t opening = -1, std::int64_t closing = -1) {
    Occupancy o;
    o.occupancy_id = std::string("o-") + account;
    o.account_id = account;
    o.start = start;
    o.end = end;
    o.opening_register = opening;
    o.closing_register = closing;
    return o;
}

class Meter {
public:
    Meter()
        : rates_(testing::single_price(1'000'000), march(1) - std::chrono::hours(9000), march(31)) {
        state.tariffs = {{march(1), "t", 1, 1, Resource::kElectricity, &rates_}};
    }

    /// "a 03-02T00 100..150 | …" of the charges a reading gives, or the outcome.
    std::string bill(const Reading& next) {
        std::vector<ChargeDraft> charges;
        const ReadingOutcome outcome = bill_reading(state, next, charges);
        if (outcome != ReadingOutcome::kRated) {
            CHECK(charges.empty());
            return to_text(outcome);
        }
        std::string text;
        for (const ChargeDraft& charge : charges) {
            std::int64_t sum = 0;
            for (const RatedLine& line : charge.lines) {
                sum += line.quantity.base_units();
            }
            CHECK(sum == charge.quantity().base_units());
            text += (text.empty() ? "" : " | ") + charge.occupancy.account_id + " " +
                    format_time(charge.start).substr(5, 8) + " " +
                    std::to_string(charge.start_total.base_units()) + ".." +
                    std::to_string(charge.end_total.base_units());
        }
        return text;
    }

    MeterState state;
    CompiledTariff rates_;
};

TEST_CASE("the first reading is the base, consumption is the difference to the last billed one") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1))};
    CHECK(meter.bill(reading(march(2), 100)) == "base");
    CHECK(meter.bill(reading(march(3), 150)) == "a 03-02T00 100..150");
    CHECK(meter.bill(reading(march(3), 150)) == "known");
    CHECK(meter.bill(reading(march(2, 12), 120)) == "known");
    CHECK(meter.bill(reading(march(4), 150)) == "unchanged");
    CHECK(meter.bill(reading(march(5), 160)) == "a 03-04T00 150..160");
}

TEST_CASE("an opening register is the base before the first reading") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1), {}, 80)};
    CHECK(meter.bill(reading(march(2), 100)) == "a 03-01T00 80..100");
}

TEST_CASE("an opening register above the first reading is not believed") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1), {}, 800)};
    CHECK(meter.bill(reading(march(2), 100)) == "base");
}

TEST_CASE("a dip is no base, and what follows it telescopes") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1))};
    meter.bill(reading(march(2), 100));
    CHECK(meter.bill(reading(march(3), 90)) == "dip");
    CHECK(meter.bill(reading(march(4), 130)) == "a 03-02T00 100..130");
}

TEST_CASE("a revision of a billed slot is corrected by the next interval") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1))};
    meter.bill(reading(march(2), 100));
    meter.bill(reading(march(3), 150));
    Reading revised = reading(march(3), 140);
    revised.revision = 1;
    CHECK(meter.bill(revised) == "known");
    CHECK(meter.bill(reading(march(4), 170)) == "a 03-03T00 150..170");
}

TEST_CASE("a new register epoch starts from its first reading") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1))};
    meter.bill(reading(march(2), 999'000));
    CHECK(meter.bill(reading(march(3), 5, 1)) == "base");
    CHECK(meter.bill(reading(march(4), 12, 1)) == "a 03-03T00 5..12");
    CHECK(meter.bill(reading(march(5), 999'500, 0)) == "known");
}

TEST_CASE("move-in and move-out cut the interval") {
    Meter meter;
    SECTION("at the opening register") {
        meter.state.occupancies = {occupancy("a", march(1), march(3)),
                                   occupancy("b", march(3), {}, 130)};
        meter.bill(reading(march(2), 100));
        CHECK(meter.bill(reading(march(4), 150)) == "a 03-02T00 100..130 | b 03-03T00 130..150");
    }
    SECTION("at the closing register") {
        meter.state.occupancies = {occupancy("a", march(1), march(3), -1, 120),
                                   occupancy("b", march(3))};
        meter.bill(reading(march(2), 100));
        CHECK(meter.bill(reading(march(4), 150)) == "a 03-02T00 100..120 | b 03-03T00 120..150");
    }
    SECTION("at the first reading at or after it") {
        meter.state.occupancies = {occupancy("a", march(1), march(3)), occupancy("b", march(3))};
        meter.bill(reading(march(2), 100));
        CHECK(meter.bill(reading(march(4), 150)) == "a 03-02T00 100..150");
        CHECK(meter.bill(reading(march(5), 170)) == "b 03-04T00 150..170");
    }
    SECTION("over a vacancy in between") {
        Occupancy vacancy = occupancy("v", march(1));
        vacancy.vacancy = true;
        meter.state.occupancies = {vacancy, occupancy("a", march(1), march(3), -1, 120),
                                   occupancy("b", march(4), {}, 125)};
        meter.bill(reading(march(2), 100));
        CHECK(meter.bill(reading(march(5), 150)) ==
              "a 03-02T00 100..120 | v 03-03T00 120..125 | b 03-04T00 125..150");
    }
    SECTION("a register that contradicts the readings counts as not given") {
        meter.state.occupancies = {occupancy("a", march(1), march(3)),
                                   occupancy("b", march(3), {}, 190)};
        meter.bill(reading(march(2), 100));
        CHECK(meter.bill(reading(march(4), 150)) == "a 03-02T00 100..150");
    }
}

TEST_CASE("without occupancy or tariff nothing is charged and nothing moves") {
    Meter meter;
    CHECK(meter.bill(reading(march(2), 100)) == "no_occupancy");
    meter.state.occupancies = {occupancy("a", march(3))};
    CHECK(meter.bill(reading(march(2), 100)) == "no_occupancy");
    const auto tariffs = meter.state.tariffs;
    meter.state.tariffs.clear();
    CHECK(meter.bill(reading(march(3), 110)) == "base");
    CHECK(meter.bill(reading(march(4), 120)) == "no_tariff");
    CHECK(meter.bill(reading(march(5), 3, 1)) == "no_tariff");
    meter.state.tariffs = tariffs;
    CHECK(meter.bill(reading(march(4), 120)) == "a 03-03T00 110..120");
}

TEST_CASE("a change of tariff cuts the interval by time") {
    Meter meter;
    const CompiledTariff dear(testing::single_price(2'000'000), march(1), march(31));
    meter.state.occupancies = {occupancy("a", march(1))};
    meter.state.tariffs.push_back({march(3), "t", 1, 2, Resource::kElectricity, &dear});
    meter.bill(reading(march(2), 100));
    std::vector<ChargeDraft> charges;
    CHECK(bill_reading(meter.state, reading(march(5), 131), charges) == ReadingOutcome::kRated);
    REQUIRE(charges.size() == 2);
    CHECK(charges[0].tariff.version == 1);
    CHECK(charges[0].quantity().base_units() == 10);
    CHECK(charges[0].end == march(3));
    CHECK(charges[1].tariff.version == 2);
    CHECK(charges[1].quantity().base_units() == 21);
    CHECK(charges[1].picos() == 42'000'000 * kPicosPerNano);
}

TEST_CASE("consumption before the first assignment is rated with that tariff") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1))};
    meter.state.tariffs[0].start = march(10);
    meter.bill(reading(march(2), 100));
    CHECK(meter.bill(reading(march(3), 150)) == "a 03-02T00 100..150");
}

TEST_CASE("a gateway clock set back gives no negative interval") {
    Meter meter;
    meter.state.occupancies = {occupancy("a", march(1))};
    meter.bill(reading(march(2), 100));
    Reading next = reading(march(3), 150);
    next.read_time = march(1, 20);
    CHECK(meter.bill(next) == "a 03-02T00 100..150");
    CHECK(meter.bill(reading(march(4), 160)) == "a 03-02T00 150..160");
}

TEST_CASE("the difference of two sets of occupancies is found at its earliest moment") {
    const Occupancy a = occupancy("a", march(5));
    Occupancy closed = a;
    closed.end = march(9);
    CHECK(!first_difference({a}, {a}));
    CHECK(first_difference({}, {a}) == march(5));
    CHECK(first_difference({a}, {}) == march(5));
    CHECK(first_difference({a}, {closed}) == march(9));
    CHECK(first_difference({a}, {closed, occupancy("b", march(8))}) == march(8));
    Occupancy opened = a;
    opened.opening_register = 7;
    CHECK(first_difference({a}, {opened}) == march(5));
}

TEST_CASE("assignments and versions make one time line") {
    std::map<std::int64_t, KnownTariff> tariffs;
    tariffs[1] = {"one", Resource::kElectricity, {{march(1), 1, nullptr}, {march(10), 2, nullptr}}};
    tariffs[2] = {
        "two", Resource::kElectricity, {{march(20), 1, nullptr}, {march(25), 2, nullptr}}};
    const auto line = tariff_timeline({{march(5), 1}, {march(15), 2}}, tariffs, {});
    std::string text;
    for (const TariffInForce& entry : line) {
        text += format_time(entry.start).substr(8, 2) + entry.tariff_id +
                std::to_string(entry.version) + " ";
    }
    CHECK(text == "05one1 10one2 15two1 25two2 ");
    CHECK(tariff_at(line, march(1)).tariff_id == "one");
    CHECK(tariff_at(line, march(12)).version == 2);
    CHECK(tariff_at(line, march(30)).version == 2);
}

TEST_CASE("a tariff of another resource than the meter's is as if it were not assigned") {
    std::map<std::int64_t, KnownTariff> tariffs;
    tariffs[1] = {"power", Resource::kElectricity, {{march(1), 1, nullptr}}};
    tariffs[2] = {"water", Resource::kWater, {{march(1), 1, nullptr}}};
    const std::vector<Assignment> both = {{march(5), 1}, {march(15), 2}};
    struct Case {
        std::optional<Resource> counted;
        std::string in_force;
    };
    for (const Case& c :
         {Case{std::nullopt, "power water "}, Case{Resource::kElectricity, "power "},
          Case{Resource::kWater, "water "}}) {
        std::string text;
        for (const TariffInForce& entry : tariff_timeline(both, tariffs, c.counted)) {
            text += entry.tariff_id + " ";
        }
        CHECK(text == c.in_force);
    }
    CHECK(tariff_timeline({{march(5), 1}}, tariffs, Resource::kWater).empty());
    // Nor does it end the tariff before: a later version of that one still comes.
    tariffs[1].versions.push_back({march(20), 2, nullptr});
    const auto line = tariff_timeline(both, tariffs, Resource::kElectricity);
    REQUIRE(line.size() == 2);
    CHECK(line[1].version == 2);
}

}  // namespace
}  // namespace prepay::billing
