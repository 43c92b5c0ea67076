#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "commands/domain/hold.h"
#include "core/assert.h"
#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::metering {

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

/// Up to kMax values in place: what a meter says is copied a lot.
template <std::size_t kMax>
class ValueList {
public:
    constexpr ValueList() = default;
    constexpr ValueList(std::initializer_list<std::int64_t> values) {
        assign(values.begin(), values.end());
    }
    /// What does not fit is left out.
    template <typename Iterator>
    constexpr void assign(Iterator first, Iterator last) {
        size_ = 0;
        for (; first != last && size_ < kMax; ++first) {
            values_[size_++] = *first;
        }
    }
    constexpr void push_back(std::int64_t value) {
        PREPAY_ASSERT(size_ < kMax);
        values_[size_++] = value;
    }
    [[nodiscard]] constexpr const std::int64_t* begin() const { return values_.data(); }
    [[nodiscard]] constexpr const std::int64_t* end() const { return begin() + size_; }
    [[nodiscard]] constexpr std::size_t size() const { return size_; }
    [[nodiscard]] constexpr std::int64_t front() const { return values_.front(); }
    [[nodiscard]] constexpr std::int64_t back() const { return *(end() - 1); }
    constexpr bool operator==(const ValueList& other) const {
        return std::equal(begin(), end(), other.begin(), other.end());
    }

private:
    std::array<std::int64_t, kMax> values_{};
    std::size_t size_ = 0;
};

constexpr std::size_t kRatesMax = 5;
constexpr std::size_t kPhasesMax = 3;

/// What one sweep of a meter says. Values the pack does not have are absent or empty.
struct MeterValues {
    Instant read_time{};
    RegisterTotal register_total;        ///< Wh or mL, cumulative within the epoch.
    ValueList<kRatesMax> rate_total_wh;  ///< Sharp, peak, flat, valley, deep valley.
    ValueList<kPhasesMax> voltage_mv;    ///< Per phase.
    ValueList<kPhasesMax> current_ma;    ///< Per phase.
    std::int64_t power_w = 0;            ///< Signed.
    std::int32_t power_factor_ppm = 0;   ///< Signed.
    RelayState relay = RelayState::kUnknown;
    bool operator==(const MeterValues&) const = default;
};

enum class ReadingSource { kPoll, kOnDemand, kImport };

/// One register reading; identity (meter, channel, slot time, revision).
struct Reading {
    std::int64_t reading_id = 0;
    std::int64_t meter_no = 0;
    std::string meter_id;
    Resource resource = Resource::kElectricity;
    int channel = 0;      ///< 0 = the billing total.
    Instant slot_time{};  ///< Start of the poll slot the reading answers for.
    int revision = 0;
    Instant read_time{};
    RegisterTotal register_total;
    int register_epoch = 0;
    ReadingSource source = ReadingSource::kPoll;
    std::optional<MeterValues> values;  ///< Live readings only.
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
    MeterHolds holds;  ///< Why the power is off.
};

enum class FrameDirection { kSent, kReceived };

/// Bytes as they were on the wire, MBAP or CRC included.
struct Frame {
    Instant frame_time{};
    FrameDirection direction = FrameDirection::kSent;
    std::vector<std::uint8_t> data;
    int attempt_number = 0;
};

/// A reading that was not allowed to become a base.
struct RejectedReading {
    std::string meter_id;
    std::string reason;  ///< Stable word, see plausibility.h.
    RegisterTotal previous_total;
    RegisterTotal register_total;
    Instant read_time{};
    std::optional<Instant> previous_read_time{};
    bool quarantine = false;  ///< From it on nothing of the meter is taken until a person decides.
    bool after_change = false;  ///< Of the meter's address, unit, serial number, pack or CT ratio.
    std::vector<Frame> frames{};
};

/// What a meter in quarantine shows now.
struct QuarantineSight {
    std::string meter_id;
    RegisterTotal register_total;
    Instant read_time{};
};

}  // namespace prepay::metering
