#include "core/text.h"

#include <cstddef>
#include <cstdint>

namespace prepay {
namespace {

/// The code point at the head of `text`, and how many bytes it has; 0 bytes when it is not UTF-8.
struct CodePoint {
    std::uint32_t value = 0;
    std::size_t size = 0;
};

CodePoint first_of(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
    };
    const std::uint32_t head = byte(0);
    if (head < 0x80) {
        return {head, 1};
    }
    const std::size_t size = head >= 0xF0 ? 4 : head >= 0xE0 ? 3 : 2;
    if (head < 0xC2 || head > 0xF4 || text.size() < size) {
        return {};
    }
    std::uint32_t value = head & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) {
            return {};
        }
        value = value << 6 | (byte(i) & 0x3FU);
    }
    const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
    const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
    return overlong || surrogate || value > 0x10FFFF ? CodePoint{} : CodePoint{value, size};
}

bool is_control(std::uint32_t value) {
    return value < 0x20 || (value >= 0x7F && value <= 0x9F) || value == 0x2028 || value == 0x2029 ||
           (value >= 0x202A && value <= 0x202E) || (value >= 0x2066 && value <= 0x2069);
}

bool is_line_form(std::uint32_t value) { return value == '\n' || value == '\r' || value == '\t'; }

}  // namespace

bool is_clean_text(std::string_view text, TextForm form) {
    while (!text.empty()) {
        const CodePoint point = first_of(text);
        if (point.size == 0 ||
            (is_control(point.value) && !(form == TextForm::kLines && is_line_form(point.value)))) {
            return false;
        }
        text.remove_prefix(point.size);
    }
    return true;
}

}  // namespace prepay
