#pragma once

#include <optional>
#include <string>

#include "core/status.h"
#include "devices/domain/driver_pack.h"
#include "devices/domain/meter.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/metering/v1/metering.pb.h"

namespace prepay::metering {

// Proto <-> domain. From proto may fail (INVALID_ARGUMENT with a reason); to proto never.

common::v1::Resource to_proto_resource(Resource resource);
v1::RelayState to_proto_relay(RelayState relay);
v1::CommandAction to_proto_action(CommandAction action);

/// Reasons BAD_METER_ID, UNKNOWN_DRIVER_PACK, OUT_OF_RANGE, TEXT_TOO_LONG, RESOURCE_MISMATCH.
Result<MeterConfig> from_proto_meter(const v1::Meter& meter, const DriverPack* pack);
v1::Meter to_proto_meter(const MeterConfig& meter);
v1::DriverPack to_proto_pack(const DriverPack& pack);
MeterValues from_proto_values(const v1::MeterValues& values);
v1::MeterValues to_proto_values(const MeterValues& values);
Frame from_proto_frame(const v1::Frame& frame);
v1::Frame to_proto_frame(const Frame& frame);

/// "what is not in range", reason OUT_OF_RANGE.
Status out_of_range(const std::string& what, const std::string& range);

/// Words used in SQL.
const char* relay_text(RelayState relay);
RelayState relay_from_text(const std::string& text);
const char* resource_text(Resource resource);
Resource resource_from_text(const std::string& text);

}  // namespace prepay::metering
