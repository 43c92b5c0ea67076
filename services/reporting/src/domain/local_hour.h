#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::reporting {

/// A calendar day of a site's time zone.
struct LocalDate {
    int year = 1970;
    int month = 1;
    int day = 1;
    auto operator<=>(const LocalDate&) const = default;
};

/// "YYYY-MM-DD", and back; nothing for any other text or a day that does not exist.
std::string format_date(const LocalDate& date);
std::optional<LocalDate> parse_date(const std::string& text);

/// Whole days from `from` to `to`; negative when `to` is earlier.
int days_between(const LocalDate& from, const LocalDate& to);

/// One clock hour of a zone: [start, end), cut where the zone changes its offset, so the hours of a
/// day follow each other without gap or overlap (23 to 25 of them).
struct LocalHour {
    Instant start;
    Instant end;
    LocalDate date;
    bool operator==(const LocalHour&) const = default;
};

/// The hour that contains an instant.
LocalHour local_hour_at(const TimeZone& zone, Instant instant);

/// The hours of a local day, in order.
std::vector<LocalHour> hours_of_day(const TimeZone& zone, const LocalDate& date);

/// The local day of an instant.
LocalDate local_date_at(const TimeZone& zone, Instant instant);

/// The first instant of the day.
Instant day_start(const TimeZone& zone, const LocalDate& date);
LocalDate next_day(const LocalDate& date);

}  // namespace prepay::reporting
