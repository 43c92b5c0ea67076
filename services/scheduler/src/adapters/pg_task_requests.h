#pragma once

#include <optional>
#include <string>

#include "config.h"
#include "domain/task.h"
#include "pg/database.h"
#include "pg/request_answer.h"
#include "prepay/scheduler/v1/scheduler.pb.h"

namespace prepay::scheduler {

/// PERMISSION_DENIED for who may not cut a room whose account is to keep its power.
Status override_not_allowed();

/// Stores a checked order once per request. Reason REQUEST_ID_REUSED.
Result<v1::Task> create_task(pg::Database& database, const pg::RequestKey& key,
                             const TaskOrder& order, const SchedulerConfig& config,
                             const Clock& clock);

/// Cancels the waiting items, and asks for the sent ones to be withdrawn. Reasons TASK_NOT_FOUND,
/// TASK_FINAL, REQUEST_ID_REUSED.
Result<v1::Task> cancel_task(pg::Database& database, const pg::RequestKey& key,
                             const std::string& task_id, const Clock& clock);

/// A new task, due now, of the items that failed or were cancelled. Reasons TASK_NOT_FOUND,
/// TASK_NOT_FINAL, OVERRIDE_NOT_ALLOWED, NOTHING_TO_RETRY, REQUEST_ID_REUSED.
Result<v1::Task> retry_task(pg::Database& database, const pg::RequestKey& key,
                            const std::string& task_id, bool may_override,
                            const SchedulerConfig& config, const Clock& clock);

/// Reason TASK_NOT_FOUND.
Result<v1::Task> get_task(pg::Database& database, const std::string& task_id);
/// Newest first. Reason BAD_PAGE_TOKEN.
Result<v1::ListTasksResponse> list_tasks(pg::Database& database,
                                         const v1::ListTasksRequest& request);
/// In the order of the selection. Reasons TASK_NOT_FOUND, BAD_PAGE_TOKEN.
Result<v1::ListTaskItemsResponse> list_task_items(pg::Database& database,
                                                  const v1::ListTaskItemsRequest& request,
                                                  const std::optional<ItemState>& state);

}  // namespace prepay::scheduler
