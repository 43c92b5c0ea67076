#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "books/domain/account.h"
#include "books/domain/ledger.h"
#include "core/time.h"

namespace prepay::account {

/// A charge as billing publishes it, as far as the ledger asks.
struct Charge {
    std::string charge_id;
    std::string account_id;   ///< Empty = nobody occupies the meter.
    std::string reversal_of;  ///< The charge that this one takes back; empty = none.
    Instant end_time;
    Money amount;  ///< Positive = to be paid.
};

/// What is known of the account that a charge names.
struct ChargeFacts {
    std::int64_t account_no = 0;  ///< Of the named account; 0 = nobody knows it.
    /// Who bore the charge that this one takes back, where that was redirected.
    std::optional<std::int64_t> original_no;
};

/// Who bears a charge.
struct ChargeRoute {
    std::int64_t account_no = 0;
    bool is_redirected = false;  ///< It names an account that is not known: noted for its reversal.
};

/// The named account, open or closed; where nobody is named, the site's vacancy account. Of an
/// account that is not known: a reversal goes where its original went, all else to the vacancy
/// account.
ChargeRoute route_charge(const Charge& charge, const ChargeFacts& facts, const SiteAccounts& site);

/// The posting of a charge: off the account that bears it, onto the site's revenue.
Posting charge_posting(const Charge& charge, std::int64_t account_no, const SiteAccounts& site);

}  // namespace prepay::account
