#include "core/time.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

namespace prepay {
namespace {

absl::Time to_absl(Instant instant) { return absl::FromUnixMicros(to_micros(instant)); }

absl::TimeZone absl_zone(const std::string& name) {
    absl::TimeZone zone;
    absl::LoadTimeZone(name, &zone);  // Cached inside absl; names are checked by TimeZone::load.
    return zone;
}

}  // namespace

Instant SystemClock::now() const {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady() const {
    return std::chrono::steady_clock::now();
}

Result<Instant> parse_time(const std::string& text) {
    absl::Time time;
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
        return invalid_argument("BAD_TIME", "'" + text +
                                                "' is not an RFC 3339 time such as "
                                                "2026-01-31T08:00:00+08:00: " +
                                                error);
    }
    return from_micros(absl::ToUnixMicros(time));
}

std::string format_time(Instant instant) {
    return absl::FormatTime("%Y-%m-%d%ET%H:%M:%E*SZ", to_absl(instant), absl::UTCTimeZone());
}

TimeZone::TimeZone(std::string name) : name_(std::move(name)) {}

Result<TimeZone> TimeZone::load(const std::string& iana_name) {
    absl::TimeZone zone;
    if (iana_name.empty() || !absl::LoadTimeZone(iana_name, &zone)) {
        return invalid_argument("BAD_TIME_ZONE", "'" + iana_name +
                                                     "' is not an IANA time zone such as "
                                                     "Asia/Shanghai.");
    }
    return TimeZone(iana_name);
}

TimeZone TimeZone::utc() { return TimeZone("UTC"); }

CivilTime TimeZone::to_civil(Instant instant) const {
    const absl::CivilSecond second = absl::ToCivilSecond(to_absl(instant), absl_zone(name_));
    return {static_cast<int>(second.year()),
            second.month(),
            second.day(),
            second.hour(),
            second.minute(),
            second.second()};
}

Instant TimeZone::to_instant(const CivilTime& civil) const {
    const absl::CivilSecond second(civil.year, civil.month, civil.day, civil.hour, civil.minute,
                                   civil.second);
    const auto info = absl_zone(name_).At(second);
    const bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;
    return from_micros(absl::ToUnixMicros(skipped ? info.trans : info.pre));
}

int TimeZone::utc_offset_seconds(Instant instant) const {
    return absl_zone(name_).At(to_absl(instant)).offset;
}

std::optional<Instant> TimeZone::next_transition(Instant instant) const {
    absl::TimeZone::CivilTransition transition;
    const absl::TimeZone zone = absl_zone(name_);
    if (!zone.NextTransition(to_absl(instant), &transition)) {
        return std::nullopt;
    }
    const Instant next = from_micros(absl::ToUnixMicros(zone.At(transition.to).trans));
    const bool is_near = next - instant < std::chrono::hours(24 * 400);
    return is_near ? std::optional<Instant>(next) : std::nullopt;
}

int weekday(int year, int month, int day) {
    const auto absl_weekday = absl::GetWeekday(absl::CivilDay(year, month, day));
    return (static_cast<int>(absl_weekday) + 1) % 7;  // absl counts from Monday.
}

int days_in_month(int year, int month) {
    const absl::CivilMonth first(year, month);
    return static_cast<int>(absl::CivilDay(first + 1) - absl::CivilDay(first));
}

CivilTime add_days(const CivilTime& civil, int days) {
    const absl::CivilDay day = absl::CivilDay(civil.year, civil.month, civil.day) + days;
    return {static_cast<int>(day.year()),
            day.month(),
            day.day(),
            civil.hour,
            civil.minute,
            civil.second};
}

}  // namespace prepay
