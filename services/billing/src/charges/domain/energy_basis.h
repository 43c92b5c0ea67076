#pragma once

#include <cstdint>

#include "core/time.h"
#include "quantity/quantity.h"
#include "tariffs/domain/tariff.h"

namespace prepay::billing {

/// What one account used at one meter in the running tier span, over all rate periods together.
struct TierCounter {
    TierSpan span = TierSpan::kNone;
    std::int32_t span_key = 0;  ///< See CompiledTariff::Segment.
    std::int64_t used = 0;      ///< Base units.
    bool operator==(const TierCounter&) const = default;
};

/// A register value at a moment. `reading_id` 0 = no reading of the gateway but an opening
/// register.
struct Reading {
    Instant slot_time;  ///< Identity and order within an epoch, with revision.
    int revision = 0;
    Instant read_time;  ///< When the register had the value.
    RegisterTotal total;
    int epoch = 0;  ///< Grows with swap and rollover; totals of two epochs don't mix.
    std::int64_t reading_id = 0;
    bool operator==(const Reading&) const = default;
};

}  // namespace prepay::billing
