#include "domain/local_hour.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "core/assert.h"

namespace prepay::reporting {
namespace {

constexpr Duration kHour = std::chrono::hours(1);

std::chrono::sys_days to_days(const LocalDate& date) {
    return std::chrono::year(date.year) / std::chrono::month(static_cast<unsigned>(date.month)) /
           std::chrono::day(static_cast<unsigned>(date.day));
}

LocalDate from_days(std::chrono::sys_days days) {
    const std::chrono::year_month_day date(days);
    return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day()))};
}

bool is_digits(const std::string& text, std::size_t from, std::size_t count) {
    return std::all_of(text.begin() + static_cast<std::ptrdiff_t>(from),
                       text.begin() + static_cast<std::ptrdiff_t>(from + count),
                       [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::string format_date(const LocalDate& date) {
    char text[32];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d", date.year, date.month, date.day);
    return text;
}

std::optional<LocalDate> parse_date(const std::string& text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !is_digits(text, 0, 4) ||
        !is_digits(text, 5, 2) || !is_digits(text, 8, 2)) {
        return std::nullopt;
    }
    const LocalDate date{std::stoi(text.substr(0, 4)), std::stoi(text.substr(5, 2)),
                         std::stoi(text.substr(8, 2))};
    const std::chrono::year_month_day checked(std::chrono::year(date.year),
                                              std::chrono::month(static_cast<unsigned>(date.month)),
                                              std::chrono::day(static_cast<unsigned>(date.day)));
    if (date.year < 1970 || !checked.ok()) {
        return std::nullopt;
    }
    return date;
}

int days_between(const LocalDate& from, const LocalDate& to) {
    return static_cast<int>((to_days(to) - to_days(from)).count());
}

LocalDate next_day(const LocalDate& date) {
    return from_days(to_days(date) + std::chrono::days(1));
}

LocalHour local_hour_at(const TimeZone& zone, Instant instant) {
    const Duration offset = std::chrono::seconds(zone.utc_offset_seconds(instant));
    const Instant local = instant + offset;
    Instant start = std::chrono::floor<std::chrono::hours>(local) - offset;
    Instant end = start + kHour;
    // A change of offset inside the hour cuts it.
    for (std::optional<Instant> change = zone.next_transition(start - Duration(1));
         change && *change < end; change = zone.next_transition(*change)) {
        if (*change <= instant) {
            start = std::max(start, *change);
        } else {
            end = *change;
        }
    }
    return {start, end, from_days(std::chrono::floor<std::chrono::days>(local))};
}

LocalDate local_date_at(const TimeZone& zone, Instant instant) {
    const CivilTime civil = zone.to_civil(instant);
    return {civil.year, civil.month, civil.day};
}

Instant day_start(const TimeZone& zone, const LocalDate& date) {
    return zone.to_instant({date.year, date.month, date.day, 0, 0, 0});
}

std::vector<LocalHour> hours_of_day(const TimeZone& zone, const LocalDate& date) {
    constexpr std::size_t kHoursMax = 30;  // 24 and what changes of offset add.
    std::vector<LocalHour> hours;
    for (LocalHour hour = local_hour_at(zone, day_start(zone, date)); hour.date == date;
         hour = local_hour_at(zone, hour.end)) {
        PREPAY_ASSERT(hours.size() < kHoursMax);
        hours.push_back(hour);
    }
    return hours;
}

}  // namespace prepay::reporting
