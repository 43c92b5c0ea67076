#pragma once

#include <optional>
#include <string>
#include <vector>

#include "charges/domain/energy_basis.h"
#include "charges/domain/rated_line.h"

namespace prepay::billing {

/// A charge as it is kept and published. Immutable once written.
struct Charge {
    std::int64_t charge_id = 0;
    std::optional<std::int64_t> reversal_of;
    std::int64_t meter_key = 0;
    std::string meter_id;
    std::int64_t account_key = 0;
    std::string account_id;
    std::string room_id;
    std::string site_id;
    std::int64_t occupancy_key = 0;
    std::int64_t tariff_key = 0;
    std::string tariff_id;
    int tariff_version = 0;
    Instant start;
    Instant end;
    std::int64_t start_register = 0;
    std::int64_t end_register = 0;
    Quantity quantity;  ///< Negative in a reversal.
    std::int64_t amount_micros = 0;
    Int128 amount_picos = 0;  ///< Exact, sum of the lines.
    std::vector<RatedLine> lines;
    TierCounter before;
    TierCounter after;
    std::int64_t remainder_before_picos = 0;
    std::int64_t remainder_after_picos = 0;
    Reading from;  ///< The readings around.
    Reading to;
};

/// The exact opposite of a charge: all quantities and amounts negated. The difference between the
/// rounded and the exact amount goes back to the remainder, which may thereby leave 0 .. 999,999
/// until the next charge brings it back.
Charge make_reversal(const Charge& charge, std::int64_t& remainder_picos);

}  // namespace prepay::billing
