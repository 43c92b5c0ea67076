#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "quantity/quantity.h"

namespace prepay {

/// Parses a plain decimal ("-12.5", "0.062") into an integer of 10^-scale units, exactly; nothing
/// on bad syntax, more fractional digits than `scale` that are not zero, or overflow.
std::optional<std::int64_t> parse_decimal(std::string_view text, int scale);

/// Formats an integer of 10^-scale units with at least `digits_min` and at most `scale` fractional
/// digits ("89.879860", digits_min 2 -> "89.87986").
std::string format_decimal(Int128 value, int scale, int digits_min);

}  // namespace prepay
