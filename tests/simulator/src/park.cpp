#include "park.h"

#include <set>

#include "register_map.h"

namespace prepay::simulator {
namespace {

constexpr std::size_t kIdSizeMax = 128;
constexpr int kBaudMin = 300;
constexpr int kBaudMax = 1'000'000;
constexpr std::int64_t kSpeedMax = 1'000'000;
constexpr std::int64_t kPowerMax = 10'000'000;

bool is_id(const std::string& text) { return !text.empty() && text.size() <= kIdSizeMax; }

Status bad_meter(const MeterSpec& spec, const std::string& what) {
    return invalid_argument("BAD_METER", "meter '" + spec.meter_id + "': " + what);
}

Status check_values(const MeterSpec& spec) {
    if (!is_id(spec.meter_id)) {
        return bad_meter(spec, "the id must have 1 to 128 characters");
    }
    if (spec.unit_id < 1 || spec.unit_id > 247) {
        return bad_meter(spec, "unit " + std::to_string(spec.unit_id) + " is not 1 to 247");
    }
    const std::int64_t register_max = register_span_mwh(spec.family) / 1000 - 1;
    if (spec.register_wh < 0 || spec.register_wh > register_max) {
        return bad_meter(spec, "register_wh must be 0 to " + std::to_string(register_max));
    }
    if (spec.load_w < -1 || spec.load_w > kPowerMax) {
        return bad_meter(spec, "load_w must be 0 to 10000000, or -1 for a profile");
    }
    if (spec.rated_power_w < 0 || spec.rated_power_w > kPowerMax) {
        return bad_meter(spec, "rated_power_w must be 0 to 10000000");
    }
    return absl::OkStatus();
}

}  // namespace

Park::Park(const Clock& clock)
    : clock_(clock), start_time_(clock.now()), start_steady_(clock.steady()) {}

Instant Park::now() const {
    return start_time_ + std::chrono::floor<Duration>(clock_.steady() - start_steady_);
}

Status Park::check_line(const LineSpec& spec) const {
    const auto bad = [&](const std::string& what) {
        return invalid_argument("BAD_LINE", "line '" + spec.line_id + "': " + what);
    };
    if (!is_id(spec.line_id)) {
        return bad("the id must have 1 to 128 characters");
    }
    if (spec.tcp_port < 0 || spec.tcp_port > 65535) {
        return bad("port " + std::to_string(spec.tcp_port) + " is not 0 to 65535");
    }
    if (spec.baud != 0 && (spec.baud < kBaudMin || spec.baud > kBaudMax)) {
        return bad("baud must be 0 (unpaced) or 300 to 1000000");
    }
    if (!spec.pty_link.empty() && (spec.tcp_port != 0 || spec.rtu_over_tcp)) {
        return bad("either a pty or a TCP port, not both");
    }
    if (lines_.contains(spec.line_id)) {
        return already_exists("LINE_EXISTS", "line '" + spec.line_id + "' is there already");
    }
    return absl::OkStatus();
}

Line& Park::add_line(LineSpec spec) {
    auto line = std::make_unique<Line>();
    line->spec = std::move(spec);
    const std::string line_id = line->spec.line_id;
    return *(lines_[line_id] = std::move(line));
}

Result<std::shared_ptr<const LoadProfile>> Park::check_meter(const MeterSpec& spec) {
    PREPAY_RETURN_IF_ERROR(check_values(spec));
    if (meters_.contains(spec.meter_id)) {
        return already_exists("METER_EXISTS", "meter '" + spec.meter_id + "' is there already");
    }
    const auto line = lines_.find(spec.line_id);
    if (line == lines_.end()) {
        return not_found("LINE_UNKNOWN",
                         "meter '" + spec.meter_id + "': no line '" + spec.line_id + "'");
    }
    if (const Meter* other = line->second->units[static_cast<std::size_t>(spec.unit_id)]) {
        return already_exists("UNIT_TAKEN", "meter '" + spec.meter_id + "': unit " +
                                                std::to_string(spec.unit_id) + " of line '" +
                                                spec.line_id + "' is meter '" +
                                                other->spec().meter_id + "'");
    }
    const std::string by_family = counts_water(spec.family) ? "tap" : "dormitory";
    const std::string name = spec.profile.empty() ? by_family : spec.profile;
    auto& profile = profiles_[name];
    if (!profile) {
        auto loaded = LoadProfile::load(name);
        if (!loaded.ok()) {
            profiles_.erase(name);
            return std::move(loaded).status();
        }
        profile = *loaded;
    }
    return profile;
}

Status Park::add_meters(const std::vector<MeterSpec>& specs) {
    std::set<std::string> ids;
    std::set<std::pair<std::string, int>> units;
    std::vector<std::unique_ptr<Meter>> made;
    for (const MeterSpec& spec : specs) {
        PREPAY_ASSIGN_OR_RETURN(auto profile, check_meter(spec));
        if (!ids.insert(spec.meter_id).second) {
            return already_exists("METER_EXISTS", "meter '" + spec.meter_id + "' is given twice");
        }
        if (!units.insert({spec.line_id, spec.unit_id}).second) {
            return already_exists("UNIT_TAKEN", "unit " + std::to_string(spec.unit_id) +
                                                    " of line '" + spec.line_id +
                                                    "' is given twice");
        }
        made.push_back(std::make_unique<Meter>(spec, std::move(profile), now()));
    }
    for (auto& meter : made) {
        Line& line = *lines_.at(meter->spec().line_id);
        line.units[static_cast<std::size_t>(meter->spec().unit_id)] = meter.get();
        ++line.meter_count;
        const std::string meter_id = meter->spec().meter_id;
        meters_[meter_id] = std::move(meter);
    }
    return absl::OkStatus();
}

Line* Park::find_line(const std::string& line_id) {
    const auto found = lines_.find(line_id);
    return found == lines_.end() ? nullptr : found->second.get();
}

Meter* Park::find_meter(const std::string& meter_id) {
    const auto found = meters_.find(meter_id);
    if (found == meters_.end()) {
        return nullptr;
    }
    advance(*found->second, now());
    return found->second.get();
}

std::vector<Meter*> Park::meters() {
    std::vector<Meter*> all;
    all.reserve(meters_.size());
    const Instant time = now();
    for (const auto& [id, meter] : meters_) {
        advance(*meter, time);
        all.push_back(meter.get());
    }
    return all;
}

Status Park::set_speed(std::int64_t speed) {
    if (speed < 0 || speed > kSpeedMax) {
        return invalid_argument("BAD_SPEED", "speed must be 0 to 1000000");
    }
    meters();  // all run up to now at the old speed
    speed_ = speed;
    return absl::OkStatus();
}

Status Park::set_faults(Meter& meter, const std::vector<Fault>& faults) {
    const Line& line = *lines_.at(meter.spec().line_id);
    PREPAY_RETURN_IF_ERROR(meter.faults.set(faults, line.spec.framing()));
    meter.reboot_end = now() + meter.faults.reboot();
    return absl::OkStatus();
}

Status Park::set_faults(Line& line, const std::vector<Fault>& faults) {
    PREPAY_RETURN_IF_ERROR(line.faults.set(faults, line.spec.framing()));
    line.reboot_end = now() + line.faults.reboot();
    return absl::OkStatus();
}

void Park::advance(Meter& meter, Instant time) {
    while (!meter.late_orders.empty() && meter.late_orders.begin()->first <= time) {
        const auto due = meter.late_orders.begin();
        meter.advance(due->first, speed_);
        answer(meter, due->second.pdu, false, due->second.stuck);
        meter.late_orders.erase(due);
    }
    meter.advance(time, speed_);
}

void Park::broadcast(Line& line, std::span<const std::uint8_t> pdu) {
    if (pdu[0] != kWriteMultiple) {
        return;
    }
    for (Meter* meter : line.units) {
        if (meter == nullptr || now() < meter->reboot_end) {
            continue;
        }
        FaultEffect effect;
        meter->faults.apply(pdu[0], is_relay_write(meter->spec().family, pdu), effect);
        if (effect.execute) {
            advance(*meter, now());
            answer(*meter, pdu, effect.contradict, effect.relay_stuck);
        }
    }
}

Served Park::serve(Line& line, int unit, std::span<const std::uint8_t> pdu) {
    Served served;
    ++line.request_count;
    Meter* meter = unit >= 1 && unit <= 247 ? line.units[static_cast<std::size_t>(unit)] : nullptr;
    const bool relay_write = meter != nullptr && is_relay_write(meter->spec().family, pdu);
    line.faults.apply(pdu[0], relay_write, served.effect);
    const Instant time = now();
    if (time < line.reboot_end) {
        return served;
    }
    if (unit == 0 && served.effect.execute) {
        broadcast(line, pdu);
    }
    if (meter == nullptr || time < meter->reboot_end) {
        return served;
    }
    meter->faults.apply(pdu[0], relay_write, served.effect);
    advance(*meter, time);
    const FaultEffect& effect = served.effect;
    if (effect.execute) {
        const bool later = effect.execute_after.count() > 0 && !effect.contradict;
        served.pdu = answer(*meter, pdu, effect.contradict || later, effect.relay_stuck);
        if (later) {
            meter->late_orders.emplace(
                time + effect.execute_after,
                Meter::LateOrder{{pdu.begin(), pdu.end()}, effect.relay_stuck});
        }
    } else if (effect.exception_code != 0) {
        served.pdu = exception_pdu(pdu[0], effect.exception_code);
    }
    served.answered = effect.answer && !served.pdu.empty();
    return served;
}

}  // namespace prepay::simulator
