#include "tariffs/domain/tariff.h"

#include <algorithm>

namespace prepay::billing {
namespace {

constexpr int kMinutesPerDay = 1440;
constexpr int kSlotMinutes = 30;

class Validation {
public:
    explicit Validation(const TariffDefinition& definition) : definition_(definition) {}

    std::vector<TariffProblem> run() {
        if (!TimeZone::load(definition_.time_zone).ok()) {
            add("time_zone", "BAD_TIME_ZONE",
                "'" + definition_.time_zone + "' is not an IANA time zone such as Asia/Shanghai");
        }
        check_seasons();
        check_holidays();
        check_tiers();
        return std::move(problems_);
    }

private:
    void add(const std::string& field, const char* reason, const std::string& message) {
        problems_.push_back({field, reason, message});
    }

    static std::string at(const std::string& name, std::size_t index) {
        return name + "[" + std::to_string(index) + "]";
    }

    void check_seasons() {
        std::array<int, 13> uses{};
        for (std::size_t i = 0; i < definition_.seasons.size(); ++i) {
            const Season& season = definition_.seasons[i];
            const std::string field = at("seasons", i);
            for (const int month : season.months) {
                if (month < 1 || month > 12) {
                    add(field + ".months", "SEASON_MONTH",
                        std::to_string(month) + " is not a month 1-12");
                } else if (++uses[static_cast<std::size_t>(month)] == 2) {
                    add(field + ".months", "SEASON_MONTH",
                        "month " + std::to_string(month) + " belongs to two seasons");
                }
            }
            check_schedules(season, field);
        }
        for (std::size_t month = 1; !definition_.seasons.empty() && month <= 12; ++month) {
            if (uses[month] == 0) {
                add("seasons", "SEASON_MONTH",
                    "month " + std::to_string(month) + " belongs to no season");
            }
        }
    }

    void check_schedules(const Season& season, const std::string& field) {
        std::array<int, 4> uses{};
        for (std::size_t i = 0; i < season.schedules.size(); ++i) {
            const DaySchedule& schedule = season.schedules[i];
            const std::string path = at(field + ".schedules", i);
            if (++uses[static_cast<std::size_t>(schedule.day_type)] == 2) {
                add(path + ".day_type", "DAY_TYPE_REPEATED", "a day type has two schedules");
            }
            check_slots(schedule, path);
        }
        const bool needs_holiday = !definition_.holidays.empty();
        if (uses[0] == 0 && (uses[1] == 0 || uses[2] == 0 || (needs_holiday && uses[3] == 0))) {
            add(field + ".schedules", "DAY_TYPE_MISSING",
                "weekday, weekend and (with holidays) holiday need a schedule, or one schedule "
                "for every other day");
        }
    }

    void check_slots(const DaySchedule& schedule, const std::string& field) {
        int expected = 0;
        for (std::size_t i = 0; i < schedule.slots.size(); ++i) {
            const DaySlot& slot = schedule.slots[i];
            const std::string path = at(field + ".slots", i);
            if (slot.start_minute % kSlotMinutes != 0 || slot.end_minute % kSlotMinutes != 0 ||
                slot.start_minute < 0 || slot.end_minute > kMinutesPerDay ||
                slot.start_minute >= slot.end_minute) {
                add(path, "SLOT_GRID",
                    "a slot starts and ends on half hours within 00:00-24:00 and is not empty");
                return;
            }
            if (slot.start_minute != expected) {
                add(path + ".start_minute", "SLOT_GAP",
                    "the slot starts at minute " + std::to_string(slot.start_minute) +
                        " but the one before ends at " + std::to_string(expected));
                return;
            }
            if (slot.period == RatePeriod::kSingle) {
                add(path + ".period", "SLOT_PERIOD", "a slot needs a rate period");
            }
            expected = slot.end_minute;
        }
        if (expected != kMinutesPerDay) {
            add(field + ".slots", "SLOT_GAP",
                "the slots end at minute " + std::to_string(expected) + " instead of 1440");
        }
    }

    void check_holidays() {
        if (definition_.holidays.size() > kHolidayCountMax) {
            add("holidays", "HOLIDAYS_TOO_MANY",
                "at most " + std::to_string(kHolidayCountMax) + " holidays");
            return;
        }
        for (std::size_t i = 0; i < definition_.holidays.size(); ++i) {
            const CivilDate& date = definition_.holidays[i];
            const bool valid = date.year >= 1970 && date.year <= 9999 && date.month >= 1 &&
                               date.month <= 12 && date.day >= 1 &&
                               date.day <= days_in_month(date.year, date.month);
            const auto end = definition_.holidays.begin() + static_cast<std::ptrdiff_t>(i);
            if (!valid) {
                add(at("holidays", i), "HOLIDAY_DATE", "not a date YYYY-MM-DD");
            } else if (std::find(definition_.holidays.begin(), end, date) != end) {
                add(at("holidays", i), "HOLIDAY_DATE", "the date is there twice");
            }
        }
    }

    void check_tiers() {
        const std::size_t count = definition_.tiers.size();
        if (count == 0 || count > kTierCountMax) {
            add("tiers", "TIERS_COUNT", "a tariff has 1 to 16 tiers");
            return;
        }
        if (count > 1 && definition_.tier_span == TierSpan::kNone) {
            add("tier_span", "TIER_SPAN_MISSING",
                "more than one tier needs a span: month, quarter or year");
        }
        std::int64_t previous = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const Tier& tier = definition_.tiers[i];
            const std::string field = at("tiers", i);
            const bool last = i + 1 == count;
            if (last ? tier.upper_bound != 0 : tier.upper_bound <= previous) {
                add(field + ".upper_bound", "TIER_BOUND",
                    last ? "the last tier has no upper bound"
                         : "an upper bound is greater than the one before");
            }
            previous = tier.upper_bound;
            check_prices(tier, field);
        }
    }

    [[nodiscard]] bool is_used(RatePeriod period) const {
        if (definition_.seasons.empty()) {
            return period == RatePeriod::kSingle;
        }
        for (const Season& season : definition_.seasons) {
            for (const DaySchedule& schedule : season.schedules) {
                for (const DaySlot& slot : schedule.slots) {
                    if (slot.period == period) {
                        return true;
                    }
                }
            }
        }
        return false;
    }

    void check_prices(const Tier& tier, const std::string& field) {
        std::array<bool, kRatePeriodCount> priced{};
        for (std::size_t i = 0; i < tier.prices.size(); ++i) {
            const PeriodPrice& price = tier.prices[i];
            const std::string path = at(field + ".prices", i);
            if (price.price.micros() < 0 || price.price.micros() > kPriceMicrosMax) {
                add(path + ".price_micros", "PRICE_RANGE", "a price is 0 to 100 yuan");
            }
            if (definition_.seasons.empty() != (price.period == RatePeriod::kSingle)) {
                add(path + ".period", "PRICE_PERIOD",
                    definition_.seasons.empty()
                        ? "a tariff without seasons has one price without a period"
                        : "a tariff with seasons has prices by period");
            }
            bool& known = priced[static_cast<std::size_t>(price.period)];
            if (known) {
                add(path + ".period", "PRICE_REPEATED",
                    std::string("the period ") + to_text(price.period) + " has two prices");
            }
            known = true;
        }
        for (std::size_t i = 0; i < kRatePeriodCount; ++i) {
            const auto period = static_cast<RatePeriod>(i);
            if (!priced[i] && is_used(period)) {
                add(field + ".prices", "PRICE_MISSING",
                    std::string("no price for the period ") + to_text(period));
            }
        }
    }

    const TariffDefinition& definition_;
    std::vector<TariffProblem> problems_;
};

}  // namespace

const char* to_text(RatePeriod period) {
    switch (period) {
        case RatePeriod::kSingle:
            return "single";
        case RatePeriod::kSharp:
            return "sharp";
        case RatePeriod::kPeak:
            return "peak";
        case RatePeriod::kFlat:
            return "flat";
        case RatePeriod::kValley:
            return "valley";
        case RatePeriod::kDeepValley:
            return "deep_valley";
    }
    return "unknown";
}

const char* to_text(TierSpan span) {
    switch (span) {
        case TierSpan::kNone:
            return "none";
        case TierSpan::kMonth:
            return "month";
        case TierSpan::kQuarter:
            return "quarter";
        case TierSpan::kYear:
            return "year";
    }
    return "unknown";
}

std::vector<TariffProblem> validate(const TariffDefinition& definition) {
    return Validation(definition).run();
}

bool is_tariff_id(const std::string& text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

}  // namespace prepay::billing
