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

/// The unit that prices and people speak of: "kWh" or "m³".
const char* unit_text(Resource resource);

/// The base unit that registers count: "Wh" or "mL".
const char* base_unit_text(Resource resource);

/// "3.250" of 3,250 Wh or 3,250,000 mL: at least three decimals, more where water has more.
std::string format_units(Int128 base_units, Resource resource);

/// "3.250 kWh" or "0.1205 m³".
std::string format_quantity(Quantity quantity);

}  // namespace prepay
