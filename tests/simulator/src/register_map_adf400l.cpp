#include <array>

#include "register_block.h"

namespace prepay::simulator {
namespace {

constexpr Range kForced{0x0800, 0x0806};
constexpr std::uint16_t kOrderOpen = 0x0100;
constexpr std::uint16_t kOrderClose = 0x0001;

/// Where the two kinds of users differ.
struct Layout {
    std::uint16_t settings;   // prepaid settings
    std::uint16_t remaining;  // remaining amount, total purchased, count, base quota, status, left
    std::uint16_t energy;
    std::uint16_t category;  // of a forced order
    std::uint16_t order;     // index of the order word from 0800
};

constexpr Layout kSingle{0x0500, 0x030A, 0x0306, 1, 1};
constexpr Layout kThree{0x0536, 0x0362, 0x035E, 2, 4};

constexpr std::array<Range, 7> kSingleMapped = {{{0x0300, 0x0317},
                                                 {0x0400, 0x045F},
                                                 {0x0500, 0x0511},
                                                 {0x0600, 0x0618},
                                                 {0x0700, 0x0707},
                                                 kForced,
                                                 {0x0908, 0x0952}}};
constexpr std::array<Range, 7> kThreeMapped = {{{0x033F, 0x036E},
                                                {0x0400, 0x045F},
                                                {0x0536, 0x0547},
                                                {0x064E, 0x0666},
                                                {0x0718, 0x071F},
                                                kForced,
                                                {0x0908, 0x0952}}};
constexpr std::array<Range, 4> kSingleMemory = {
    {{0x0500, 0x050C}, {0x0510, 0x0511}, {0x0600, 0x0618}, {0x0700, 0x0707}}};
constexpr std::array<Range, 4> kThreeMemory = {
    {{0x0536, 0x0542}, {0x0546, 0x0547}, {0x064E, 0x0666}, {0x0718, 0x071F}}};

const Layout& layout_of(const Meter& meter) {
    return meter.spec().family == Family::kAdf400lThree ? kThree : kSingle;
}

constexpr std::uint16_t at(std::uint16_t base, unsigned offset) {
    return static_cast<std::uint16_t>(base + offset);
}

Range purchase_range(const Layout& layout) {
    return {at(layout.settings, 13), at(layout.settings, 15)};
}

void read_single_measured(const Electrical& shown, Window& window) {
    window.u16(0x0300, shown.voltage_dv);
    window.u16(0x0301, limit(current_ca(shown.apparent_va, shown.voltage_dv), kU16Max));
    window.u16(0x0302, limit(shown.power_w, kI16Max));
    window.u16(0x0303, limit(shown.reactive_var, kI16Max));
    window.u16(0x0304, limit(shown.apparent_va, kU16Max));
    window.u16(0x0305, shown.power_factor_milli);
    window.u16(0x0308, kFrequencyCentihertz);
}

void read_three_measured(const Electrical& shown, Window& window) {
    constexpr std::array<std::int64_t, 3> kVoltageShift = {0, 7, -5};
    for (unsigned phase = 0; phase < 3; ++phase) {
        const std::int64_t voltage_dv = shown.voltage_dv + kVoltageShift[phase];
        const std::int64_t power_w = shown.power_w / 3 + (shown.power_w % 3 > phase ? 1 : 0);
        window.u16(at(0x033F, phase), voltage_dv);
        window.u16(at(0x0342, phase),
                   limit(current_ca(shown.apparent_va / 3, voltage_dv), kU16Max));
        window.u32(at(0x0347, 2 * phase), power_w);
        window.u16(at(0x0352, phase), shown.power_factor_milli);
    }
    window.u32(0x0345, shown.power_w);
    window.u32(0x034D, shown.reactive_var);
    window.u32(0x034F, shown.apparent_va);
    window.u16(0x0351, shown.power_factor_milli);
    window.u16(0x0355, kFrequencyCentihertz);
}

void read_account(const Meter& meter, const Layout& layout, Window& window) {
    const std::uint16_t base = layout.remaining;
    window.u32(base, meter.purchase.remaining_fen);
    window.u32(at(base, 2), meter.purchase.total_fen);
    window.u16(at(base, 4), meter.purchase.count);
    for (unsigned word = 0; word < 2; ++word) {
        const auto quota = meter.memory.find(at(layout.settings, 16 + word));
        const std::int64_t value = quota == meter.memory.end() ? 0 : quota->second;
        window.u16(at(base, 5 + word), value);
        window.u16(at(base, 8 + word), value);
    }
    window.u16(at(base, 7), status_word(meter));
    const Range purchase = purchase_range(layout);
    window.u32(purchase.first, meter.purchase.last_fen);
    window.u16(purchase.last, meter.purchase.count);
}

void read_forced(const Meter& meter, const Layout& layout, Window& window) {
    window.u16(kForced.first, meter.forced() ? layout.category : 0);
    const std::int64_t closed = meter.forced() ? kOrderClose : 0;
    window.u16(at(kForced.first, layout.order), meter.ordered_open() ? kOrderOpen : closed);
}

void read_system(const Meter& meter, Window& window) {
    window.u16(0x0908, 0x0100);
    const auto local = meter.time() + kLocalOffset;
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(local - day));
    const auto byte = [](auto value) { return static_cast<std::uint8_t>(value); };
    const std::array<std::uint8_t, 8> time = {byte(static_cast<int>(date.year()) - 2000),
                                              byte(static_cast<unsigned>(date.month())),
                                              byte(static_cast<unsigned>(date.day())),
                                              byte(std::chrono::weekday(day).c_encoding()),
                                              byte(clock.hours().count()),
                                              byte(clock.minutes().count()),
                                              byte(clock.seconds().count()),
                                              0};
    window.bytes(0x090B, time);
    const auto plan = day_plan_bytes(false);
    window.bytes(0x0914, plan);
    window.bytes(0x0929, plan);
    constexpr std::array<std::uint8_t, 12> kZones = {1, 1, 1};
    window.bytes(0x093E, kZones);
    window.u16(0x0952, 1);
}

void read(const Meter& meter, Window& window) {
    const Layout& layout = layout_of(meter);
    if (meter.spec().family == Family::kAdf400lThree) {
        read_three_measured(meter.electrical(), window);
    } else {
        read_single_measured(meter.electrical(), window);
    }
    window.u32(layout.energy, register_steps(meter.total()));
    window.u32(0x0400, register_steps(meter.total()));
    for (int rate = kSharp; rate <= kValley; ++rate) {
        window.u32(at(0x0400, 2U * static_cast<unsigned>(rate)), register_steps(meter.rate(rate)));
    }
    read_account(meter, layout, window);
    read_forced(meter, layout, window);
    read_system(meter, window);
}

std::uint8_t write_forced(Meter& meter, const Layout& layout, const WriteRequest& request) {
    if (request.address != kForced.first || request.words.size() <= layout.order ||
        request.end() > kForced.last + 1U) {
        return kIllegalAddress;
    }
    for (std::size_t index = 1; index < request.words.size(); ++index) {
        if (index != layout.order && request.words[index] != 0) {
            return kIllegalValue;
        }
    }
    const std::uint16_t category = request.words[0];
    const std::uint16_t order = request.words[layout.order];
    const bool release = category == 0 && order == 0;
    const bool forced =
        category == layout.category && (order == kOrderOpen || order == kOrderClose);
    if (!release && !forced) {
        return kIllegalValue;
    }
    if (!request.contradict) {
        meter.order_relay(forced ? std::optional(order == kOrderOpen) : std::nullopt,
                          request.relay_stuck);
    }
    return 0;
}

std::uint8_t write_purchase(Meter& meter, const Layout& layout, const WriteRequest& request) {
    if (!request.is_exactly(purchase_range(layout))) {
        return kIllegalAddress;
    }
    const std::int64_t amount_fen = std::int64_t{request.words[0]} << 16 | request.words[1];
    Purchase& purchase = meter.purchase;
    if (request.words[2] != purchase.count + 1 || purchase.total_fen + amount_fen > 0x7FFF'FFFF) {
        return kIllegalValue;
    }
    purchase.remaining_fen += amount_fen;
    purchase.total_fen += amount_fen;
    purchase.last_fen = amount_fen;
    ++purchase.count;
    return 0;
}

std::uint8_t write(Meter& meter, const WriteRequest& request) {
    const Layout& layout = layout_of(meter);
    if (request.touches(kForced)) {
        return write_forced(meter, layout, request);
    }
    if (request.touches(purchase_range(layout))) {
        return write_purchase(meter, layout, request);
    }
    if (meter.spec().family == Family::kAdf400lThree) {
        return write_memory(meter, request, kThreeMemory);
    }
    return write_memory(meter, request, kSingleMemory);
}

}  // namespace

const FamilyMap& adf400l_map(bool three_phase) {
    static constexpr FamilyMap kSingleMap{kSingleMapped, kForced, read, write};
    static constexpr FamilyMap kThreeMap{kThreeMapped, kForced, read, write};
    return three_phase ? kThreeMap : kSingleMap;
}

}  // namespace prepay::simulator
