#pragma once

#include "core/status.h"
#include "lines/app/line_worker.h"
#include "prepay/metering/v1/metering.pb.h"
#include "transports/domain/line.h"

namespace prepay::metering {

/// Reasons BAD_LINE_ID, BAD_TRANSPORT, BAD_ADDRESS, OUT_OF_RANGE.
Result<LineConfig> from_proto_line(const v1::Line& line);
v1::Line to_proto_line(const LineConfig& line);
v1::LineState to_proto_line_state(LineState state);

}  // namespace prepay::metering
