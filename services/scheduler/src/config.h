#pragma once

#include "app/dispatch_items.h"
#include "app/resolve_sent.h"
#include "config/config.h"

namespace prepay::scheduler {

struct SchedulerConfig {
    DispatchRules dispatch;
    ResolveRules resolve;
    int dispatch_thread_count = 2;
    Duration command_ttl = std::chrono::minutes(30);  ///< From due time to the commands' not_after.
    Duration result_timeout = std::chrono::seconds(30);  ///< Without a result for so long: ask.
};

/// Reads the service's own keys; problems are noted in the reader.
void read_config(config::Reader& reader, SchedulerConfig& config);

}  // namespace prepay::scheduler
