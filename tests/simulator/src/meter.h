#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "energy.h"
#include "fault.h"
#include "load_profile.h"

namespace prepay::simulator {

enum class Family { kDdsy1352, kAdf400lSingle, kAdf400lThree, kWaterValve };

/// Whether the family counts water: its register is in mL, its load a flow in mL/h and its contact
/// a valve. Everything that is counted in thousandths of a Wh is then thousandths of a mL.
constexpr bool counts_water(Family family) { return family == Family::kWaterValve; }

/// Where the register of a family turns over.
constexpr std::int64_t register_span_mwh(Family family) {
    return counts_water(family) ? kWaterSpan : kRegisterSpanMwh;
}

/// One step of a family's register.
constexpr std::int64_t register_step_mwh(Family family) {
    return counts_water(family) ? kWaterStep : kRegisterStepMwh;
}

/// What a meter is made from.
struct MeterSpec {
    std::string meter_id;
    std::string line_id;
    int unit_id = 0;  // 1–247
    Family family = Family::kDdsy1352;
    std::int64_t register_wh = 0;    // start value in Wh or mL, below the register's span
    std::int64_t load_w = -1;        // constant load in W or mL/h; -1 = by profile
    std::string profile;             // see LoadProfile::load; empty = "dormitory" or "tap"
    std::int64_t rated_power_w = 0;  // the load never exceeds it; 0 = no limit
};

/// What the voltmeter and ammeter show.
struct Electrical {
    std::int64_t voltage_dv = 0;  // 0.1 V
    std::int64_t power_w = 0;
    std::int64_t reactive_var = 0;
    std::int64_t apparent_va = 0;
    std::int64_t power_factor_milli = 1000;
};

/// The account an ADF400L keeps inside, moved by recharges only.
struct Purchase {
    std::int64_t remaining_fen = 0;
    std::int64_t total_fen = 0;
    std::int64_t last_fen = 0;
    int count = 0;
};

/// One simulated meter: an exact energy counter behind a contact. All reading functions show the
/// state of the last `advance`. Not thread-safe.
class Meter {
public:
    /// `profile` gives the load when the spec has none.
    Meter(MeterSpec spec, std::shared_ptr<const LoadProfile> profile, Instant now);

    /// Lets time pass up to `now` at `speed` times real speed: energy flows while the contact is
    /// closed. A `now` before the last one changes nothing.
    void advance(Instant now, std::int64_t speed);

    [[nodiscard]] const MeterSpec& spec() const { return spec_; }
    [[nodiscard]] Instant time() const { return time_; }

    /// Total as the register keeps it (turns over), and since the meter was made (does not).
    [[nodiscard]] const ExactEnergy& total() const { return total_; }
    [[nodiscard]] const ExactEnergy& consumed() const { return consumed_; }
    /// Register of a rate, kSharp … kValley.
    [[nodiscard]] const ExactEnergy& rate(int rate) const;

    /// Sets the total; the rates share it out by 10, 35, 30 and 25 %. Not negative and below the
    /// span.
    void set_register(std::int64_t register_wh);
    /// Constant load >= 0, or -1 = by profile.
    void set_load(std::int64_t load_w) { spec_.load_w = load_w; }

    /// What would flow with the contact closed, and what flows.
    [[nodiscard]] std::int64_t load_w() const { return load_at(time_); }
    [[nodiscard]] std::int64_t power_w() const { return contact_open_ ? 0 : load_w(); }
    [[nodiscard]] Electrical electrical() const;

    [[nodiscard]] bool forced() const { return forced_; }
    [[nodiscard]] bool ordered_open() const { return ordered_open_; }
    [[nodiscard]] bool contact_open() const { return contact_open_; }
    /// An order over the wire; nullopt = back to automatic, which closes. A stuck relay takes the
    /// order and does not move.
    void order_relay(std::optional<bool> open, bool stuck);
    /// Moves the contact by hand and ends forced control.
    void move_contact(bool open);
    [[nodiscard]] std::int64_t relay_change_count() const { return relay_change_count_; }
    [[nodiscard]] std::optional<Instant> relay_change_time() const { return relay_change_time_; }

    Purchase purchase;
    /// Registers that are memory only, by address.
    std::map<std::uint16_t, std::uint16_t> memory;
    FaultList faults;
    /// Relay orders that were acknowledged and wait for their time, by it.
    struct LateOrder {
        std::vector<std::uint8_t> pdu;
        bool stuck = false;
    };
    std::multimap<Instant, LateOrder> late_orders;
    Instant reboot_end;  // silent before

private:
    [[nodiscard]] std::int64_t load_at(Instant time) const;
    void set_contact(bool open);

    MeterSpec spec_;
    std::shared_ptr<const LoadProfile> profile_;
    std::uint64_t seed_;
    Instant time_;
    ExactEnergy total_;
    ExactEnergy consumed_;
    std::array<ExactEnergy, kRateCount> rates_;
    bool forced_ = false;
    bool ordered_open_ = false;
    bool contact_open_ = false;
    std::int64_t relay_change_count_ = 0;
    std::optional<Instant> relay_change_time_;
};

}  // namespace prepay::simulator
