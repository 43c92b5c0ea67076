#pragma once

#include "config.h"
#include "metrics.h"
#include "pg/database.h"
#include "ports.h"

namespace prepay::scheduler {

/// The tables of tasks and items, for the threads. Thread-safe; several processes may share them.
class PgTaskStore final : public TaskStore {
public:
    PgTaskStore(pg::Database& database, const SchedulerConfig& config,
                const SchedulerMetrics& metrics);

    Result<int> start_due(Instant now) override;
    Result<std::vector<ClaimedItem>> claim(Instant now, Duration lease, int count_max) override;
    Status apply(const std::vector<ItemUpdate>& updates, Instant now) override;
    Result<std::vector<SentItem>> claim_sent(Instant now, Duration again_after,
                                             int count_max) override;
    Status note_cancel_answered(const std::vector<std::string>& item_ids) override;

private:
    pg::Database& database_;
    const SchedulerConfig& config_;
    const SchedulerMetrics& metrics_;
};

}  // namespace prepay::scheduler
