#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::account {

/// Register value that stands for "the first reading at or after the time".
constexpr std::int64_t kNextReading = -1;

/// Who pays for a meter in [start_time, end_time).
struct Occupancy {
    std::string occupancy_id;  ///< Empty = new, not yet stored.
    std::int64_t account_no = 0;
    std::string room_id;
    std::string meter_id;
    Instant start_time;
    std::optional<Instant> end_time;
    std::int64_t opening_register = kNextReading;
    std::int64_t closing_register = kNextReading;
    std::int64_t revision = 1;
    bool vacancy = false;
    bool deleted = false;
    bool changed = false;
};

enum class MoveOutcome {
    kMoved,
    kOccupied,  ///< Somebody else pays now, and a new tenant cannot push him out.
    kTooEarly,  ///< The time lies in a span somebody already paid for.
};

/// Makes `next` the payer of a meter from its start time on. `timeline` holds the meter's spans
/// that are not deleted, by rising start_time, without overlaps; vacancy gives way, also in the
/// past, a tenant's span only ends where `next` is the vacancy.
MoveOutcome move_payer(std::vector<Occupancy>& timeline, Occupancy next);

}  // namespace prepay::account
