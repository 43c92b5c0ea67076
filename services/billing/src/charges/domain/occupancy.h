#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::billing {

/// Which account pays for a meter, from when to when.
struct Occupancy {
    std::int64_t key = 0;  ///< Billing's own.
    std::string occupancy_id;
    std::string account_id;
    std::int64_t account_key = 0;
    std::string room_id;
    std::string site_id;
    Instant start;
    std::optional<Instant> end;  ///< Absent = open.
    std::int64_t opening_register =
        -1;  ///< Base units at start; -1 = the first reading at or after it.
    std::int64_t closing_register =
        -1;  ///< Base units at end; -1 = the first reading at or after it.
    std::int64_t revision = 0;
    bool vacancy = false;
    bool deleted = false;
    bool operator==(const Occupancy&) const = default;
};

/// The paying occupancy at a moment; where two overlap, the one that started later, then the one
/// that is not a vacancy. Null = none.
const Occupancy* owner_at(const std::vector<Occupancy>& occupancies, Instant moment);

/// The earliest moment at which two sets of occupancies of one meter differ in who pays or in a
/// register at a border; nothing when they do not differ.
std::optional<Instant> first_difference(const std::vector<Occupancy>& before,
                                        const std::vector<Occupancy>& after);

}  // namespace prepay::billing
