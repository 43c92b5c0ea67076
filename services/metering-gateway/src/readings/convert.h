#pragma once

#include <optional>
#include <string>

#include "core/status.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/metering/v1/metering.pb.h"
#include "readings/domain/anomaly.h"
#include "readings/domain/plausibility.h"
#include "readings/domain/reading.h"

namespace prepay::metering {

v1::Reading to_proto_reading(const Reading& reading);
/// Values with why their register was not taken.
v1::MeterValues to_proto_values(const MeterValues& values, ReadingFault fault);

/// Reason BAD_DECISION.
Result<QuarantineDecision> from_proto_decision(v1::QuarantineDecision decision);
v1::QuarantineDecision to_proto_decision(QuarantineDecision decision);
std::optional<AnomalyState> from_proto_anomaly_state(v1::AnomalyState state);
/// Without frames.
v1::Anomaly to_proto_anomaly(const Anomaly& anomaly);
v1::Anomaly to_proto_anomaly_with_frames(const Anomaly& anomaly);

/// Words used in SQL.
const char* source_text(ReadingSource source);
ReadingSource source_from_text(const std::string& text);

}  // namespace prepay::metering
