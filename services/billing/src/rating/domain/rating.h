#pragma once

#include <vector>

#include "charges/domain/energy_basis.h"
#include "charges/domain/rated_line.h"
#include "tariffs/domain/compiled_tariff.h"

namespace prepay::billing {

/// Use between two moments. `start == end` stands for what appeared at one moment.
struct UsageInterval {
    Instant start;
    Instant end;
    Quantity quantity;  ///< 0 .. kIntervalQuantityMax.
};

/// The kernel: appends the lines of an interval and moves the counter. Use is spread over switch
/// times and span borders in proportion to time, by the floor of the cumulative share, and over
/// tiers by quantity; the lines' quantities add up to the interval's exactly. Parts without use
/// give no line. Pure integers. The tariff's window must cover the interval.
void rate(const CompiledTariff& tariff, const UsageInterval& interval, TierCounter& counter,
          std::vector<RatedLine>& lines);

/// The part of `base_units` up to `moment` when they are spread evenly over [start, end): the floor
/// of the exact share; all of it at or after the end.
std::int64_t share_until(std::int64_t base_units, Instant start, Instant end, Instant moment);

}  // namespace prepay::billing
