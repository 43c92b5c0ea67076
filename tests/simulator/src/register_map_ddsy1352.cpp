#include <array>

#include "core/ids.h"
#include "register_block.h"

namespace prepay::simulator {
namespace {

constexpr std::uint16_t kCode = 0x000A;
constexpr std::uint16_t kCodeMax = 9999;
constexpr Range kRelay{0x0057, 0x0058};

constexpr std::array<Range, 3> kMapped = {{{0x0000, 0x0063}, {0x2000, 0x202F}, {0x5030, 0x5031}}};
constexpr std::array<Range, 4> kMemory = {
    {{kCode, kCode}, {0x0046, 0x004B}, {0x0059, 0x0060}, {0x0061, 0x0061}}};

void read_number(const Meter& meter, Window& window) {
    std::uint64_t number = stable_hash(meter.spec().meter_id) % 1'000'000'000'000U;
    std::array<std::uint8_t, 6> bcd{};
    for (auto byte = bcd.rbegin(); byte != bcd.rend(); ++byte) {
        *byte = static_cast<std::uint8_t>(number % 10 | (number / 10 % 10) << 4);
        number /= 100;
    }
    window.bytes(0x0043, bcd);
}

void read(const Meter& meter, Window& window) {
    const Electrical shown = meter.electrical();
    window.u32(0x0000, register_steps(meter.total()));
    for (int rate = kSharp; rate <= kValley; ++rate) {
        window.u32(static_cast<std::uint16_t>(2 * rate), register_steps(meter.rate(rate)));
    }
    window.u16(0x000B, shown.voltage_dv);
    window.u16(0x000C, limit(current_ca(shown.apparent_va, shown.voltage_dv), kU16Max));
    window.u16(0x000D, limit(shown.power_w, kI16Max));
    window.u16(0x000E, limit(shown.reactive_var, kI16Max));
    window.u16(0x000F, limit(shown.apparent_va, kU16Max));
    window.u16(0x0010, shown.power_factor_milli);
    window.u16(0x0011, kFrequencyCentihertz);
    window.u16(0x0022, status_word(meter));
    window.u16(0x0038, 1);
    read_number(meter, window);
    window.u16(kRelay.first, meter.forced() ? 1 : 0);
    window.u16(kRelay.last, meter.ordered_open() ? 1 : 0);
    constexpr std::array<std::uint8_t, 12> kDatePlan = {1, 1, 1};
    window.bytes(0x2000, kDatePlan);
    const auto plan = day_plan_bytes(true);
    window.bytes(0x2006, plan);
    window.bytes(0x201B, plan);
}

std::uint8_t write_relay(Meter& meter, const WriteRequest& request) {
    if (!request.is_exactly(kRelay)) {
        return kIllegalAddress;
    }
    if (request.words[0] > 1 || (request.words[0] == 1 && request.words[1] > 1)) {
        return kIllegalValue;
    }
    if (!request.contradict) {
        const auto open =
            request.words[0] == 1 ? std::optional(request.words[1] == 1) : std::nullopt;
        meter.order_relay(open, request.relay_stuck);
    }
    return 0;
}

std::uint8_t write(Meter& meter, const WriteRequest& request) {
    if (request.touches(kRelay)) {
        return write_relay(meter, request);
    }
    if (request.address == kCode && request.words[0] > kCodeMax) {
        return kIllegalValue;
    }
    return write_memory(meter, request, kMemory);
}

}  // namespace

const FamilyMap& ddsy1352_map() {
    static constexpr FamilyMap kMap{kMapped, kRelay, read, write};
    return kMap;
}

}  // namespace prepay::simulator
