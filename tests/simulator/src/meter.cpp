#include "meter.h"

#include <algorithm>
#include <utility>

#include "core/ids.h"

namespace prepay::simulator {
namespace {

constexpr std::int64_t kMwhPerWh = 1000;

/// Largest integer whose square is not above `value`.
std::int64_t square_root(std::int64_t value) {
    std::int64_t low = 0;
    std::int64_t high = std::min<std::int64_t>(value, 3'000'000'000);
    while (low < high) {
        const std::int64_t middle = (low + high + 1) / 2;
        if (middle * middle <= value) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

}  // namespace

Meter::Meter(MeterSpec spec, std::shared_ptr<const LoadProfile> profile, Instant now)
    : spec_(std::move(spec)),
      profile_(std::move(profile)),
      seed_(stable_hash(spec_.meter_id)),
      time_(now) {
    set_register(spec_.register_wh);
}

void Meter::advance(Instant now, std::int64_t speed) {
    while (time_ < now) {
        const Instant end = std::min(now, next_load_step(time_));
        if (!contact_open_) {
            const std::int64_t load = load_at(time_);
            const std::int64_t span_us = to_micros(end) - to_micros(time_);
            ExactEnergy& rate = rates_[static_cast<std::size_t>(rate_at(time_) - 1)];
            total_.add(load, speed, span_us);
            total_.wrap(register_span_mwh(spec_.family));
            consumed_.add(load, speed, span_us);
            rate.add(load, speed, span_us);
            rate.wrap(register_span_mwh(spec_.family));
        }
        time_ = end;
    }
}

const ExactEnergy& Meter::rate(int rate) const {
    return rates_[static_cast<std::size_t>(rate - 1)];
}

void Meter::set_register(std::int64_t register_wh) {
    const std::int64_t mwh = register_wh * kMwhPerWh;
    total_.set_mwh(mwh);
    rates_[kSharp - 1].set_mwh(mwh / 100 * 10);
    rates_[kPeak - 1].set_mwh(mwh / 100 * 35);
    rates_[kFlat - 1].set_mwh(mwh / 100 * 30);
    rates_[kValley - 1].set_mwh(mwh - mwh / 100 * 75);
}

std::int64_t Meter::load_at(Instant time) const {
    const std::int64_t load = spec_.load_w >= 0 ? spec_.load_w : profile_->watts(time, seed_);
    return spec_.rated_power_w > 0 ? std::min(load, spec_.rated_power_w) : load;
}

Electrical Meter::electrical() const {
    Electrical shown;
    const auto ten_seconds = static_cast<std::uint64_t>(to_micros(time_) / 10'000'000);
    shown.voltage_dv = 2240 + static_cast<std::int64_t>(mix(seed_, ten_seconds) % 81);
    shown.power_w = power_w();
    if (shown.power_w == 0) {
        return shown;
    }
    shown.power_factor_milli = 900 + static_cast<std::int64_t>(mix(seed_ + 1, ten_seconds) % 91);
    shown.apparent_va = shown.power_w * 1000 / shown.power_factor_milli;
    shown.reactive_var =
        square_root(shown.apparent_va * shown.apparent_va - shown.power_w * shown.power_w);
    return shown;
}

void Meter::order_relay(std::optional<bool> open, bool stuck) {
    forced_ = open.has_value();
    ordered_open_ = open.value_or(false);
    if (!stuck) {
        set_contact(ordered_open_);
    }
}

void Meter::move_contact(bool open) {
    forced_ = false;
    ordered_open_ = open;
    set_contact(open);
}

void Meter::set_contact(bool open) {
    if (contact_open_ == open) {
        return;
    }
    contact_open_ = open;
    ++relay_change_count_;
    relay_change_time_ = time_;
}

}  // namespace prepay::simulator
