#include "convert.h"

#include <algorithm>

namespace prepay::metering {
namespace {

constexpr std::size_t kIdMax = 64;
constexpr std::size_t kNameMax = 200;
constexpr std::size_t kAddressMax = 200;
constexpr int kPollIntervalMsDefault = 15'000;
constexpr int kResponseTimeoutMsDefault = 500;
constexpr std::int64_t kRatedPowerMax = 100'000'000;
constexpr int kCtRatioMax = 10'000;

bool is_line_id(const std::string& id) {
    return !id.empty() && id.size() <= kIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool is_meter_id(const std::string& id) {
    return !id.empty() && id.size() <= kIdMax && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}

Status out_of_range(const std::string& what, const std::string& range) {
    return invalid_argument("OUT_OF_RANGE", what + " is not in " + range);
}

}  // namespace

Result<LineConfig> from_proto_line(const v1::Line& line) {
    LineConfig config;
    config.line_id = line.line_id();
    config.display_name = line.display_name();
    config.address = line.address();
    config.enabled = line.enabled();
    if (!is_line_id(config.line_id)) {
        return invalid_argument(
            "BAD_LINE_ID", "line_id \"" + config.line_id + "\" is not 1 .. 64 of a-z, 0-9 and -");
    }
    switch (line.transport()) {
        case v1::TRANSPORT_MODBUS_TCP:
            config.transport = Transport::kModbusTcp;
            break;
        case v1::TRANSPORT_MODBUS_RTU:
            config.transport = Transport::kModbusRtu;
            break;
        default:
            return invalid_argument("BAD_TRANSPORT", "transport is MODBUS_TCP or MODBUS_RTU");
    }
    if (config.address.empty() || config.address.size() > kAddressMax ||
        config.display_name.size() > kNameMax) {
        return invalid_argument("BAD_ADDRESS",
                                "address has 1 .. 200 bytes, display_name at most 200");
    }
    const int interval =
        line.poll_interval_ms() == 0 ? kPollIntervalMsDefault : line.poll_interval_ms();
    const int timeout =
        line.response_timeout_ms() == 0 ? kResponseTimeoutMsDefault : line.response_timeout_ms();
    if (interval < 200 || interval > 86'400'000) {
        return out_of_range("poll_interval_ms", "200 .. 86,400,000");
    }
    if (timeout < 20 || timeout > 10'000) {
        return out_of_range("response_timeout_ms", "20 .. 10,000");
    }
    config.poll_interval = std::chrono::milliseconds(interval);
    config.response_timeout = std::chrono::milliseconds(timeout);
    return config;
}

Result<MeterConfig> from_proto_meter(const v1::Meter& meter, const DriverPack* pack) {
    MeterConfig config;
    config.meter_id = meter.meter_id();
    config.line_id = meter.line_id();
    config.unit_id = meter.unit_id();
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
    if (config.unit_id < 1 || config.unit_id > 247) {
        return out_of_range("unit_id of " + config.meter_id, "1 .. 247");
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
    if (config.serial_number.size() > kNameMax || config.display_name.size() > kNameMax) {
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

Result<CommandAction> from_proto_action(v1::CommandAction action) {
    switch (action) {
        case v1::COMMAND_ACTION_TRIP:
            return CommandAction::kTrip;
        case v1::COMMAND_ACTION_CLOSE:
            return CommandAction::kClose;
        case v1::COMMAND_ACTION_RELEASE:
            return CommandAction::kRelease;
        default:
            return invalid_argument("BAD_ACTION", "action is TRIP, CLOSE or RELEASE");
    }
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

Result<QuarantineDecision> from_proto_decision(v1::QuarantineDecision decision) {
    switch (decision) {
        case v1::QUARANTINE_DECISION_ACCEPT:
            return QuarantineDecision::kAccept;
        case v1::QUARANTINE_DECISION_NEW_EPOCH:
            return QuarantineDecision::kNewEpoch;
        case v1::QUARANTINE_DECISION_DISCARD:
            return QuarantineDecision::kDiscard;
        default:
            return invalid_argument("BAD_DECISION", "decision is ACCEPT, NEW_EPOCH or DISCARD");
    }
}

std::optional<AnomalyState> from_proto_anomaly_state(v1::AnomalyState state) {
    switch (state) {
        case v1::ANOMALY_STATE_NOTED:
            return AnomalyState::kNoted;
        case v1::ANOMALY_STATE_OPEN:
            return AnomalyState::kOpen;
        case v1::ANOMALY_STATE_DECIDED:
            return AnomalyState::kDecided;
        default:
            return std::nullopt;
    }
}

MeterValues from_proto_values(const v1::MeterValues& values) {
    MeterValues result;
    result.read_time = from_proto_time(values.read_time());
    result.register_total = RegisterTotal::from_wh(values.register_total());
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

google::protobuf::Timestamp to_proto_time(Instant instant) {
    constexpr std::int64_t kMicrosPerSecond = 1'000'000;
    const std::int64_t micros = to_micros(instant);
    std::int64_t seconds = micros / kMicrosPerSecond;
    std::int64_t rest = micros % kMicrosPerSecond;
    if (rest < 0) {
        rest += kMicrosPerSecond;
        --seconds;
    }
    google::protobuf::Timestamp time;
    time.set_seconds(seconds);
    time.set_nanos(static_cast<std::int32_t>(rest * 1000));
    return time;
}

// Timestamps outside years 1 .. 9999 are cut to them, so that the product fits.
Instant from_proto_time(const google::protobuf::Timestamp& time) {
    constexpr std::int64_t kSecondsMin = -62'135'596'800;
    constexpr std::int64_t kSecondsMax = 253'402'300'799;
    const std::int64_t seconds =
        std::clamp(static_cast<std::int64_t>(time.seconds()), kSecondsMin, kSecondsMax);
    return from_micros(seconds * 1'000'000 + time.nanos() / 1000);
}

v1::Line to_proto_line(const LineConfig& line) {
    v1::Line result;
    result.set_line_id(line.line_id);
    result.set_display_name(line.display_name);
    result.set_transport(line.transport == Transport::kModbusTcp ? v1::TRANSPORT_MODBUS_TCP
                                                                 : v1::TRANSPORT_MODBUS_RTU);
    result.set_address(line.address);
    result.set_poll_interval_ms(static_cast<std::int32_t>(line.poll_interval.count()));
    result.set_response_timeout_ms(static_cast<std::int32_t>(line.response_timeout.count()));
    result.set_enabled(line.enabled);
    return result;
}

v1::LineState to_proto_line_state(LineState state) {
    switch (state) {
        case LineState::kConnecting:
            return v1::LINE_STATE_CONNECTING;
        case LineState::kOnline:
            return v1::LINE_STATE_ONLINE;
        case LineState::kLost:
            return v1::LINE_STATE_LOST;
        case LineState::kDisabled:
            return v1::LINE_STATE_DISABLED;
    }
    return v1::LINE_STATE_UNSPECIFIED;
}

v1::Meter to_proto_meter(const MeterConfig& meter) {
    v1::Meter result;
    result.set_meter_id(meter.meter_id);
    result.set_line_id(meter.line_id);
    result.set_unit_id(meter.unit_id);
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
    *result.mutable_read_time() = to_proto_time(values.read_time);
    result.set_register_total(values.register_total.wh());
    result.mutable_rate_register_total()->Add(values.rate_total_wh.begin(),
                                              values.rate_total_wh.end());
    result.mutable_voltage_mv()->Add(values.voltage_mv.begin(), values.voltage_mv.end());
    result.mutable_current_ma()->Add(values.current_ma.begin(), values.current_ma.end());
    result.set_power_w(values.power_w);
    result.set_power_factor_ppm(values.power_factor_ppm);
    result.set_relay(to_proto_relay(values.relay));
    return result;
}

v1::Reading to_proto_reading(const Reading& reading) {
    v1::Reading result;
    result.set_meter_id(reading.meter_id);
    result.set_resource(to_proto_resource(reading.resource));
    result.set_channel(reading.channel);
    *result.mutable_slot_time() = to_proto_time(reading.slot_time);
    result.set_revision(reading.revision);
    *result.mutable_read_time() = to_proto_time(reading.read_time);
    result.set_register_total(reading.register_total.wh());
    result.set_register_epoch(reading.register_epoch);
    switch (reading.source) {
        case ReadingSource::kPoll:
            result.set_source(v1::READING_SOURCE_POLL);
            break;
        case ReadingSource::kOnDemand:
            result.set_source(v1::READING_SOURCE_ON_DEMAND);
            break;
        case ReadingSource::kImport:
            result.set_source(v1::READING_SOURCE_IMPORT);
            break;
    }
    result.set_reading_id(reading.reading_id);
    if (reading.values) {
        *result.mutable_values() = to_proto_values(*reading.values);
    }
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

namespace {

v1::CommandState to_proto_state(CommandState state) {
    switch (state) {
        case CommandState::kQueued:
            return v1::COMMAND_STATE_QUEUED;
        case CommandState::kSending:
            return v1::COMMAND_STATE_SENDING;
        case CommandState::kVerified:
            return v1::COMMAND_STATE_VERIFIED;
        case CommandState::kNotVerified:
            return v1::COMMAND_STATE_NOT_VERIFIED;
        case CommandState::kContradicted:
            return v1::COMMAND_STATE_CONTRADICTED;
        case CommandState::kExpired:
            return v1::COMMAND_STATE_EXPIRED;
        case CommandState::kCancelled:
            return v1::COMMAND_STATE_CANCELLED;
        case CommandState::kRefused:
            return v1::COMMAND_STATE_REFUSED;
        case CommandState::kStillHeld:
            return v1::COMMAND_STATE_STILL_HELD;
    }
    return v1::COMMAND_STATE_UNSPECIFIED;
}

}  // namespace

v1::Holder to_proto_holder(Holder holder) {
    switch (holder) {
        case Holder::kMoney:
            return v1::HOLDER_MONEY;
        case Holder::kOperator:
            return v1::HOLDER_OPERATOR;
        case Holder::kLoadGuard:
            return v1::HOLDER_LOAD_GUARD;
        case Holder::kTimePlan:
            return v1::HOLDER_TIME_PLAN;
        case Holder::kMeter:
            return v1::HOLDER_METER;
    }
    return v1::HOLDER_UNSPECIFIED;
}

std::optional<Holder> from_proto_holder(v1::Holder proto) {
    for (const Holder holder : {Holder::kMoney, Holder::kOperator, Holder::kLoadGuard,
                                Holder::kTimePlan, Holder::kMeter}) {
        if (to_proto_holder(holder) == proto) {
            return holder;
        }
    }
    return std::nullopt;
}

v1::Hold to_proto_hold(const Hold& hold) {
    v1::Hold result;
    result.set_holder(to_proto_holder(hold.holder));
    *result.mutable_place_time() = to_proto_time(hold.place_time);
    result.set_initiator(hold.initiator);
    result.set_reason_text(hold.reason_text);
    if (hold.expire_time) {
        *result.mutable_expire_time() = to_proto_time(*hold.expire_time);
    }
    result.set_command_id(hold.command_id);
    result.set_keep_power_overridden(hold.keep_power_overridden);
    return result;
}

Hold from_proto_hold(const v1::Hold& hold) {
    Hold result;
    result.holder = from_proto_holder(hold.holder()).value_or(result.holder);
    result.place_time = from_proto_time(hold.place_time());
    result.initiator = hold.initiator();
    result.reason_text = hold.reason_text();
    if (hold.has_expire_time()) {
        result.expire_time = from_proto_time(hold.expire_time());
    }
    result.command_id = hold.command_id();
    result.keep_power_overridden = hold.keep_power_overridden();
    return result;
}

v1::Command to_proto_command(const Command& command) {
    v1::Command result;
    result.set_command_id(command.command_id);
    result.set_meter_id(command.meter_id);
    result.set_action(to_proto_action(command.action));
    result.set_state(to_proto_state(command.state));
    result.set_reason_text(command.reason_text);
    result.set_initiator(command.initiator);
    result.set_intent_id(command.intent_id);
    *result.mutable_create_time() = to_proto_time(command.create_time);
    if (command.not_after) {
        *result.mutable_not_after() = to_proto_time(*command.not_after);
    }
    if (command.send_time) {
        *result.mutable_send_time() = to_proto_time(*command.send_time);
    }
    if (command.finish_time) {
        *result.mutable_finish_time() = to_proto_time(*command.finish_time);
    }
    result.set_attempt_count(command.attempt_count);
    if (command.before) {
        *result.mutable_before() = to_proto_values(*command.before);
    }
    if (command.after) {
        *result.mutable_after() = to_proto_values(*command.after);
    }
    for (const Frame& frame : command.frames) {
        *result.add_frames() = to_proto_frame(frame);
    }
    result.set_failure_reason(command.failure_reason);
    result.set_holder(to_proto_holder(command.holder));
    result.set_override_keep_power(command.override_keep_power);
    if (command.hold_expire_time) {
        *result.mutable_hold_expire_time() = to_proto_time(*command.hold_expire_time);
    }
    for (const Hold& hold : command.remaining_holds) {
        *result.add_remaining_holds() = to_proto_hold(hold);
    }
    return result;
}

v1::CommandChanged to_event(const Command& command, common::v1::EventHeader header) {
    v1::CommandChanged event;
    *event.mutable_header() = std::move(header);
    event.set_line_id(command.line_id);
    *event.mutable_command() = to_proto_command(command);
    event.mutable_command()->clear_frames();
    event.set_revision(command.revision);
    return event;
}

v1::Frame to_proto_frame(const Frame& frame) {
    v1::Frame result;
    *result.mutable_frame_time() = to_proto_time(frame.frame_time);
    result.set_direction(frame.direction == FrameDirection::kSent ? v1::FRAME_DIRECTION_SENT
                                                                  : v1::FRAME_DIRECTION_RECEIVED);
    result.set_data(frame.data.data(), frame.data.size());
    result.set_attempt_number(frame.attempt_number);
    return result;
}

v1::QuarantineDecision to_proto_decision(QuarantineDecision decision) {
    switch (decision) {
        case QuarantineDecision::kAccept:
            return v1::QUARANTINE_DECISION_ACCEPT;
        case QuarantineDecision::kNewEpoch:
            return v1::QUARANTINE_DECISION_NEW_EPOCH;
        case QuarantineDecision::kDiscard:
            return v1::QUARANTINE_DECISION_DISCARD;
    }
    return v1::QUARANTINE_DECISION_UNSPECIFIED;
}

v1::Anomaly to_proto_anomaly(const Anomaly& anomaly) {
    v1::Anomaly result;
    result.set_anomaly_id(anomaly.anomaly_id);
    result.set_line_id(anomaly.line_id);
    result.set_meter_id(anomaly.meter_id);
    result.set_resource(to_proto_resource(anomaly.resource));
    result.set_reason(anomaly.reason);
    result.set_state(anomaly.state == AnomalyState::kOpen      ? v1::ANOMALY_STATE_OPEN
                     : anomaly.state == AnomalyState::kDecided ? v1::ANOMALY_STATE_DECIDED
                                                               : v1::ANOMALY_STATE_NOTED);
    result.set_previous_register_total(anomaly.previous_total.wh());
    if (anomaly.previous_read_time) {
        *result.mutable_previous_read_time() = to_proto_time(*anomaly.previous_read_time);
    }
    result.set_register_total(anomaly.register_total.wh());
    *result.mutable_read_time() = to_proto_time(anomaly.read_time);
    result.set_latest_register_total(anomaly.seen().wh());
    *result.mutable_latest_read_time() = to_proto_time(anomaly.seen_time());
    result.set_after_change(anomaly.after_change);
    if (anomaly.decision) {
        result.set_decision(to_proto_decision(*anomaly.decision));
    }
    result.set_opening_register(anomaly.opening.value_or(RegisterTotal()).wh());
    result.set_closing_register(anomaly.closing.value_or(RegisterTotal()).wh());
    result.set_reason_text(anomaly.reason_text);
    result.set_decided_by(anomaly.decided_by);
    if (anomaly.decide_time) {
        *result.mutable_decide_time() = to_proto_time(*anomaly.decide_time);
    }
    return result;
}

v1::MeterValues to_proto_values(const MeterValues& values, ReadingFault fault) {
    v1::MeterValues result = to_proto_values(values);
    if (fault != ReadingFault::kNone) {
        result.set_register_fault(fault_reason(fault));
    }
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

v1::MeterState to_proto_meter_state(const MeterStateChange& change) {
    v1::MeterState result;
    result.set_meter_id(change.meter_id);
    result.set_online(change.online);
    result.set_relay(to_proto_relay(change.relay));
    *result.mutable_change_time() = to_proto_time(change.change_time);
    result.set_revision(change.revision);
    result.set_driver_pack(change.driver_pack);
    for (const Hold& hold : change.holds.standing) {
        *result.add_holds() = to_proto_hold(hold);
    }
    result.set_foreign_open(change.holds.foreign_open);
    result.set_resource(to_proto_resource(change.resource));
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

const char* source_text(ReadingSource source) {
    switch (source) {
        case ReadingSource::kPoll:
            return "poll";
        case ReadingSource::kOnDemand:
            return "on_demand";
        case ReadingSource::kImport:
            return "import";
    }
    return "poll";
}

ReadingSource source_from_text(const std::string& text) {
    return text == "import"      ? ReadingSource::kImport
           : text == "on_demand" ? ReadingSource::kOnDemand
                                 : ReadingSource::kPoll;
}

const char* transport_text(Transport transport) {
    return transport == Transport::kModbusTcp ? "modbus_tcp" : "modbus_rtu";
}

Transport transport_from_text(const std::string& text) {
    return text == "modbus_rtu" ? Transport::kModbusRtu : Transport::kModbusTcp;
}

const char* resource_text(Resource resource) {
    return resource == Resource::kWater ? "water" : "electricity";
}

Resource resource_from_text(const std::string& text) {
    return text == "water" ? Resource::kWater : Resource::kElectricity;
}

}  // namespace prepay::metering
