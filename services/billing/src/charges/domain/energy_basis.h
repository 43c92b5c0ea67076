#pragma once

#include <cstdint>
#include <string>

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

/// What a meter counted between two registers, and by which tariff: enough to explain the charge,
/// and to take the meter back to before it.
struct EnergyBasis {
    std::int64_t tariff_key = 0;
    std::string tariff_id;
    int tariff_version = 0;
    std::int64_t start_register = 0;  ///< Base units; of the epoch of the readings.
    std::int64_t end_register = 0;
    Quantity quantity;  ///< Negative in a reversal.
    TierCounter before;
    TierCounter after;
    Reading from;  ///< The readings around.
    Reading to;
};

/// The same with quantity and counter going the other way.
EnergyBasis reversed(EnergyBasis basis);

}  // namespace prepay::billing
