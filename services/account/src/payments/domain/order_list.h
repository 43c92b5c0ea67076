#pragma once

#include <optional>
#include <string>

#include "core/time.h"
#include "payments/domain/payment.h"

namespace prepay::account {

/// Where money is that was paid for an order but could not be credited to it.
enum class SuspenseState {
    kNone,     ///< There never was any.
    kHeld,     ///< In suspense: needs a person.
    kSettled,  ///< All of it is settled.
};

/// An order as lists show it.
struct ListedOrder {
    Order order;
    SuspenseState suspense = SuspenseState::kNone;
};

/// Which orders a list shows; an empty text filters nothing.
struct OrderFilter {
    std::string account_id;
    std::string site_id;
    std::optional<Instant> start_time;  ///< Of the creation, half-open.
    std::optional<Instant> end_time;
    std::string after_order_id;  ///< Last one of the page before; empty = the first page.
    int limit = 100;
};

}  // namespace prepay::account
