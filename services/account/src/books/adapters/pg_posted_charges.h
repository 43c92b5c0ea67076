#pragma once

#include <cstdint>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::account {

/// An account that charges are posted to: a purse, or a site's vacancy account.
struct ChargeBearer {
    std::int64_t account_no = 0;
    std::string account_id;
    bool vacancy = false;
};

/// A charge as the ledger has it.
struct PostedCharge {
    std::string charge_id;
    Instant post_time{};
};

/// Which charges stand in the ledger. Only reads; thread-safe.
class PgPostedCharges {
public:
    /// By rising account_no.
    std::vector<ChargeBearer> bearers(pqxx::work& tx) const;
    /// The next ones of an account in the order of its ledger, at most `count_max`; moves
    /// `after_version`, at first 0, past them.
    std::vector<PostedCharge> next(pqxx::work& tx, std::int64_t account_no,
                                   std::int64_t& after_version, std::size_t count_max) const;
};

}  // namespace prepay::account
