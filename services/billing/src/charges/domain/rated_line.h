#pragma once

#include <cstdint>

#include "core/time.h"
#include "quantity/quantity.h"
#include "tariffs/domain/tariff.h"

namespace prepay::billing {

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

}  // namespace prepay::billing
