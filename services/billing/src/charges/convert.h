#pragma once

#include "charges/domain/charge.h"
#include "prepay/billing/v1/billing.pb.h"
#include "tariffs/convert.h"

namespace prepay::billing {

v1::Charge to_proto(const Charge& charge);
/// What an explanation says of the basis alone.
void to_proto(const EnergyBasis& basis, v1::ExplainChargeResponse& response);

}  // namespace prepay::billing
