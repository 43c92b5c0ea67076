#include "adapters/grpc_pages.h"

#include <charconv>

namespace prepay::metering {

Result<int> page_size_of(std::int32_t page_size, int fallback, int max) {
    if (page_size < 0 || page_size > max) {
        return invalid_argument("BAD_PAGE_SIZE", "page_size is 0 .. " + std::to_string(max));
    }
    return page_size == 0 ? fallback : page_size;
}

std::string make_page_token(std::int64_t number, const std::string& text) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string token;
    for (const char c : std::to_string(number) + "." + text) {
        token += kDigits[static_cast<unsigned char>(c) >> 4];
        token += kDigits[static_cast<unsigned char>(c) & 0xF];
    }
    return token;
}

Result<PageToken> parse_page_token(const std::string& token) {
    const Status bad =
        invalid_argument("BAD_PAGE_TOKEN", "page_token is not one that this service handed out");
    constexpr std::size_t kTokenMax = 400;
    if (token.size() > kTokenMax || token.size() % 2 != 0) {
        return bad;
    }
    std::string plain;
    for (std::size_t i = 0; i < token.size(); i += 2) {
        unsigned byte = 0;
        const auto [stop, error] =
            std::from_chars(token.data() + i, token.data() + i + 2, byte, 16);
        if (error != std::errc() || stop != token.data() + i + 2) {
            return bad;
        }
        plain += static_cast<char>(byte);
    }
    PageToken result;
    const std::size_t dot = plain.find('.');
    const char* end = plain.data() + (dot == std::string::npos ? 0 : dot);
    const auto [stop, error] = std::from_chars(plain.data(), end, result.number);
    if (dot == std::string::npos || error != std::errc() || stop != end) {
        return bad;
    }
    result.text = plain.substr(dot + 1);
    return result;
}

}  // namespace prepay::metering
