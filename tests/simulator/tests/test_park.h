#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.h"
#include "park.h"
#include "register_map.h"

namespace prepay::simulator::test {

/// A clock that stands until it is moved. Starts 2026-01-15 00:00 in the park's zone, a Thursday.
class FakeClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override {
        return from_micros(1'768'406'400'000'000) + passed_;
    }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(passed_);
    }
    void pass(Duration time) { passed_ += time; }

private:
    Duration passed_{0};
};

/// "01 03 0A" to bytes.
inline Bytes hex(const std::string& text) {
    Bytes bytes;
    for (std::size_t at = 0; at + 1 < text.size(); at += 3) {
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(at, 2), nullptr, 16)));
    }
    return bytes;
}

inline Bytes read_pdu(int address, int count) {
    const auto byte = [](int value) { return static_cast<std::uint8_t>(value & 0xFF); };
    return {0x03, byte(address >> 8), byte(address), byte(count >> 8), byte(count)};
}

inline Bytes write_pdu(int address, const std::vector<int>& words) {
    const auto byte = [](std::size_t value) { return static_cast<std::uint8_t>(value & 0xFF); };
    const auto start = static_cast<std::size_t>(address);
    Bytes pdu = {0x10,
                 byte(start >> 8),
                 byte(start),
                 byte(words.size() >> 8),
                 byte(words.size()),
                 byte(2 * words.size())};
    for (const int word : words) {
        pdu.push_back(static_cast<std::uint8_t>(word >> 8 & 0xFF));
        pdu.push_back(static_cast<std::uint8_t>(word & 0xFF));
    }
    return pdu;
}

/// Words of a read answer; empty for an exception.
inline std::vector<int> words_of(const Bytes& pdu) {
    std::vector<int> words;
    for (std::size_t at = 2; pdu.at(0) == 0x03 && at + 1 < pdu.size(); at += 2) {
        words.push_back(word_at(pdu, at));
    }
    return words;
}

inline std::int64_t u32_of(const Bytes& pdu) {
    const auto words = words_of(pdu);
    return words.size() == 2 ? std::int64_t{words[0]} << 16 | words[1] : -1;
}

inline MeterSpec meter_spec(const std::string& id, int unit, Family family, std::int64_t load_w,
                            std::int64_t register_wh = 0) {
    MeterSpec spec;
    spec.meter_id = id;
    spec.line_id = "line-01";
    spec.unit_id = unit;
    spec.family = family;
    spec.register_wh = register_wh;
    spec.load_w = load_w;
    return spec;
}

}  // namespace prepay::simulator::test
