#pragma once

#include "charges/domain/charge.h"
#include "prepay/billing/v1/billing.pb.h"
#include "tariffs/convert.h"

namespace prepay::billing {

v1::Charge to_proto(const Charge& charge);

}  // namespace prepay::billing
