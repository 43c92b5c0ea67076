#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "charges/domain/energy_basis.h"
#include "charges/domain/rated_line.h"

namespace prepay::billing {

/// What a charge is for. A kind brings what it takes to explain it.
using ChargeBasis = std::variant<EnergyBasis>;

/// A charge as it is kept and published: who pays what, when and where, on some basis. Immutable
/// once written.
struct Charge {
    std::int64_t charge_id = 0;
    std::optional<std::int64_t> reversal_of;
    std::int64_t account_key = 0;
    std::string account_id;
    std::int64_t occupancy_key = 0;
    std::int64_t meter_key = 0;
    std::string meter_id;
    std::string room_id;
    std::string site_id;
    Instant start;
    Instant end;
    std::int64_t amount_micros = 0;
    Int128 amount_picos = 0;       ///< Exact; the sum of the lines where there are any.
    std::vector<RatedLine> lines;  ///< Of a charge by quantity and price.
    std::int64_t remainder_before_picos = 0;
    std::int64_t remainder_after_picos = 0;
    ChargeBasis basis;

    /// The basis of a charge that is known to be of energy (or water).
    [[nodiscard]] const EnergyBasis& energy() const { return std::get<EnergyBasis>(basis); }
};

/// Rounds the exact amount with the account's remainder and moves it. A charge that is no reversal
/// is never negative: what a remainder below zero would take away stays in the remainder.
void round_amount(Charge& charge, std::int64_t& remainder_picos);

/// The exact opposite of a charge: all quantities and amounts negated. The difference between the
/// rounded and the exact amount goes back to the remainder, which may thereby leave 0 .. 999,999
/// until the next charge brings it back.
Charge make_reversal(const Charge& charge, std::int64_t& remainder_picos);

}  // namespace prepay::billing
