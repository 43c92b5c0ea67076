#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::billing {

/// The price band of a moment. Values are those of the proto and of the meters' rate registers.
enum class RatePeriod : std::uint8_t {
    kSingle = 0,
    kSharp = 1,
    kPeak = 2,
    kFlat = 3,
    kValley = 4,
    kDeepValley = 5,
};
constexpr std::size_t kRatePeriodCount = 6;

/// "single", "sharp", "peak", "flat", "valley", "deep_valley".
const char* to_text(RatePeriod period);

enum class DayType : std::uint8_t {
    kAny = 0,  ///< Every day not named by another schedule of the season.
    kWeekday = 1,
    kWeekend = 2,
    kHoliday = 3,
};

/// What the tier counter runs over; it starts at zero with each span of the tariff's local
/// calendar.
enum class TierSpan : std::uint8_t { kNone = 0, kMonth = 1, kQuarter = 2, kYear = 3 };

/// "none", "month", "quarter", "year".
const char* to_text(TierSpan span);

/// [start_minute, end_minute) of a local day, in half-hour steps.
struct DaySlot {
    int start_minute = 0;
    int end_minute = 0;
    RatePeriod period = RatePeriod::kSingle;
};

struct DaySchedule {
    DayType day_type = DayType::kAny;
    std::vector<DaySlot> slots;
};

struct Season {
    std::string name;
    std::vector<int> months;  ///< 1-12.
    std::vector<DaySchedule> schedules;
};

struct PeriodPrice {
    RatePeriod period = RatePeriod::kSingle;
    Price price;
};

/// Prices up to a bound of the quantity used within the span.
struct Tier {
    std::int64_t upper_bound = 0;  ///< Base units, exclusive; 0 = open end (last tier only).
    std::vector<PeriodPrice> prices;
};

struct CivilDate {
    int year = 1970;
    int month = 1;
    int day = 1;
    bool operator==(const CivilDate&) const = default;
    auto operator<=>(const CivilDate&) const = default;
};

/// The content of one tariff version. Without seasons: one price of kSingle a tier.
struct TariffDefinition {
    std::string time_zone;  ///< IANA name.
    std::vector<Season> seasons;
    std::vector<CivilDate> holidays;
    TierSpan tier_span = TierSpan::kNone;
    std::vector<Tier> tiers;
};

/// Bounds within which quantity x price of a line fits 63 bits, for electricity in nano-yuan.
constexpr std::int64_t kPriceMicrosMax = 100'000'000;          ///< 100 yuan per kWh or m³.
constexpr std::int64_t kIntervalQuantityMax = 90'000'000'000;  ///< 90 GWh or 90,000 m³.
constexpr std::size_t kTierCountMax = 16;
constexpr std::size_t kHolidayCountMax = 2000;

/// One mistake of a definition. `field` is a path such as
/// "seasons[0].schedules[1].slots[2].end_minute"; `reason` a stable UPPER_SNAKE word.
struct TariffProblem {
    std::string field;
    std::string reason;
    std::string message;
};

/// All mistakes, in the order of the fields; empty = the definition can be compiled. Reasons:
/// BAD_TIME_ZONE, SEASON_MONTH, DAY_TYPE_REPEATED, DAY_TYPE_MISSING, SLOT_GRID, SLOT_GAP,
/// SLOT_PERIOD, HOLIDAY_DATE, HOLIDAYS_TOO_MANY, TIERS_COUNT, TIER_SPAN_MISSING, TIER_BOUND,
/// PRICE_MISSING, PRICE_REPEATED, PRICE_PERIOD, PRICE_RANGE.
std::vector<TariffProblem> validate(const TariffDefinition& definition);

/// Whether the text is a tariff id: 1-64 of [a-z0-9-].
bool is_tariff_id(const std::string& text);

}  // namespace prepay::billing
