#pragma once

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "rating/domain/rating.h"

/// Random valid tariffs and intervals.
namespace prepay::billing::testing {

inline std::vector<DaySlot> any_day() {
    std::vector<DaySlot> slots;
    int start = 0;
    while (start < 1440) {
        const int end = std::min(1440, start + 30 * *rc::gen::inRange(1, 17));
        slots.push_back({start, end, static_cast<RatePeriod>(*rc::gen::inRange(1, 6))});
        start = end;
    }
    return slots;
}

inline std::vector<PeriodPrice> any_prices(bool single) {
    const auto price = [] { return Price::from_micros(*rc::gen::inRange(0, 2'000'000)); };
    if (single) {
        return {{RatePeriod::kSingle, price()}};
    }
    std::vector<PeriodPrice> prices;
    for (int period = 1; period <= 5; ++period) {
        prices.push_back({static_cast<RatePeriod>(period), price()});
    }
    return prices;
}

inline TariffDefinition any_tariff() {
    TariffDefinition d;
    d.time_zone =
        *rc::gen::element<std::string>("Asia/Shanghai", "America/Toronto", "Europe/Berlin",
                                       "Asia/Kathmandu", "Australia/Lord_Howe", "UTC");
    const bool single = *rc::gen::inRange(0, 5) == 0;
    if (!single) {
        const int cut = *rc::gen::inRange(1, 12);
        for (int half = 0; half < 2; ++half) {
            Season season;
            for (int month = half == 0 ? 1 : cut + 1; month <= (half == 0 ? cut : 12); ++month) {
                season.months.push_back(month);
            }
            season.schedules = {{DayType::kWeekday, any_day()}, {DayType::kAny, any_day()}};
            if (*rc::gen::arbitrary<bool>()) {
                season.schedules.push_back({DayType::kHoliday, any_day()});
            }
            d.seasons.push_back(season);
        }
        d.holidays = {{2012, 3, 12}, {2012, 11, 5}, {2013, 1, 1}};
    }
    d.tier_span = static_cast<TierSpan>(*rc::gen::inRange(0, 4));
    const int tier_count = d.tier_span == TierSpan::kNone ? 1 : *rc::gen::inRange(1, 5);
    std::int64_t bound = 0;
    for (int i = 1; i <= tier_count; ++i) {
        bound += *rc::gen::inRange(1, 20'000);
        d.tiers.push_back({i == tier_count ? 0 : bound, any_prices(single)});
    }
    return d;
}

/// Around the changes of the clock, the holidays and the end of the year.
inline Instant any_moment() {
    const auto day =
        *rc::gen::element<std::string>("2012-03-11", "2012-03-24", "2012-04-01", "2012-10-07",
                                       "2012-10-28", "2012-11-04", "2012-12-31", "2012-06-30");
    return *parse_time(day + "T00:00:00Z") +
           std::chrono::seconds(*rc::gen::inRange(-40 * 3600, 40 * 3600));
}

inline CompiledTariff compile(const TariffDefinition& definition) {
    return CompiledTariff(definition, *parse_time("2011-12-01T00:00:00Z"),
                          *parse_time("2013-03-01T00:00:00Z"));
}

inline Int128 sum_picos(const std::vector<RatedLine>& lines) {
    Int128 sum = 0;
    for (const RatedLine& line : lines) {
        sum += line.picos();
    }
    return sum;
}

}  // namespace prepay::billing::testing
