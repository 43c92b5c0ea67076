#include "unit/billing/real_data.h"

#include <catch2/catch.hpp>

#include "unit/billing/definitions.h"

namespace prepay::billing {
namespace {

using testing::whole_year;

TariffDefinition ontario() {
    TariffDefinition d;
    d.time_zone = "America/Toronto";
    const std::vector<DaySlot> off{{0, 1440, RatePeriod::kValley}};
    d.seasons = {whole_year({{DayType::kWeekday,
                              {{0, 420, RatePeriod::kValley},
                               {420, 660, RatePeriod::kPeak},
                               {660, 1020, RatePeriod::kFlat},
                               {1020, 1140, RatePeriod::kPeak},
                               {1140, 1440, RatePeriod::kValley}}},
                             {DayType::kAny, off}})};
    d.holidays = {{2011, 12, 26}, {2011, 12, 27}, {2012, 1, 2}, {2012, 2, 20}};
    d.tiers = {{0,
                {{RatePeriod::kPeak, Price::from_micros(108'000)},
                 {RatePeriod::kFlat, Price::from_micros(92'000)},
                 {RatePeriod::kValley, Price::from_micros(62'000)}}}};
    return d;
}

TariffDefinition residential() {
    TariffDefinition d;
    d.time_zone = "Etc/GMT+7";
    const std::vector<DaySlot> base{{0, 1440, RatePeriod::kFlat}};
    d.seasons = {{"winter",
                  {11, 12, 1, 2, 3, 4},
                  {{DayType::kWeekday,
                    {{0, 600, RatePeriod::kFlat},
                     {600, 900, RatePeriod::kValley},
                     {900, 1200, RatePeriod::kPeak},
                     {1200, 1440, RatePeriod::kFlat}}},
                   {DayType::kWeekend, base}}},
                 {"summer",
                  {5, 6, 7, 8, 9, 10},
                  {{DayType::kWeekday,
                    {{0, 900, RatePeriod::kFlat},
                     {900, 1200, RatePeriod::kSharp},
                     {1200, 1440, RatePeriod::kFlat}}},
                   {DayType::kWeekend, base}}}};
    d.tiers = {{0, testing::prices(250'000, 200'000, 100'000, 50'000, 0)}};
    return d;
}

TEST_CASE("real input: a home's 2,712 hours cost exactly 89.879860") {
    const auto readings = testing::home_readings();
    if (!readings) {
        return;
    }
    REQUIRE(readings->size() == 2'713);
    const Bill bill =
        make_bill({{"ontario", Resource::kElectricity, Instant(), ontario()}}, {{"m", *readings}});
    CHECK(bill.amount_micros() == 89'879'860);
    CHECK(bill.remainder_picos() == 0);
    CHECK(bill.total.base_units == readings->back().total.base_units());

    SECTION("it is the schedule that does it: without the holidays the sum is another") {
        TariffDefinition without = ontario();
        without.holidays.clear();
        CHECK(
            make_bill({{"ontario", Resource::kElectricity, Instant(), without}}, {{"m", *readings}})
                .amount_micros() != 89'879'860);
    }
}

TEST_CASE("real input: the schedule case's year costs 771.776, month by month") {
    const auto readings = testing::residential_readings("Etc/GMT+7");
    if (!readings) {
        return;
    }
    REQUIRE(readings->size() == 8'761);
    const Bill bill =
        make_bill({{"res", Resource::kElectricity, Instant(), residential()}}, {{"m", *readings}});
    CHECK(std::abs(static_cast<std::int64_t>(bill.amount_micros()) - 771'776'000) <= 10'000);
    REQUIRE(bill.months.size() == 12);
    std::size_t month = 0;
    for (const auto& [name, sum] : bill.months) {
        CAPTURE(name);
        CHECK(std::abs(static_cast<std::int64_t>(sum.amount_picos / kPicosPerMicro) -
                       testing::kResidentialMonthMicros[month]) <= 1'000);
        ++month;
    }
}

}  // namespace
}  // namespace prepay::billing
