#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "core/assert.h"
#include "core/time.h"
#include "devices/domain/relay.h"
#include "protocols/domain/protocol.h"
#include "quantity/quantity.h"

namespace prepay::metering {

/// A meter as a device on a line.
struct MeterConfig {
    std::int64_t meter_no = 0;  ///< The gateway's surrogate key.
    std::string meter_id;
    std::string line_id;
    MeterAddress address;  ///< On its line.
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

enum class FrameDirection { kSent, kReceived };

/// Bytes as they were on the wire, MBAP or CRC included.
struct Frame {
    Instant frame_time{};
    FrameDirection direction = FrameDirection::kSent;
    std::vector<std::uint8_t> data;
    int attempt_number = 0;
};

}  // namespace prepay::metering
