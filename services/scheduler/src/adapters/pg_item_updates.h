#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "config.h"
#include "domain/item.h"
#include "metrics.h"

namespace prepay::scheduler {

/// Applies updates in their order, in the caller's transaction: items, their tasks' counts, and the
/// tasks' ends. Locks tasks in id order, then items: everything that changes both does. Updates of
/// unknown items are skipped (other initiators' commands come along the same topic).
void apply_updates(pqxx::work& tx, const std::vector<ItemUpdate>& updates, Instant now,
                   Duration result_timeout, const SchedulerMetrics& metrics);

/// Writes the counts and, when no item is open any more, the end of a task; the row must be locked.
void store_counts(pqxx::work& tx, const std::string& task_id, const TaskCounts& counts,
                  bool cancel_requested, Instant now);

/// A task's row under lock.
struct LockedTask {
    TaskCounts counts;
    TaskState state = TaskState::kWaiting;
    bool cancel_requested = false;
};
/// Locks in id order.
std::map<std::string, LockedTask> lock_tasks(pqxx::work& tx,
                                             const std::vector<std::string>& task_ids);

}  // namespace prepay::scheduler
