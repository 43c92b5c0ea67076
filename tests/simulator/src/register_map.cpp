#include "register_map.h"

#include <algorithm>
#include <cstdlib>

#include "register_block.h"

namespace prepay::simulator {
namespace {

constexpr std::size_t kReadCountMax = 125;
constexpr std::size_t kWriteCountMax = 123;

const FamilyMap& map_of(Family family) {
    switch (family) {
        case Family::kDdsy1352:
            return ddsy1352_map();
        case Family::kAdf400lSingle:
            return adf400l_map(false);
        case Family::kAdf400lThree:
            return adf400l_map(true);
        case Family::kWaterValve:
            return water_valve_map();
    }
    std::abort();
}

bool covered(std::span<const Range> ranges, std::uint32_t address, std::size_t count) {
    for (std::uint32_t at = address; at < address + count; ++at) {
        const bool inside = std::any_of(ranges.begin(), ranges.end(), [&](const Range& range) {
            return at >= range.first && at <= range.last;
        });
        if (!inside) {
            return false;
        }
    }
    return true;
}

Bytes answer_read(const Meter& meter, const FamilyMap& map, std::span<const std::uint8_t> pdu) {
    const std::size_t count = pdu.size() == 5 ? word_at(pdu, 3) : 0;
    if (count == 0 || count > kReadCountMax) {
        return exception_pdu(kReadHolding, kIllegalValue);
    }
    const std::uint16_t address = word_at(pdu, 1);
    if (!covered(map.mapped, address, count)) {
        return exception_pdu(kReadHolding, kIllegalAddress);
    }
    Window window(address, count);
    for (auto at = meter.memory.lower_bound(address);
         at != meter.memory.end() && at->first < address + count; ++at) {
        window.u16(at->first, at->second);
    }
    map.read(meter, window);
    Bytes answer = {kReadHolding, static_cast<std::uint8_t>(2 * count)};
    for (const std::uint16_t word : window.words()) {
        answer.push_back(static_cast<std::uint8_t>(word >> 8));
        answer.push_back(static_cast<std::uint8_t>(word & 0xFF));
    }
    return answer;
}

Bytes answer_write(Meter& meter, const FamilyMap& map, std::span<const std::uint8_t> pdu,
                   bool contradict, bool relay_stuck) {
    const std::size_t count = pdu.size() >= 6 ? word_at(pdu, 3) : 0;
    if (count == 0 || count > kWriteCountMax || pdu[5] != 2 * count ||
        pdu.size() != 6 + 2 * count) {
        return exception_pdu(kWriteMultiple, kIllegalValue);
    }
    WriteRequest request{word_at(pdu, 1), {}, contradict, relay_stuck};
    if (!covered(map.mapped, request.address, count)) {
        return exception_pdu(kWriteMultiple, kIllegalAddress);
    }
    for (std::size_t index = 0; index < count; ++index) {
        request.words.push_back(word_at(pdu, 6 + 2 * index));
    }
    if (const std::uint8_t code = map.write(meter, request); code != 0) {
        return exception_pdu(kWriteMultiple, code);
    }
    return Bytes(pdu.begin(), pdu.begin() + 5);
}

}  // namespace

Bytes answer(Meter& meter, std::span<const std::uint8_t> pdu, bool contradict, bool relay_stuck) {
    const FamilyMap& map = map_of(meter.spec().family);
    switch (pdu[0]) {
        case kReadHolding:
            return answer_read(meter, map, pdu);
        case kWriteMultiple:
            return answer_write(meter, map, pdu, contradict, relay_stuck);
        default:
            return exception_pdu(pdu[0], kIllegalFunction);
    }
}

bool is_relay_write(Family family, std::span<const std::uint8_t> pdu) {
    if (pdu.size() < 6 || pdu[0] != kWriteMultiple) {
        return false;
    }
    const WriteRequest request{word_at(pdu, 1), std::vector<std::uint16_t>(word_at(pdu, 3)), false,
                               false};
    return request.touches(map_of(family).relay);
}

std::uint8_t write_memory(Meter& meter, const WriteRequest& request,
                          std::span<const Range> memory) {
    if (!covered(memory, request.address, request.words.size())) {
        return kIllegalAddress;
    }
    for (std::size_t index = 0; index < request.words.size(); ++index) {
        meter.memory[static_cast<std::uint16_t>(request.address + index)] = request.words[index];
    }
    return 0;
}

std::vector<std::uint8_t> day_plan_bytes(bool rate_minute_hour) {
    std::vector<std::uint8_t> bytes;
    for (const RateSlot& slot : rate_slots()) {
        const auto hour = static_cast<std::uint8_t>(slot.hour);
        bytes.push_back(static_cast<std::uint8_t>(slot.rate));
        bytes.push_back(rate_minute_hour ? std::uint8_t{0} : hour);
        bytes.push_back(rate_minute_hour ? hour : std::uint8_t{0});
    }
    bytes.resize(std::size_t{14} * 3);
    return bytes;
}

}  // namespace prepay::simulator
