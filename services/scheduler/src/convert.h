#pragma once

#include <string>

#include "core/status.h"
#include "domain/task.h"
#include "ports.h"
#include "prepay/metering/v1/metering.pb.h"
#include "prepay/scheduler/v1/scheduler.pb.h"

namespace prepay::scheduler {

/// Reason BAD_ACTION for an action a task cannot have.
Result<TaskOrder> order_from_proto(const v1::CreateTaskRequest& request);

metering::v1::CommandAction action_to_proto(Action action);
v1::TaskState state_to_proto(TaskState state);
v1::ItemState state_to_proto(ItemState state);
v1::Task task_to_proto(const Task& task);
v1::TaskItem item_to_proto(const TaskItem& item);
/// UNSPECIFIED gives nothing (= any); reason BAD_ITEM_STATE for a number we do not know.
Result<std::optional<ItemState>> state_from_proto(v1::ItemState state);

/// Reasons BAD_ITEM_STATE, BAD_PAGE_TOKEN.
Result<ItemFilter> filter_from_proto(const v1::ListTaskItemsRequest& request);

/// Enums as stored, and back.
const char* text_of(Action action);
const char* text_of(TaskState state);
const char* text_of(ItemState state);
Action action_from_text(const std::string& text);
TaskState task_state_from_text(const std::string& text);
ItemState item_state_from_text(const std::string& text);

/// How a command stands, for its item.
CommandReport report_from_proto(const metering::v1::Command& command);

}  // namespace prepay::scheduler
