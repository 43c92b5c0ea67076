#pragma once

#include "metrics.h"
#include "ports.h"

namespace prepay::scheduler {

struct DispatchRules {
    Duration lease = std::chrono::seconds(60);
    Duration call_timeout = std::chrono::seconds(5);  ///< Longest call to the gateway.
    Duration retry_min = std::chrono::seconds(1);
    Duration retry_max = std::chrono::seconds(30);
    int claim_max = 100;
};

/// Hands waiting items to the gateway. Several may run, in one or more processes.
class ItemDispatch {
public:
    ItemDispatch(TaskStore& store, Gateway& gateway, DispatchRules rules, const Clock& clock,
                 const SchedulerMetrics& metrics);

    /// Nothing while nobody knows the time. Claims, submits and marks one batch; the number
    /// claimed. Stops submitting well before the lease ends, and at the first sign that the gateway
    /// cannot be reached: the rest is put back.
    Result<int> run_once();

private:
    ItemUpdate handle(const ClaimedItem& item, bool& is_reachable);
    ItemUpdate submit(const ClaimedItem& item, bool& is_reachable);
    ItemUpdate ask(const ClaimedItem& item, bool& is_reachable);
    [[nodiscard]] ItemUpdate defer(const ClaimedItem& item) const;

    TaskStore& store_;
    Gateway& gateway_;
    DispatchRules rules_;
    const Clock& clock_;
    const SchedulerMetrics& metrics_;
};

/// Makes the items of the tasks whose time has come. Nothing while nobody knows the time.
Status start_due_tasks(TaskStore& store, const Clock& clock, const SchedulerMetrics& metrics);

}  // namespace prepay::scheduler
