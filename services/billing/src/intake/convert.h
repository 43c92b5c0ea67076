#pragma once

#include "charges/domain/energy_basis.h"
#include "charges/domain/occupancy.h"
#include "core/status.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/metering/v1/metering.pb.h"
#include "tariffs/convert.h"

namespace prepay::billing {

/// Reason FIELD_INVALID when ids, times or registers are missing or out of range.
Result<Reading> reading_from_proto(const metering::v1::Reading& proto);
Result<Occupancy> occupancy_from_proto(const account::v1::Occupancy& proto);

}  // namespace prepay::billing
