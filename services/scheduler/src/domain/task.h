#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::scheduler {

enum class Action { kTrip, kClose, kRelease };
enum class TaskState { kWaiting, kRunning, kDone, kCancelled };
enum class ItemState { kWaiting, kSent, kVerified, kFailed, kCancelled };

constexpr bool is_final(ItemState state) {
    return state != ItemState::kWaiting && state != ItemState::kSent;
}

/// How many items of a task are in each state.
struct TaskCounts {
    int total = 0;
    int waiting = 0;
    int sent = 0;
    int verified = 0;
    int failed = 0;
    int cancelled = 0;

    bool operator==(const TaskCounts&) const = default;
    [[nodiscard]] constexpr bool adds_up() const {
        return total == waiting + sent + verified + failed + cancelled && waiting >= 0 &&
               sent >= 0 && verified >= 0 && failed >= 0 && cancelled >= 0;
    }
    /// The counter of a state.
    int& of(ItemState state);
    /// Moves one item.
    void move(ItemState from, ItemState to);
};

/// A task as stored.
struct Task {
    std::string task_id;
    std::string display_name;
    Action action = Action::kTrip;
    TaskState state = TaskState::kWaiting;
    Instant due_time;
    Instant create_time;
    std::optional<Instant> finish_time;
    std::string create_user;
    std::string reason_text;
    TaskCounts counts;
    std::string retry_of;  ///< The task whose items it tries again; empty = a new one.
    bool override_keep_power = false;
};

/// A target of a task, as stored.
struct TaskItem {
    std::string item_id;
    std::string task_id;
    std::string meter_id;
    ItemState state = ItemState::kWaiting;
    std::string failure_reason;
    std::optional<Instant> finish_time;
    int attempt_count = 0;
};

/// Which items of a task a list shows.
struct ItemFilter {
    std::string task_id;
    std::optional<ItemState> state;  ///< Absent = any.
    std::int64_t after_seq = 0;      ///< Last one of the page before; 0 = the first page.
    int limit = 100;
};

/// The task's state from its items'. Final exactly when no item waits or is sent; CANCELLED when
/// some items were cancelled because somebody asked for it.
TaskState task_state(const TaskCounts& counts, bool is_due, bool cancel_requested);

constexpr std::size_t kTargetsMax = 10'000;
constexpr std::size_t kUnconfirmedTargetsMax = 10;
constexpr std::size_t kReasonBytesMax = 500;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::chrono::hours kDueAheadMax{24 * 366};

/// What somebody wants done.
struct TaskOrder {
    std::string display_name;
    Action action = Action::kTrip;
    std::vector<std::string> meter_ids;
    std::optional<Instant> due_time;  ///< Absent or past = now.
    std::string reason_text;
    int confirm_count = 0;
    bool override_keep_power = false;  ///< Trips only.
};

/// A rule an order breaks; `reason` is stable.
struct OrderProblem {
    std::string reason;
    std::string message;
};

/// Nothing when the order is good. Reasons in order of precedence: NO_TARGETS, TOO_MANY_TARGETS,
/// BAD_METER_ID, DUPLICATE_TARGET, REASON_REQUIRED, OVERRIDE_NOT_A_TRIP, TEXT_TOO_LONG,
/// DUE_TIME_TOO_FAR, CONFIRM_COUNT_WRONG.
std::optional<OrderProblem> check_order(const TaskOrder& order, Instant now);

}  // namespace prepay::scheduler
