#pragma once

#include <array>
#include <chrono>
#include <string>

namespace prepay::metering {

enum class Transport {
    kTcp,        ///< A connection that carries the frames of its meters' protocols.
    kModbusRtu,  ///< A serial device, Modbus only.
};
inline constexpr std::array kTransports{Transport::kTcp, Transport::kModbusRtu};

/// Words used in SQL.
const char* transport_text(Transport transport);
Transport transport_from_text(const std::string& text);

/// One physical bus or serial server.
struct LineConfig {
    std::string line_id;
    std::string display_name;
    Transport transport = Transport::kTcp;
    std::string address;  ///< "host:port" or "/dev/ttyS0?baud=9600&parity=N".
    std::chrono::milliseconds poll_interval{15'000};
    std::chrono::milliseconds response_timeout{500};
    bool enabled = true;
    bool operator==(const LineConfig&) const = default;
};

}  // namespace prepay::metering
