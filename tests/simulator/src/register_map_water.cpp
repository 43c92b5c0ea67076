#include <array>

#include "register_block.h"

namespace prepay::simulator {
namespace {

constexpr Range kValve{0x0010, 0x0010};
constexpr std::array<Range, 2> kMapped = {{{0x0000, 0x0005}, kValve}};
constexpr std::int64_t kMillilitresPerLitre = 1000;

void read(const Meter& meter, Window& window) {
    window.u32(0x0000, meter.total().mwh() / kWaterStep);
    window.u32(0x0002, meter.power_w() / kMillilitresPerLitre);
    window.u16(0x0004, meter.contact_open() ? 1 : 0);
    window.u16(kValve.first, meter.ordered_open() ? 1 : 0);
}

std::uint8_t write(Meter& meter, const WriteRequest& request) {
    if (!request.is_exactly(kValve)) {
        return kIllegalAddress;
    }
    if (request.words[0] > 1) {
        return kIllegalValue;
    }
    if (!request.contradict) {
        meter.order_relay(request.words[0] == 1, request.relay_stuck);
    }
    return 0;
}

}  // namespace

const FamilyMap& water_valve_map() {
    static constexpr FamilyMap kMap{kMapped, kValve, read, write};
    return kMap;
}

}  // namespace prepay::simulator
