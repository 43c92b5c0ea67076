#include "lines/convert.h"

#include <algorithm>

#include "devices/convert.h"

namespace prepay::metering {

namespace {

constexpr std::size_t kLineIdMax = 64;
constexpr std::size_t kLineNameMax = 200;
constexpr std::size_t kAddressMax = 200;
constexpr int kPollIntervalMsDefault = 15'000;
constexpr int kResponseTimeoutMsDefault = 500;

bool is_line_id(const std::string& id) {
    return !id.empty() && id.size() <= kLineIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

v1::Transport to_proto_transport(Transport transport) {
    switch (transport) {
        case Transport::kTcp:
            return v1::TRANSPORT_MODBUS_TCP;
        case Transport::kModbusRtu:
            return v1::TRANSPORT_MODBUS_RTU;
    }
    return v1::TRANSPORT_UNSPECIFIED;
}

}  // namespace

Result<LineConfig> from_proto_line(const v1::Line& line) {
    LineConfig config;
    config.line_id = line.line_id();
    config.display_name = line.display_name();
    config.address = line.address();
    config.enabled = line.enabled();
    if (!is_line_id(config.line_id)) {
        return invalid_argument(
            "BAD_LINE_ID", "line_id \"" + config.line_id + "\" is not 1 .. 64 of a-z, 0-9 and -");
    }
    switch (line.transport()) {
        case v1::TRANSPORT_MODBUS_TCP:
            config.transport = Transport::kTcp;
            break;
        case v1::TRANSPORT_MODBUS_RTU:
            config.transport = Transport::kModbusRtu;
            break;
        default:
            return invalid_argument("BAD_TRANSPORT", "transport is MODBUS_TCP or MODBUS_RTU");
    }
    if (config.address.empty() || config.address.size() > kAddressMax ||
        config.display_name.size() > kLineNameMax) {
        return invalid_argument("BAD_ADDRESS",
                                "address has 1 .. 200 bytes, display_name at most 200");
    }
    const int interval =
        line.poll_interval_ms() == 0 ? kPollIntervalMsDefault : line.poll_interval_ms();
    const int timeout =
        line.response_timeout_ms() == 0 ? kResponseTimeoutMsDefault : line.response_timeout_ms();
    if (interval < 200 || interval > 86'400'000) {
        return out_of_range("poll_interval_ms", "200 .. 86,400,000");
    }
    if (timeout < 20 || timeout > 10'000) {
        return out_of_range("response_timeout_ms", "20 .. 10,000");
    }
    config.poll_interval = std::chrono::milliseconds(interval);
    config.response_timeout = std::chrono::milliseconds(timeout);
    return config;
}

v1::Line to_proto_line(const LineConfig& line) {
    v1::Line result;
    result.set_line_id(line.line_id);
    result.set_display_name(line.display_name);
    result.set_transport(to_proto_transport(line.transport));
    result.set_address(line.address);
    result.set_poll_interval_ms(static_cast<std::int32_t>(line.poll_interval.count()));
    result.set_response_timeout_ms(static_cast<std::int32_t>(line.response_timeout.count()));
    result.set_enabled(line.enabled);
    return result;
}

v1::LineState to_proto_line_state(LineState state) {
    switch (state) {
        case LineState::kConnecting:
            return v1::LINE_STATE_CONNECTING;
        case LineState::kOnline:
            return v1::LINE_STATE_ONLINE;
        case LineState::kLost:
            return v1::LINE_STATE_LOST;
        case LineState::kDisabled:
            return v1::LINE_STATE_DISABLED;
    }
    return v1::LINE_STATE_UNSPECIFIED;
}

}  // namespace prepay::metering
