#pragma once

#include <string>
#include <vector>

#include "charges/domain/energy_basis.h"
#include "charges/domain/rated_line.h"

namespace prepay::billing {

/// What is needed to show how an amount came about.
struct ChargeArithmetic {
    std::int64_t start_register = 0;
    std::int64_t end_register = 0;
    std::int64_t from_register = 0;  ///< Of the readings around the charge.
    std::int64_t to_register = 0;
    TierCounter before;
    TierCounter after;
    std::vector<RatedLine> lines;  ///< Negative quantities in a reversal.
    std::int64_t amount_micros = 0;
    std::int64_t remainder_before_picos = 0;
    std::int64_t remainder_after_picos = 0;
    Resource resource = Resource::kElectricity;
};

/// One line a step, for a reader: registers, tier counter, each product, sum, carry, result.
std::vector<std::string> explain(const ChargeArithmetic& arithmetic);

}  // namespace prepay::billing
