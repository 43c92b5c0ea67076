#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/status.h"

namespace prepay {

/// A point in time, UTC, microseconds since 1970. Intervals are half-open [start, end).
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
using Duration = std::chrono::microseconds;

/// Where services get the time from. `now` is wall-clock time for records; `steady` measures spans
/// and never jumps. Tests pass a fake.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Instant now() const = 0;
    [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;
};

/// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override;
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override;
};

constexpr std::int64_t to_micros(Instant instant) { return instant.time_since_epoch().count(); }
constexpr Instant from_micros(std::int64_t micros) { return Instant(Duration(micros)); }

/// RFC 3339 with a zone offset or Z, e.g. "2026-01-31T08:00:00+08:00"; reason BAD_TIME.
Result<Instant> parse_time(const std::string& text);

/// RFC 3339 UTC, "2026-01-31T00:00:00.000000Z" without trailing zeros of the fraction.
std::string format_time(Instant instant);

/// A local calendar second.
struct CivilTime {
    int year = 1970;
    int month = 1;  // 1-12
    int day = 1;    // 1-31
    int hour = 0;
    int minute = 0;
    int second = 0;
    bool operator==(const CivilTime&) const = default;
    auto operator<=>(const CivilTime&) const = default;
};

/// An IANA time zone. Cheap to copy, immutable, thread-safe.
class TimeZone {
public:
    /// Reason BAD_TIME_ZONE for a name the system does not know.
    static Result<TimeZone> load(const std::string& iana_name);
    static TimeZone utc();

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] CivilTime to_civil(Instant instant) const;
    /// The earliest instant that shows the civil time; a time skipped by a change of offset gives
    /// the instant of the change.
    [[nodiscard]] Instant to_instant(const CivilTime& civil) const;
    /// Seconds east of UTC at the instant.
    [[nodiscard]] int utc_offset_seconds(Instant instant) const;
    /// The next instant after `instant` at which the offset changes, if any within 400 days.
    [[nodiscard]] std::optional<Instant> next_transition(Instant instant) const;

private:
    struct Impl;
    explicit TimeZone(std::string name);
    std::string name_;
};

/// 0 = Sunday … 6 = Saturday.
int weekday(int year, int month, int day);

/// Days in a month of the proleptic Gregorian calendar.
int days_in_month(int year, int month);

/// The day after / before by n days.
CivilTime add_days(const CivilTime& civil, int days);

}  // namespace prepay
