#pragma once

#include <cstdint>

#include "core/time.h"

namespace prepay {

// Times of requests, files and events lie from 2000 to 2100: everything else is a mistake of units.
constexpr std::int64_t kYear2000Seconds = 946'684'800;
constexpr std::int64_t kYear2100Seconds = 4'102'444'800;

inline bool is_plausible_time(Instant time) {
    return time >= from_micros(kYear2000Seconds * 1'000'000) &&
           time < from_micros(kYear2100Seconds * 1'000'000);
}

/// Of a google.protobuf.Timestamp; also that its nanoseconds are some.
template <typename Timestamp>
bool is_plausible_proto_time(const Timestamp& time) {
    return time.seconds() >= kYear2000Seconds && time.seconds() < kYear2100Seconds &&
           time.nanos() >= 0 && time.nanos() < 1'000'000'000;
}

}  // namespace prepay
