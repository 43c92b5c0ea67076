#include "convert.h"

#include <array>
#include <utility>

#include "core/assert.h"
#include "core/proto_time.h"
#include "rpc/request_rules.h"

namespace prepay::scheduler {
namespace {

constexpr std::array kActions = {std::pair(Action::kTrip, "TRIP"),
                                 std::pair(Action::kClose, "CLOSE"),
                                 std::pair(Action::kRelease, "RELEASE")};
constexpr std::array kTaskStates = {
    std::pair(TaskState::kWaiting, "WAITING"), std::pair(TaskState::kRunning, "RUNNING"),
    std::pair(TaskState::kDone, "DONE"), std::pair(TaskState::kCancelled, "CANCELLED")};
constexpr std::array kItemStates = {
    std::pair(ItemState::kWaiting, "WAITING"), std::pair(ItemState::kSent, "SENT"),
    std::pair(ItemState::kVerified, "VERIFIED"), std::pair(ItemState::kFailed, "FAILED"),
    std::pair(ItemState::kCancelled, "CANCELLED")};

template <typename Table, typename Enum>
const char* find_text(const Table& table, Enum value) {
    for (const auto& [known, text] : table) {
        if (known == value) {
            return text;
        }
    }
    return "";
}

template <typename Table>
auto find_value(const Table& table, const std::string& text) {
    for (const auto& [known, name] : table) {
        if (text == name) {
            return known;
        }
    }
    PREPAY_ASSERT(false);  // A CHECK of the table keeps others out.
    return table.front().first;
}

CommandReport failed(const metering::v1::Command& command, const char* fallback) {
    return {ItemEvent::kFailed,
            command.failure_reason().empty() ? std::string(fallback) : command.failure_reason()};
}

}  // namespace

const char* text_of(Action action) { return find_text(kActions, action); }
const char* text_of(TaskState state) { return find_text(kTaskStates, state); }
const char* text_of(ItemState state) { return find_text(kItemStates, state); }
Action action_from_text(const std::string& text) { return find_value(kActions, text); }
TaskState task_state_from_text(const std::string& text) { return find_value(kTaskStates, text); }
ItemState item_state_from_text(const std::string& text) { return find_value(kItemStates, text); }

Result<TaskOrder> order_from_proto(const v1::CreateTaskRequest& request) {
    TaskOrder order;
    switch (request.action()) {
        case metering::v1::COMMAND_ACTION_TRIP:
            order.action = Action::kTrip;
            break;
        case metering::v1::COMMAND_ACTION_CLOSE:
            order.action = Action::kClose;
            break;
        case metering::v1::COMMAND_ACTION_RELEASE:
            order.action = Action::kRelease;
            break;
        default:
            return invalid_argument("BAD_ACTION", "action must be TRIP, CLOSE or RELEASE");
    }
    order.display_name = request.display_name();
    order.meter_ids.assign(request.meter_ids().begin(), request.meter_ids().end());
    order.reason_text = request.reason_text();
    order.confirm_count = request.confirm_count();
    order.override_keep_power = request.override_keep_power();
    if (request.has_due_time()) {
        // A year of 4 digits at most.
        if (request.due_time().seconds() < 0 || request.due_time().seconds() > 253'402'300'799) {
            return invalid_argument("BAD_TIME", "due_time is out of range");
        }
        order.due_time = from_proto_time(request.due_time());
    }
    if ((order.display_name + order.reason_text).find('\0') != std::string::npos) {
        return invalid_argument("BAD_TEXT", "display_name and reason_text must not hold NUL");
    }
    return order;
}

metering::v1::CommandAction action_to_proto(Action action) {
    switch (action) {
        case Action::kTrip:
            return metering::v1::COMMAND_ACTION_TRIP;
        case Action::kClose:
            return metering::v1::COMMAND_ACTION_CLOSE;
        case Action::kRelease:
            return metering::v1::COMMAND_ACTION_RELEASE;
    }
    return metering::v1::COMMAND_ACTION_UNSPECIFIED;
}

v1::TaskState state_to_proto(TaskState state) {
    switch (state) {
        case TaskState::kWaiting:
            return v1::TASK_STATE_WAITING;
        case TaskState::kRunning:
            return v1::TASK_STATE_RUNNING;
        case TaskState::kDone:
            return v1::TASK_STATE_DONE;
        case TaskState::kCancelled:
            return v1::TASK_STATE_CANCELLED;
    }
    return v1::TASK_STATE_UNSPECIFIED;
}

v1::ItemState state_to_proto(ItemState state) {
    switch (state) {
        case ItemState::kWaiting:
            return v1::ITEM_STATE_WAITING;
        case ItemState::kSent:
            return v1::ITEM_STATE_SENT;
        case ItemState::kVerified:
            return v1::ITEM_STATE_VERIFIED;
        case ItemState::kFailed:
            return v1::ITEM_STATE_FAILED;
        case ItemState::kCancelled:
            return v1::ITEM_STATE_CANCELLED;
    }
    return v1::ITEM_STATE_UNSPECIFIED;
}

v1::Task task_to_proto(const Task& task) {
    v1::Task message;
    message.set_task_id(task.task_id);
    message.set_display_name(task.display_name);
    message.set_action(action_to_proto(task.action));
    message.set_state(state_to_proto(task.state));
    set_time(*message.mutable_due_time(), task.due_time);
    set_time(*message.mutable_create_time(), task.create_time);
    if (task.finish_time) {
        set_time(*message.mutable_finish_time(), *task.finish_time);
    }
    message.set_create_user(task.create_user);
    message.set_reason_text(task.reason_text);
    v1::TaskCounts& counts = *message.mutable_counts();
    counts.set_total(task.counts.total);
    counts.set_waiting(task.counts.waiting);
    counts.set_sent(task.counts.sent);
    counts.set_verified(task.counts.verified);
    counts.set_failed(task.counts.failed);
    counts.set_cancelled(task.counts.cancelled);
    message.set_retry_of(task.retry_of);
    message.set_override_keep_power(task.override_keep_power);
    return message;
}

v1::TaskItem item_to_proto(const TaskItem& item) {
    v1::TaskItem message;
    message.set_item_id(item.item_id);
    message.set_task_id(item.task_id);
    message.set_meter_id(item.meter_id);
    message.set_state(state_to_proto(item.state));
    message.set_failure_reason(item.failure_reason);
    if (item.finish_time) {
        set_time(*message.mutable_finish_time(), *item.finish_time);
    }
    message.set_attempt_count(item.attempt_count);
    return message;
}

Result<ItemFilter> filter_from_proto(const v1::ListTaskItemsRequest& request) {
    ItemFilter filter;
    filter.task_id = request.task_id();
    PREPAY_ASSIGN_OR_RETURN(filter.state, state_from_proto(request.state()));
    PREPAY_ASSIGN_OR_RETURN(filter.after_seq, rpc::sequence_of(request.page_token()));
    filter.limit = rpc::page_size_of(request.page_size());
    return filter;
}

Result<std::optional<ItemState>> state_from_proto(v1::ItemState state) {
    if (state == v1::ITEM_STATE_UNSPECIFIED) {
        return std::optional<ItemState>();
    }
    for (const auto& [known, text] : kItemStates) {
        if (state_to_proto(known) == state) {
            return std::optional<ItemState>(known);
        }
    }
    return invalid_argument("BAD_ITEM_STATE", "state is not one of the item states");
}

CommandReport report_from_proto(const metering::v1::Command& command) {
    using namespace metering::v1;
    switch (command.state()) {
        case COMMAND_STATE_VERIFIED:
            return {ItemEvent::kVerified, ""};
        case COMMAND_STATE_CANCELLED:
            // Withdrawn by nobody: account did not let it go out.
            return command.failure_reason() == "KEEP_POWER"
                       ? failed(command, "KEEP_POWER")
                       : CommandReport{ItemEvent::kCancelled, ""};
        case COMMAND_STATE_STILL_HELD:
            return {ItemEvent::kFailed, "STILL_HELD"};
        case COMMAND_STATE_NOT_VERIFIED:
            return failed(command, "NOT_VERIFIED");
        case COMMAND_STATE_CONTRADICTED:
            return failed(command, "CONTRADICTED");
        case COMMAND_STATE_EXPIRED:
            return failed(command, "EXPIRED");
        case COMMAND_STATE_REFUSED:
            return failed(command, "REFUSED");
        default:  // Queued, sending, or a state of a newer gateway: not final for us.
            return {ItemEvent::kSubmitted, ""};
    }
}

}  // namespace prepay::scheduler
