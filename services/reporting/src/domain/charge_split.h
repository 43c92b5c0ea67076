#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/time.h"
#include "domain/local_hour.h"
#include "quantity/quantity.h"

namespace prepay::reporting {

/// Rate periods 0 (single price) to 5 (deep valley), as in billing.
constexpr std::size_t kRateCount = 6;
using RateUnits = std::array<std::int64_t, kRateCount>;  ///< Base units.

/// A charge as it went into the ledger. Reversals are negative.
struct PostedCharge {
    std::string site_id;
    std::string room_id;
    Instant start_time;
    Instant end_time;
    Instant post_time;
    Quantity quantity;
    Money amount;
    RateUnits rates{};  ///< Of the quantity.
};

/// The part of a charge that falls into one local hour.
struct ChargePart {
    LocalHour hour;
    Quantity quantity;
    Money amount;
    RateUnits rates{};
};

/// Longer intervals are not spread: they land whole in their last hour.
constexpr Duration kSpreadMax = std::chrono::hours(24 * 366 * 3);

/// Spreads a charge over the local hours of its interval in proportion to time. Every quantity is
/// cut by the floor of its cumulative share, so the parts add up to the whole exactly, and a
/// reversal of the same interval cancels its charge in every single hour. When the rates add up to
/// the quantity, they do so in every part. An interval without length lies in the hour of its
/// start.
std::vector<ChargePart> split_by_hour(const PostedCharge& charge, const TimeZone& zone);

}  // namespace prepay::reporting
