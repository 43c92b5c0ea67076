#include "domain/task.h"

#include <algorithm>
#include <set>

#include "core/text.h"

namespace prepay::scheduler {
namespace {

bool is_meter_id(const std::string& text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
}

std::optional<OrderProblem> check_targets(const std::vector<std::string>& meter_ids) {
    if (meter_ids.empty()) {
        return OrderProblem{"NO_TARGETS", "choose at least one meter"};
    }
    if (meter_ids.size() > kTargetsMax) {
        return OrderProblem{"TOO_MANY_TARGETS", "at most " + std::to_string(kTargetsMax) +
                                                    " meters a task; split the selection"};
    }
    std::set<std::string> seen;
    for (const std::string& meter_id : meter_ids) {
        if (!is_meter_id(meter_id)) {
            return OrderProblem{"BAD_METER_ID", "a meter_id must be 1-64 letters, digits or -"};
        }
        if (!seen.insert(meter_id).second) {
            return OrderProblem{"DUPLICATE_TARGET", "meter " + meter_id + " is named twice"};
        }
    }
    return std::nullopt;
}

}  // namespace

int& TaskCounts::of(ItemState state) {
    switch (state) {
        case ItemState::kWaiting:
            return waiting;
        case ItemState::kSent:
            return sent;
        case ItemState::kVerified:
            return verified;
        case ItemState::kFailed:
            return failed;
        case ItemState::kCancelled:
            break;
    }
    return cancelled;
}

void TaskCounts::move(ItemState from, ItemState to) {
    --of(from);
    ++of(to);
}

TaskState task_state(const TaskCounts& counts, bool is_due, bool cancel_requested) {
    if (counts.waiting + counts.sent == 0) {
        return cancel_requested && counts.cancelled > 0 ? TaskState::kCancelled : TaskState::kDone;
    }
    return is_due ? TaskState::kRunning : TaskState::kWaiting;
}

std::optional<OrderProblem> check_order(const TaskOrder& order, Instant now) {
    if (auto problem = check_targets(order.meter_ids)) {
        return problem;
    }
    if (order.action == Action::kTrip && is_blank(order.reason_text)) {
        return OrderProblem{"REASON_REQUIRED", "say why power is cut: reason_text"};
    }
    if (order.override_keep_power && order.action != Action::kTrip) {
        return OrderProblem{"OVERRIDE_NOT_A_TRIP", "only a trip overrides keep-power"};
    }
    if (order.reason_text.size() > kReasonBytesMax || order.display_name.size() > kNameBytesMax) {
        return OrderProblem{"TEXT_TOO_LONG",
                            "reason_text has at most " + std::to_string(kReasonBytesMax) +
                                " bytes, display_name " + std::to_string(kNameBytesMax)};
    }
    if (order.due_time && *order.due_time > now + kDueAheadMax) {
        return OrderProblem{"DUE_TIME_TOO_FAR", "due_time is at most 366 days ahead"};
    }
    const bool needs_confirmation = order.meter_ids.size() > kUnconfirmedTargetsMax;
    if (needs_confirmation && order.confirm_count != static_cast<int>(order.meter_ids.size())) {
        return OrderProblem{"CONFIRM_COUNT_WRONG", "confirm_count must be the number of meters, " +
                                                       std::to_string(order.meter_ids.size())};
    }
    return std::nullopt;
}

}  // namespace prepay::scheduler
