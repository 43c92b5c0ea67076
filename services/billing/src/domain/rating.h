#pragma once

#include <vector>

#include "domain/compiled_tariff.h"

namespace prepay::billing {

/// What one account used at one meter in the running tier span, over all rate periods together.
struct TierCounter {
    TierSpan span = TierSpan::kNone;
    std::int32_t span_key = 0;  ///< See CompiledTariff::Segment.
    std::int64_t used = 0;      ///< Base units.
    bool operator==(const TierCounter&) const = default;
};

/// Use between two moments. `start == end` stands for what appeared at one moment.
struct UsageInterval {
    Instant start;
    Instant end;
    Quantity quantity;  ///< 0 .. kIntervalQuantityMax.
};

/// Part of an interval with one price.
struct RatedLine {
    Instant start;
    Instant end;
    Quantity quantity;
    Price price;
    RatePeriod period = RatePeriod::kSingle;
    std::int16_t tier = 1;  ///< 1 = first.
    bool operator==(const RatedLine&) const = default;

    /// The exact amount.
    [[nodiscard]] Int128 picos() const { return exact_picos(quantity, price); }
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
