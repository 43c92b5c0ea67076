#pragma once

#include <string>

#include "charges/domain/charge.h"
#include "rating/domain/meter_billing.h"

namespace prepay::billing {

/// Makes a charge of a draft, rounding with the account's remainder and moving it: round_amount().
Charge make_charge(std::int64_t meter_key, const std::string& meter_id, const ChargeDraft& draft,
                   std::int64_t& remainder_picos);

/// Whether rating again gave what is already charged.
bool is_same(const Charge& charge, const ChargeDraft& draft);

}  // namespace prepay::billing
