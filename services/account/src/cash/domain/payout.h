#pragma once

#include <optional>
#include <string>
#include <vector>

#include "books/domain/terms.h"
#include "core/time.h"

namespace prepay::account {

/// How far a meter is billed that an account has paid for.
struct BilledMeter {
    std::string meter_id;
    Instant end;                          ///< Of the account's occupancy.
    std::optional<Instant> billed_until;  ///< Absent = billing has no register of it.
};

/// What is known of the bill of an account that wants its money back.
struct BillState {
    std::vector<BilledMeter> meters;
    bool is_posted = false;  ///< Billing's newest charges of the account stand in the ledger.
};

/// Why what is left of an account may not be paid out yet; empty = it may. An open account goes on
/// paying for what comes; of a closed one nobody would, so it has to be billed to its end first.
std::string payout_obstacle(AccountState state, const BillState& bill);

}  // namespace prepay::account
