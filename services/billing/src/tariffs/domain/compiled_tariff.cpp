#include "tariffs/domain/compiled_tariff.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "core/assert.h"

namespace prepay::billing {
namespace {

constexpr std::int64_t kMicrosPerMinute = 60'000'000;
constexpr std::int64_t kMicrosPerDay = 1440 * kMicrosPerMinute;

std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
    return value / divisor - (value % divisor < 0 ? 1 : 0);
}

/// The slots of each month and kind of day (0 weekday, 1 weekend, 2 holiday).
using DayPlans = std::array<std::array<const std::vector<DaySlot>*, 3>, 13>;

const std::vector<DaySlot>* find_slots(const Season& season, DayType day_type) {
    const std::vector<DaySlot>* any = nullptr;
    for (const DaySchedule& schedule : season.schedules) {
        if (schedule.day_type == day_type) {
            return &schedule.slots;
        }
        if (schedule.day_type == DayType::kAny) {
            any = &schedule.slots;
        }
    }
    return any;
}

DayPlans make_plans(const TariffDefinition& definition, const std::vector<DaySlot>& single) {
    DayPlans plans{};
    for (auto& month : plans) {
        month.fill(&single);
    }
    for (const Season& season : definition.seasons) {
        for (const int month : season.months) {
            auto& plan = plans[static_cast<std::size_t>(month)];
            plan[0] = find_slots(season, DayType::kWeekday);
            plan[1] = find_slots(season, DayType::kWeekend);
            plan[2] = find_slots(season, DayType::kHoliday);
        }
    }
    return plans;
}

std::int32_t span_key_of(TierSpan span, int year, int month) {
    switch (span) {
        case TierSpan::kNone:
            return 0;
        case TierSpan::kMonth:
            return year * 12 + month - 1;
        case TierSpan::kQuarter:
            return year * 4 + (month - 1) / 3;
        case TierSpan::kYear:
            return year;
    }
    return 0;
}

std::vector<std::chrono::sys_days> sorted_holidays(const TariffDefinition& definition) {
    std::vector<std::chrono::sys_days> days;
    days.reserve(definition.holidays.size());
    for (const CivilDate& date : definition.holidays) {
        days.emplace_back(std::chrono::year(date.year) / date.month / date.day);
    }
    std::sort(days.begin(), days.end());
    return days;
}

/// The end of the stretch of constant offset that starts at `from`, at most `until`.
Instant end_of_offset(const TimeZone& zone, Instant from, Instant until) {
    constexpr auto kStep = std::chrono::hours(24 * 300);
    const std::optional<Instant> transition = zone.next_transition(from);
    const Instant next = transition ? *transition : from + kStep;
    return std::min(next, until);
}

}  // namespace

CompiledTariff::CompiledTariff(const TariffDefinition& definition, Instant window_start,
                               Instant window_end)
    : window_start_(to_micros(window_start)),
      window_end_(to_micros(window_end)),
      tier_span_(definition.tier_span) {
    PREPAY_ASSERT(window_start < window_end);
    for (const Tier& tier : definition.tiers) {
        TierRow row;
        row.upper_bound =
            tier.upper_bound == 0 ? std::numeric_limits<std::int64_t>::max() : tier.upper_bound;
        for (const PeriodPrice& price : tier.prices) {
            row.price_micros[static_cast<std::size_t>(price.period)] = price.price.micros();
        }
        tiers_.push_back(row);
    }
    lay_out(definition);
    segments_.push_back({window_end_, 0, RatePeriod::kSingle});
    build_cells();
}

void CompiledTariff::append(std::int64_t start_micros, std::int32_t span_key, RatePeriod period) {
    if (!segments_.empty() && segments_.back().period == period &&
        segments_.back().span_key == span_key) {
        return;
    }
    segments_.push_back({start_micros, span_key, period});
}

// Goes over stretches of constant offset, in which a local day is a shifted UTC day. A wall clock
// that skips or repeats an hour thereby gives 23- and 25-hour days by itself.
void CompiledTariff::lay_out(const TariffDefinition& definition) {
    const Result<TimeZone> zone = TimeZone::load(definition.time_zone);
    PREPAY_ASSERT(zone.ok());
    const std::vector<DaySlot> single{{0, 1440, RatePeriod::kSingle}};
    const DayPlans plans = make_plans(definition, single);
    const auto holidays = sorted_holidays(definition);

    Instant from = from_micros(window_start_);
    while (to_micros(from) < window_end_) {
        const Instant until = end_of_offset(*zone, from, from_micros(window_end_));
        const std::int64_t offset = zone->utc_offset_seconds(from) * std::int64_t{1'000'000};
        const std::int64_t first_day = floor_div(to_micros(from) + offset, kMicrosPerDay);
        const std::int64_t last_day = floor_div(to_micros(until) - 1 + offset, kMicrosPerDay);
        for (std::int64_t day = first_day; day <= last_day; ++day) {
            const std::chrono::sys_days date{std::chrono::days(day)};
            const std::chrono::year_month_day civil{date};
            const unsigned weekday = std::chrono::weekday(date).c_encoding();
            const bool holiday = std::binary_search(holidays.begin(), holidays.end(), date);
            const std::size_t kind = holiday ? 2 : (weekday == 0 || weekday == 6 ? 1 : 0);
            const auto month = static_cast<unsigned>(civil.month());
            const std::int32_t span_key = span_key_of(
                definition.tier_span, static_cast<int>(civil.year()), static_cast<int>(month));
            const std::int64_t midnight = day * kMicrosPerDay - offset;
            for (const DaySlot& slot : *plans[month][kind]) {
                const std::int64_t start =
                    std::max(midnight + slot.start_minute * kMicrosPerMinute, to_micros(from));
                const std::int64_t end =
                    std::min(midnight + slot.end_minute * kMicrosPerMinute, to_micros(until));
                if (start < end) {
                    append(start, span_key, slot.period);
                }
            }
        }
        from = until;
    }
}

void CompiledTariff::build_cells() {
    const auto count = static_cast<std::size_t>((window_end_ - window_start_) >> kCellShift) + 1;
    cells_.resize(count);
    std::uint32_t segment = 0;
    for (std::size_t cell = 0; cell < count; ++cell) {
        const std::int64_t start = window_start_ + (static_cast<std::int64_t>(cell) << kCellShift);
        while (segment + 2 < segments_.size() && segments_[segment + 1].start_micros <= start) {
            ++segment;
        }
        cells_[cell] = segment;
    }
}

}  // namespace prepay::billing
