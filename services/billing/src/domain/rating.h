#pragma once

#include <vector>

#include "domain/compiled_tariff.h"

namespace prepay::billing {

/// Energy used in the running tier span by one account at one meter, over all rate periods
/// together.
struct TierCounter {
    TierSpan span = TierSpan::kNone;
    std::int32_t span_key = 0;  ///< See CompiledTariff::Segment.
    std::int64_t energy_wh = 0;
    bool operator==(const TierCounter&) const = default;
};

/// Energy between two moments. `start == end` stands for energy that appeared at one moment.
struct UsageInterval {
    Instant start;
    Instant end;
    Energy energy;  ///< 0 .. kIntervalEnergyWhMax.
};

/// Part of an interval with one price.
struct RatedLine {
    Instant start;
    Instant end;
    Energy energy;
    Price price;
    std::int64_t amount_nanos = 0;  ///< Exact: energy x price, 1e-9 yuan.
    RatePeriod period = RatePeriod::kSingle;
    std::int16_t tier = 1;  ///< 1 = first.
    bool operator==(const RatedLine&) const = default;
};

/// The kernel: appends the lines of an interval and moves the counter. Energy is spread over switch
/// times and span borders in proportion to time, by the floor of the cumulative share, and over
/// tiers by energy; the lines' energies add up to the interval's exactly. Parts without energy give
/// no line. Pure integers. The tariff's window must cover the interval.
void rate(const CompiledTariff& tariff, const UsageInterval& interval, TierCounter& counter,
          std::vector<RatedLine>& lines);

/// The part of `energy` up to `moment` when it is spread evenly over [start, end): the floor of the
/// exact share; all of it at or after the end.
Energy share_until(Energy energy, Instant start, Instant end, Instant moment);

}  // namespace prepay::billing
