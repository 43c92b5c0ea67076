#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "core/time.h"

namespace prepay {

// `Timestamp` is google.protobuf.Timestamp; this library knows its form and not protobuf.

/// Puts an instant into a message: `set_time(*charge.mutable_end_time(), end)`. Also before 1970
/// the nanoseconds count forward.
template <typename Timestamp>
void set_time(Timestamp& timestamp, Instant instant) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
    timestamp.set_seconds(seconds.time_since_epoch().count());
    timestamp.set_nanos(
        static_cast<std::int32_t>(std::chrono::nanoseconds(instant - seconds).count()));
}

/// The instant of a message, cut to microseconds. Seconds outside the years 1 .. 9999 are cut to
/// them, so that whatever a caller sends fits.
template <typename Timestamp>
Instant from_proto_time(const Timestamp& timestamp) {
    constexpr std::int64_t kSecondsMin = -62'135'596'800;
    constexpr std::int64_t kSecondsMax = 253'402'300'799;
    const std::int64_t seconds =
        std::clamp(static_cast<std::int64_t>(timestamp.seconds()), kSecondsMin, kSecondsMax);
    return from_micros(seconds * 1'000'000 + timestamp.nanos() / 1000);
}

/// Nothing unless `given`: `find_proto_time(request.has_end_time(), request.end_time())`.
template <typename Timestamp>
std::optional<Instant> find_proto_time(bool given, const Timestamp& timestamp) {
    return given ? std::optional<Instant>(from_proto_time(timestamp)) : std::nullopt;
}

}  // namespace prepay
