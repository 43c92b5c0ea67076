#pragma once

#include <string>

#include "core/status.h"
#include "domain/command.h"
#include "domain/driver_pack.h"
#include "domain/model.h"
#include "ports.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/metering/v1/metering.pb.h"
#include "readings/domain/anomaly.h"

namespace prepay::metering {

// Proto <-> domain. From proto may fail (INVALID_ARGUMENT with a reason); to proto never.

Result<LineConfig> from_proto_line(const v1::Line& line);
Result<MeterConfig> from_proto_meter(const v1::Meter& meter, const DriverPack* pack);
Result<CommandAction> from_proto_action(v1::CommandAction action);
MeterValues from_proto_values(const v1::MeterValues& values);

Frame from_proto_frame(const v1::Frame& frame);
/// Reason BAD_DECISION.
Result<QuarantineDecision> from_proto_decision(v1::QuarantineDecision decision);
std::optional<AnomalyState> from_proto_anomaly_state(v1::AnomalyState state);

google::protobuf::Timestamp to_proto_time(Instant instant);
Instant from_proto_time(const google::protobuf::Timestamp& time);
v1::Line to_proto_line(const LineConfig& line);
v1::LineState to_proto_line_state(LineState state);
v1::Meter to_proto_meter(const MeterConfig& meter);
v1::RelayState to_proto_relay(RelayState relay);
common::v1::Resource to_proto_resource(Resource resource);
v1::MeterValues to_proto_values(const MeterValues& values);
v1::Reading to_proto_reading(const Reading& reading);
v1::Command to_proto_command(const Command& command);
/// What is told of an order: all but its frames.
v1::CommandChanged to_event(const Command& command, common::v1::EventHeader header);
v1::Frame to_proto_frame(const Frame& frame);
v1::QuarantineDecision to_proto_decision(QuarantineDecision decision);
/// Without frames.
v1::Anomaly to_proto_anomaly(const Anomaly& anomaly);
/// Values with why their register was not taken.
v1::MeterValues to_proto_values(const MeterValues& values, ReadingFault fault);
v1::DriverPack to_proto_pack(const DriverPack& pack);
v1::Holder to_proto_holder(Holder holder);
/// Nothing for HOLDER_UNSPECIFIED and what is unknown.
std::optional<Holder> from_proto_holder(v1::Holder holder);
v1::Hold to_proto_hold(const Hold& hold);
Hold from_proto_hold(const v1::Hold& hold);
v1::CommandAction to_proto_action(CommandAction action);
v1::MeterState to_proto_meter_state(const MeterStateChange& change);

/// Words used in SQL.
const char* relay_text(RelayState relay);
RelayState relay_from_text(const std::string& text);
const char* source_text(ReadingSource source);
ReadingSource source_from_text(const std::string& text);
const char* transport_text(Transport transport);
Transport transport_from_text(const std::string& text);
const char* resource_text(Resource resource);
Resource resource_from_text(const std::string& text);

}  // namespace prepay::metering
