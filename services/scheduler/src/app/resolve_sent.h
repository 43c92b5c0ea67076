#pragma once

#include "ports.h"

namespace prepay::scheduler {

struct ResolveRules {
    Duration again_after = std::chrono::seconds(15);
    int claim_max = 100;
};

/// Looks after sent items: withdraws those of cancelled tasks, and asks the gateway about those
/// whose result did not come (a lost or late event).
class SentResolution {
public:
    SentResolution(TaskStore& store, Gateway& gateway, ResolveRules rules, const Clock& clock);

    /// One batch; the number looked at.
    Result<int> run_once();

private:
    TaskStore& store_;
    Gateway& gateway_;
    ResolveRules rules_;
    const Clock& clock_;
};

}  // namespace prepay::scheduler
