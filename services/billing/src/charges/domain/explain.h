#pragma once

#include <string>
#include <vector>

#include "charges/domain/charge.h"

namespace prepay::billing {

/// How the amount came about, one line a step, for a reader: of energy registers and tier counter;
/// then each product, sum, carry, result.
std::vector<std::string> explain(const Charge& charge);

}  // namespace prepay::billing
