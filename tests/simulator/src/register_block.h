#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "meter.h"

namespace prepay::simulator {

/// Addresses [first, last].
struct Range {
    std::uint16_t first;
    std::uint16_t last;
};

/// The registers a read asked for; what lies outside is ignored, what nobody sets stays 0.
class Window {
public:
    Window(std::uint16_t first, std::size_t count) : first_(first), words_(count) {}

    void u16(std::uint16_t address, std::int64_t value) {
        const auto index = static_cast<std::size_t>(address - first_);
        if (address >= first_ && index < words_.size()) {
            words_[index] = static_cast<std::uint16_t>(value & 0xFFFF);
        }
    }
    /// High word first; I32 too, as two's complement.
    void u32(std::uint16_t address, std::int64_t value) {
        u16(address, value >> 16);
        u16(static_cast<std::uint16_t>(address + 1), value);
    }
    /// Two bytes in a register, high byte first.
    void bytes(std::uint16_t address, std::span<const std::uint8_t> values) {
        for (std::size_t index = 0; index + 1 < values.size(); index += 2) {
            u16(static_cast<std::uint16_t>(address + index / 2),
                values[index] << 8 | values[index + 1]);
        }
    }
    [[nodiscard]] const std::vector<std::uint16_t>& words() const { return words_; }

private:
    std::uint16_t first_;
    std::vector<std::uint16_t> words_;
};

/// A validated function 10 request.
struct WriteRequest {
    std::uint16_t address = 0;
    std::vector<std::uint16_t> words;
    bool contradict = false;
    bool relay_stuck = false;

    [[nodiscard]] std::uint32_t end() const {
        return address + static_cast<std::uint32_t>(words.size());
    }
    [[nodiscard]] bool touches(Range range) const {
        return address <= range.last && end() > range.first;
    }
    [[nodiscard]] bool is_exactly(Range range) const {
        return address == range.first && end() == range.last + 1U;
    }
};

/// What a family adds to the common request handling. `write` returns an exception code, 0 = done.
struct FamilyMap {
    std::span<const Range> mapped;
    Range relay;
    void (*read)(const Meter&, Window&);
    std::uint8_t (*write)(Meter&, const WriteRequest&);
};

const FamilyMap& ddsy1352_map();
const FamilyMap& adf400l_map(bool three_phase);
const FamilyMap& water_valve_map();

/// Stores the words when every one of them is memory; else an exception code.
std::uint8_t write_memory(Meter& meter, const WriteRequest& request, std::span<const Range> memory);

/// The built-in periods as 14 slots of 3 bytes; `rate_minute_hour` else rate, hour, minute.
std::vector<std::uint8_t> day_plan_bytes(bool rate_minute_hour);

/// Status word of all families: bit 0 contact open, bit 1 forced.
inline std::int64_t status_word(const Meter& meter) {
    return (meter.contact_open() ? 1 : 0) | (meter.forced() ? 2 : 0);
}

/// 0.01 A of an apparent power at a voltage in 0.1 V.
constexpr std::int64_t current_ca(std::int64_t apparent_va, std::int64_t voltage_dv) {
    return apparent_va * 1000 / voltage_dv;
}

/// A 16-bit register cannot show more than its range.
constexpr std::int64_t limit(std::int64_t value, std::int64_t most) {
    return value < most ? value : most;
}

inline constexpr std::int64_t kI16Max = 0x7FFF;
inline constexpr std::int64_t kU16Max = 0xFFFF;
inline constexpr std::int64_t kFrequencyCentihertz = 5000;

}  // namespace prepay::simulator
