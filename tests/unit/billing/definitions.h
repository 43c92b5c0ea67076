#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rating/domain/rating.h"
#include "tariffs/domain/compiled_tariff.h"

/// Small words to write tariffs with in tests.
namespace prepay::billing::testing {

inline Instant at(const std::string& text) { return *parse_time(text); }

inline TariffDefinition single_price(std::int64_t micros, const char* zone = "Asia/Shanghai") {
    TariffDefinition definition;
    definition.time_zone = zone;
    definition.tiers = {{0, {{RatePeriod::kSingle, Price::from_micros(micros)}}}};
    return definition;
}

inline std::vector<PeriodPrice> prices(std::int64_t sharp, std::int64_t peak, std::int64_t flat,
                                       std::int64_t valley, std::int64_t deep) {
    return {{RatePeriod::kSharp, Price::from_micros(sharp)},
            {RatePeriod::kPeak, Price::from_micros(peak)},
            {RatePeriod::kFlat, Price::from_micros(flat)},
            {RatePeriod::kValley, Price::from_micros(valley)},
            {RatePeriod::kDeepValley, Price::from_micros(deep)}};
}

inline Season whole_year(std::vector<DaySchedule> schedules) {
    return {"all year", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, std::move(schedules)};
}

/// Peak 08:00-22:00 else valley, every day.
inline TariffDefinition day_and_night(const char* zone) {
    TariffDefinition definition;
    definition.time_zone = zone;
    definition.seasons = {whole_year({{DayType::kAny,
                                       {{0, 480, RatePeriod::kValley},
                                        {480, 1320, RatePeriod::kPeak},
                                        {1320, 1440, RatePeriod::kValley}}}})};
    definition.tiers = {{0, prices(4'000'000, 3'000'000, 2'000'000, 1'000'000, 500'000)}};
    return definition;
}

inline std::vector<RatedLine> rate_once(const TariffDefinition& definition, const char* start,
                                        const char* end, std::int64_t wh,
                                        TierCounter* counter = nullptr) {
    TierCounter own;
    std::vector<RatedLine> lines;
    const CompiledTariff compiled(definition, at(start) - std::chrono::hours(24 * 400),
                                  at(end) + std::chrono::hours(24 * 400));
    rate(compiled, {at(start), at(end), Quantity::wh(wh)}, counter ? *counter : own, lines);
    return lines;
}

}  // namespace prepay::billing::testing
