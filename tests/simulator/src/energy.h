#pragma once

#include <cstdint>

namespace prepay::simulator {

/// A register of 8 decimal digits in 0.01 kWh turns over here.
inline constexpr std::int64_t kRegisterSpanMwh = 1'000'000'000'000;  // 1,000,000.00 kWh

/// A water register of 8 decimal digits in 0.001 m3 turns over here, in thousandths of a mL.
inline constexpr std::int64_t kWaterSpan = 100'000'000'000'000;  // 100,000.000 m3

/// One step of a water register: a litre, in thousandths of a mL.
inline constexpr std::int64_t kWaterStep = 1'000'000;

/// One step of a register: 0.01 kWh.
inline constexpr std::int64_t kRegisterStepMwh = 10'000;

/// Energy counted exactly, in microjoules kept as milli-watt-hours plus a rest: adding power × time
/// in any slices gives the same sum.
class ExactEnergy {
public:
    /// Adds what `power_w` moves in `span_us` microseconds at `speed` times real speed; all >= 0.
    void add(std::int64_t power_w, std::int64_t speed, std::int64_t span_us);

    void set_mwh(std::int64_t mwh) { mwh_ = mwh, rest_uj_ = 0; }
    [[nodiscard]] std::int64_t mwh() const { return mwh_; }
    /// Turns over at the span, keeping the rest.
    void wrap(std::int64_t span_mwh) { mwh_ %= span_mwh; }

private:
    std::int64_t mwh_ = 0;
    std::int64_t rest_uj_ = 0;  // < 3,600,000
};

/// What an energy register holds, in steps of 0.01 kWh, truncated.
inline std::uint32_t register_steps(const ExactEnergy& energy) {
    return static_cast<std::uint32_t>(energy.mwh() / kRegisterStepMwh);
}

}  // namespace prepay::simulator
