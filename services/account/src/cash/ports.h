#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/time.h"

namespace prepay::account {

/// How far billing has come.
class BillProgress {
public:
    struct Bill {
        std::map<std::string, Instant> billed_until;  ///< By meter; those with a billed register.
        std::vector<std::string> last_charge_ids;     ///< Of the account; empty = none ever.
    };
    virtual ~BillProgress() = default;
    /// UNAVAILABLE / DEADLINE_EXCEEDED while billing is away.
    virtual Result<Bill> ask(const std::string& account_id,
                             const std::vector<std::string>& meter_ids) = 0;
};

}  // namespace prepay::account
