#pragma once

#include <cstdint>
#include <optional>
#include <pqxx/pqxx>

#include "intake/domain/charge_route.h"

namespace prepay::account {

/// Where charges of unknown accounts went, so that their reversals go the same way. Thread-safe.
class PgRedirects {
public:
    /// Who bore the charge that this one takes back, if that one was redirected.
    std::optional<std::int64_t> original_bearer(pqxx::work& tx, const Charge& charge) const;

    struct Noted {
        std::int64_t account_no = 0;
        bool is_new = false;
    };
    /// Notes where a charge went; the place it went to the first time, if it came before.
    Noted note(pqxx::work& tx, const Charge& charge, std::int64_t account_no) const;
};

}  // namespace prepay::account
