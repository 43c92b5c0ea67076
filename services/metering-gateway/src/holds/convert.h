#pragma once

#include <optional>

#include "holds/domain/hold.h"
#include "holds/domain/meter_state.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/metering/v1/metering.pb.h"

namespace prepay::metering {

v1::Holder to_proto_holder(Holder holder);
/// Nothing for HOLDER_UNSPECIFIED and what is unknown.
std::optional<Holder> from_proto_holder(v1::Holder holder);
v1::Hold to_proto_hold(const Hold& hold);
Hold from_proto_hold(const v1::Hold& hold);
v1::MeterState to_proto_meter_state(const MeterStateChange& change);

}  // namespace prepay::metering
