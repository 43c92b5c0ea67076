#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::account {

/// A provider payment as it goes into suspense.
struct Held {
    std::string transaction_id;
    std::string order_id;
    Money amount;
    std::string reason;
};

/// Notes payments whose money was posted to suspense in this transaction.
void hold(pqxx::work& tx, const std::vector<Held>& items, Instant now);

}  // namespace prepay::account
