#include "devices/adapters/grpc_pages.h"

#include <charconv>

namespace prepay::metering {

Status unknown_meter(const std::string& meter_id) {
    return not_found("UNKNOWN_METER", "no meter \"" + meter_id + "\" is registered");
}

Status check_count(int count, int max, const char* what) {
    if (count < 1 || count > max) {
        return invalid_argument("BAD_COUNT", std::string(what) + ": 1 .. " + std::to_string(max) +
                                                 " in one request, not " + std::to_string(count));
    }
    return absl::OkStatus();
}

std::string make_place(std::int64_t number, const std::string& text) {
    return std::to_string(number) + "." + text;
}

Result<Place> parse_place(const std::string& text) {
    Place result;
    const std::size_t dot = text.find('.');
    const char* end = text.data() + (dot == std::string::npos ? 0 : dot);
    const auto [stop, error] = std::from_chars(text.data(), end, result.number);
    if (dot == std::string::npos || error != std::errc() || stop != end) {
        return rpc::bad_page_token();
    }
    result.text = text.substr(dot + 1);
    return result;
}

Result<Place> page_start(const std::string& page_token, const Place& first) {
    if (page_token.empty()) {
        return first;
    }
    return parse_place(page_token);
}

}  // namespace prepay::metering
