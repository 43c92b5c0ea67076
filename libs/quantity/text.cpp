#include "quantity/text.h"

#include <algorithm>

namespace prepay {

std::optional<std::int64_t> parse_decimal(std::string_view text, int scale) {
    bool negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    Int128 value = 0;
    int fraction_digits = -1;  // -1 = before the point.
    bool any_digit = false;
    for (const char c : text) {
        if (c == '.' && fraction_digits < 0) {
            fraction_digits = 0;
            continue;
        }
        if (c < '0' || c > '9') {
            return std::nullopt;
        }
        any_digit = true;
        if (fraction_digits >= scale) {
            if (c != '0') {
                return std::nullopt;
            }
            continue;
        }
        value = value * 10 + (c - '0');
        fraction_digits += fraction_digits >= 0 ? 1 : 0;
        if (value > INT64_MAX) {
            return std::nullopt;
        }
    }
    if (!any_digit) {
        return std::nullopt;
    }
    for (int i = fraction_digits < 0 ? 0 : fraction_digits; i < scale; ++i) {
        value *= 10;
        if (value > INT64_MAX) {
            return std::nullopt;
        }
    }
    return static_cast<std::int64_t>(negative ? -value : value);
}

std::string format_decimal(Int128 value, int scale, int digits_min) {
    const auto width = static_cast<std::size_t>(scale);
    std::string digits;
    // Digit by digit, because the magnitude of the smallest value has no Int128.
    for (Int128 rest = value; rest != 0 || digits.size() <= width; rest /= 10) {
        const auto digit = static_cast<int>(rest % 10);
        digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    }
    std::reverse(digits.begin(), digits.end());
    std::string whole = digits.substr(0, digits.size() - width);
    std::string fraction = digits.substr(digits.size() - width);
    while (fraction.size() > static_cast<std::size_t>(digits_min) && fraction.back() == '0') {
        fraction.pop_back();
    }
    return (value < 0 ? "-" : "") + whole + (fraction.empty() ? "" : "." + fraction);
}

const char* unit_text(Resource resource) { return resource == Resource::kWater ? "m³" : "kWh"; }

const char* base_unit_text(Resource resource) { return resource == Resource::kWater ? "mL" : "Wh"; }

std::string format_units(Int128 base_units, Resource resource) {
    return format_decimal(base_units, unit_scale(resource), 3);
}

std::string format_quantity(Quantity quantity) {
    return format_units(quantity.base_units(), quantity.resource()) + " " +
           unit_text(quantity.resource());
}

}  // namespace prepay
