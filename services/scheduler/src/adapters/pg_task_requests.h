#pragma once

#include <cstdint>
#include <pqxx/pqxx>
#include <string>

#include "config.h"
#include "core/status.h"
#include "domain/task.h"
#include "pg/page.h"

// What people ask of tasks, each in the caller's transaction.
namespace prepay::scheduler {

/// PERMISSION_DENIED for who may not cut a room whose account is to keep its power.
Status override_not_allowed();

/// Stores a checked order.
Result<Task> create_task(pqxx::work& tx, const TaskOrder& order, const std::string& create_user,
                         const SchedulerConfig& config, const Clock& clock);

/// Cancels the waiting items, and asks for the sent ones to be withdrawn. Reasons TASK_NOT_FOUND,
/// TASK_FINAL.
Result<Task> cancel_task(pqxx::work& tx, const std::string& task_id, const Clock& clock);

/// A new task, due now, of the items that failed or were cancelled. Reasons TASK_NOT_FOUND,
/// TASK_NOT_FINAL, OVERRIDE_NOT_ALLOWED, NOTHING_TO_RETRY.
Result<Task> retry_task(pqxx::work& tx, const std::string& task_id, const std::string& create_user,
                        bool may_override, const SchedulerConfig& config, const Clock& clock);

/// Reason TASK_NOT_FOUND.
Result<Task> get_task(pqxx::work& tx, const std::string& task_id);
/// Newest first; `before_seq` is the last one of the page before, 0 = the first page.
pg::Page<Task> list_tasks(pqxx::work& tx, std::int64_t before_seq, int limit);
/// In the order of the selection. Reason TASK_NOT_FOUND.
Result<pg::Page<TaskItem>> list_task_items(pqxx::work& tx, const ItemFilter& filter);

}  // namespace prepay::scheduler
