#pragma once

#include <string>
#include <vector>

#include "core/status.h"

namespace prepay::account {

/// The meters that the gateway knows.
class MeterRegistry {
public:
    virtual ~MeterRegistry() = default;
    /// Those of `meter_ids` that it does not know. UNAVAILABLE / DEADLINE_EXCEEDED while it is
    /// away.
    virtual Result<std::vector<std::string>> unknown(const std::vector<std::string>& meter_ids) = 0;
};

}  // namespace prepay::account
