#include "devices/convert.h"
#include "core/proto_time.h"

#include <algorithm>

namespace prepay::metering {

namespace {

constexpr std::size_t kMeterIdMax = 64;
constexpr std::size_t kMeterNameMax = 200;
constexpr std::int64_t kRatedPowerMax = 100'000'000;
constexpr int kCtRatioMax = 10'000;

bool is_meter_id(const std::string& id) {
    return !id.empty() && id.size() <= kMeterIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}

}  // namespace

Status out_of_range(const std::string& what, const std::string& range) {
    return invalid_argument("OUT_OF_RANGE", what + " is not in " + range);
}

Result<MeterConfig> from_proto_meter(const v1::Meter& meter, const DriverPack* pack) {
    MeterConfig config;
    config.meter_id = meter.meter_id();
    config.line_id = meter.line_id();
    config.address = MeterAddress(meter.unit_id());
    config.driver_pack = meter.driver_pack();
    config.serial_number = meter.serial_number();
    config.display_name = meter.display_name();
    config.rated_power_w = meter.rated_power_w();
    config.ct_ratio = std::max(meter.ct_ratio(), 1);
    config.enabled = meter.enabled();
    if (!is_meter_id(config.meter_id)) {
        return invalid_argument("BAD_METER_ID", "meter_id \"" + config.meter_id +
                                                    "\" is not 1 .. 64 of A-Z, a-z, 0-9 and -");
    }
    if (pack == nullptr) {
        return invalid_argument("UNKNOWN_DRIVER_PACK",
                                "there is no driver pack \"" + config.driver_pack + "\"");
    }
    if (const Protocol& protocol = protocol_of(pack->protocol);
        !protocol.is_address(config.address)) {
        return out_of_range("unit_id of " + config.meter_id, protocol.address_range());
    }
    if (config.rated_power_w < 0 || config.rated_power_w > kRatedPowerMax || meter.ct_ratio() < 0 ||
        config.ct_ratio > kCtRatioMax) {
        return out_of_range("rated_power_w or ct_ratio of " + config.meter_id,
                            "0 .. 100,000,000 and 0 .. 10,000");
    }
    if (pack->resource == Resource::kWater && (config.rated_power_w != 0 || config.ct_ratio != 1)) {
        return out_of_range("rated_power_w or ct_ratio of the water meter " + config.meter_id,
                            "0 and 0 .. 1; what may flow is in its driver pack");
    }
    if (config.serial_number.size() > kMeterNameMax || config.display_name.size() > kMeterNameMax) {
        return invalid_argument("TEXT_TOO_LONG", "names have at most 200 bytes");
    }
    config.resource = pack->resource;
    if (meter.resource() != common::v1::RESOURCE_UNSPECIFIED &&
        meter.resource() != to_proto_resource(pack->resource)) {
        return invalid_argument(
            "RESOURCE_MISMATCH",
            "the driver pack of " + config.meter_id + " counts " + resource_text(pack->resource));
    }
    return config;
}

Frame from_proto_frame(const v1::Frame& frame) {
    Frame result;
    result.frame_time = from_proto_time(frame.frame_time());
    result.direction = frame.direction() == v1::FRAME_DIRECTION_SENT ? FrameDirection::kSent
                                                                     : FrameDirection::kReceived;
    result.data.assign(frame.data().begin(), frame.data().end());
    result.attempt_number = frame.attempt_number();
    return result;
}

MeterValues from_proto_values(const v1::MeterValues& values) {
    MeterValues result;
    result.read_time = from_proto_time(values.read_time());
    result.register_total = RegisterTotal::from_base_units(values.register_total());
    result.rate_total_wh.assign(values.rate_register_total().begin(),
                                values.rate_register_total().end());
    result.voltage_mv.assign(values.voltage_mv().begin(), values.voltage_mv().end());
    result.current_ma.assign(values.current_ma().begin(), values.current_ma().end());
    result.power_w = values.power_w();
    result.power_factor_ppm = values.power_factor_ppm();
    result.relay = values.relay() == v1::RELAY_STATE_OPEN     ? RelayState::kOpen
                   : values.relay() == v1::RELAY_STATE_CLOSED ? RelayState::kClosed
                                                              : RelayState::kUnknown;
    return result;
}

v1::Meter to_proto_meter(const MeterConfig& meter) {
    v1::Meter result;
    result.set_meter_id(meter.meter_id);
    result.set_line_id(meter.line_id);
    result.set_unit_id(static_cast<std::int32_t>(meter.address.number()));
    result.set_driver_pack(meter.driver_pack);
    result.set_serial_number(meter.serial_number);
    result.set_display_name(meter.display_name);
    result.set_resource(to_proto_resource(meter.resource));
    result.set_rated_power_w(meter.rated_power_w);
    result.set_ct_ratio(meter.ct_ratio);
    result.set_enabled(meter.enabled);
    result.set_register_epoch(meter.register_epoch);
    return result;
}

v1::RelayState to_proto_relay(RelayState relay) {
    switch (relay) {
        case RelayState::kUnknown:
            return v1::RELAY_STATE_UNSPECIFIED;
        case RelayState::kClosed:
            return v1::RELAY_STATE_CLOSED;
        case RelayState::kOpen:
            return v1::RELAY_STATE_OPEN;
    }
    return v1::RELAY_STATE_UNSPECIFIED;
}

common::v1::Resource to_proto_resource(Resource resource) {
    return resource == Resource::kWater ? common::v1::RESOURCE_WATER
                                        : common::v1::RESOURCE_ELECTRICITY;
}

v1::MeterValues to_proto_values(const MeterValues& values) {
    v1::MeterValues result;
    set_time(*result.mutable_read_time(), values.read_time);
    result.set_register_total(values.register_total.base_units());
    result.mutable_rate_register_total()->Add(values.rate_total_wh.begin(),
                                              values.rate_total_wh.end());
    result.mutable_voltage_mv()->Add(values.voltage_mv.begin(), values.voltage_mv.end());
    result.mutable_current_ma()->Add(values.current_ma.begin(), values.current_ma.end());
    result.set_power_w(values.power_w);
    result.set_power_factor_ppm(values.power_factor_ppm);
    result.set_relay(to_proto_relay(values.relay));
    return result;
}

v1::CommandAction to_proto_action(CommandAction action) {
    switch (action) {
        case CommandAction::kTrip:
            return v1::COMMAND_ACTION_TRIP;
        case CommandAction::kClose:
            return v1::COMMAND_ACTION_CLOSE;
        case CommandAction::kRelease:
            return v1::COMMAND_ACTION_RELEASE;
    }
    return v1::COMMAND_ACTION_UNSPECIFIED;
}

v1::Frame to_proto_frame(const Frame& frame) {
    v1::Frame result;
    set_time(*result.mutable_frame_time(), frame.frame_time);
    result.set_direction(frame.direction == FrameDirection::kSent ? v1::FRAME_DIRECTION_SENT
                                                                  : v1::FRAME_DIRECTION_RECEIVED);
    result.set_data(frame.data.data(), frame.data.size());
    result.set_attempt_number(frame.attempt_number);
    return result;
}

v1::DriverPack to_proto_pack(const DriverPack& pack) {
    v1::DriverPack result;
    result.set_driver_pack(pack.name);
    result.set_display_name(pack.display_name);
    result.set_resource(to_proto_resource(pack.resource));
    result.set_phases(pack.phases);
    result.set_rated_power_w(pack.rated_power_w);
    result.set_max_flow_l_per_h(pack.max_flow_l_per_h);
    result.set_register_resolution(pack.register_resolution);
    for (const auto& [action, command] : pack.commands) {
        result.add_actions(to_proto_action(action));
    }
    return result;
}

const char* relay_text(RelayState relay) {
    switch (relay) {
        case RelayState::kUnknown:
            return "unknown";
        case RelayState::kClosed:
            return "closed";
        case RelayState::kOpen:
            return "open";
    }
    return "unknown";
}

RelayState relay_from_text(const std::string& text) {
    return text == "closed" ? RelayState::kClosed
           : text == "open" ? RelayState::kOpen
                            : RelayState::kUnknown;
}

const char* resource_text(Resource resource) {
    return resource == Resource::kWater ? "water" : "electricity";
}

Resource resource_from_text(const std::string& text) {
    return text == "water" ? Resource::kWater : Resource::kElectricity;
}

}  // namespace prepay::metering
