#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::metering {

/// What a meter counts: Wh of electricity or mL of water.
enum class Resource { kElectricity, kWater };

enum class Transport { kModbusTcp, kModbusRtu };

/// State of a meter's contact. kClosed = power is on, kOpen = tripped.
enum class RelayState { kUnknown, kClosed, kOpen };

enum class LineState { kConnecting, kOnline, kLost, kDisabled };

/// One physical bus or serial server.
struct LineConfig {
    std::string line_id;
    std::string display_name;
    Transport transport = Transport::kModbusTcp;
    std::string address;  ///< "host:port" or "/dev/ttyS0?baud=9600&parity=N".
    std::chrono::milliseconds poll_interval{15'000};
    std::chrono::milliseconds response_timeout{500};
    bool enabled = true;
    bool operator==(const LineConfig&) const = default;
};

/// A meter as a device on a line.
struct MeterConfig {
    std::int64_t meter_no = 0;  ///< The gateway's surrogate key.
    std::string meter_id;
    std::string line_id;
    int unit_id = 0;  ///< Modbus unit, 1 .. 247.
    std::string driver_pack;
    std::string serial_number;
    std::string display_name;
    Resource resource = Resource::kElectricity;
    std::int64_t rated_power_w = 0;  ///< 0 = the pack's.
    int ct_ratio = 1;
    bool enabled = true;
    int register_epoch = 0;  ///< Epoch in which the next reading is expected; a swap raises it.
    bool operator==(const MeterConfig&) const = default;
};

/// What one sweep of a meter says. Values the pack does not have are absent or empty.
struct MeterValues {
    Instant read_time{};
    RegisterTotal register_total;             ///< Wh or mL, cumulative within the epoch.
    std::vector<std::int64_t> rate_total_wh;  ///< Sharp, peak, flat, valley, deep valley.
    std::vector<std::int64_t> voltage_mv;     ///< Per phase.
    std::vector<std::int64_t> current_ma;     ///< Per phase.
    std::int64_t power_w = 0;                 ///< Signed.
    std::int32_t power_factor_ppm = 0;        ///< Signed.
    RelayState relay = RelayState::kUnknown;
    bool operator==(const MeterValues&) const = default;
};

enum class ReadingSource { kPoll, kOnDemand, kImport };

/// One register reading; identity (meter, channel, slot time, revision).
struct Reading {
    std::int64_t reading_id = 0;
    std::int64_t meter_no = 0;
    std::string meter_id;
    int channel = 0;      ///< 0 = the billing total.
    Instant slot_time{};  ///< Start of the poll slot the reading answers for.
    int revision = 0;
    Instant read_time{};
    RegisterTotal register_total;
    int register_epoch = 0;
    ReadingSource source = ReadingSource::kPoll;
    std::optional<MeterValues> values;  ///< Live readings only.
};

/// A reading that was not allowed to become a base.
struct RejectedReading {
    std::string meter_id;
    std::string reason;  ///< Stable word, see plausibility.h.
    RegisterTotal previous_total;
    RegisterTotal register_total;
    Instant read_time{};
};

/// A change of what is known of a meter's reachability or contact.
struct MeterStateChange {
    std::int64_t meter_no = 0;
    std::string meter_id;
    bool online = false;
    RelayState relay = RelayState::kUnknown;
    Instant change_time{};
    std::int64_t revision = 0;  ///< Grows with each change of one meter.
    std::string driver_pack;
    Resource resource = Resource::kElectricity;
};

enum class FrameDirection { kSent, kReceived };

/// Bytes as they were on the wire, MBAP or CRC included.
struct Frame {
    Instant frame_time{};
    FrameDirection direction = FrameDirection::kSent;
    std::vector<std::uint8_t> data;
    int attempt_number = 0;
};

}  // namespace prepay::metering
