#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "core/time.h"
#include "domain/item.h"
#include "domain/task.h"

namespace prepay::scheduler {

/// An item in the hands of a worker until its lease ends.
struct ClaimedItem {
    std::string item_id;
    std::string task_id;
    std::string meter_id;
    Action action = Action::kTrip;
    std::string reason_text;
    std::string create_user;
    Instant not_after;
    std::int64_t fence = 0;
    int attempt_count = 0;  ///< Submits before this claim.
    bool cancel_requested = false;
    Instant last_submit_time;  ///< Claim that may have submitted before this one.
    std::string trace_id;      ///< Of the call that ordered the task.
    bool override_keep_power = false;

    [[nodiscard]] bool claimed_before() const { return fence > 1; }
};

/// A sent item whose result is overdue, or whose cancel was asked for.
struct SentItem {
    std::string item_id;
    std::string cancel_request_id;  ///< Not empty: cancel it; empty: ask how it stands.
    std::string trace_id;           ///< Of the call that ordered the task.
};

/// The stored tasks. Errors are the database's (DATABASE_UNAVAILABLE, COMMIT_IN_DOUBT …).
class TaskStore {
public:
    virtual ~TaskStore() = default;
    /// Starts the tasks that are due, if this process leads at the moment. How many.
    virtual Result<int> start_due(Instant now) = 0;
    /// Claims waiting items of running tasks until `now + lease`, at most `count_max`.
    virtual Result<std::vector<ClaimedItem>> claim(Instant now, Duration lease, int count_max) = 0;
    /// Applies what was learned, with the counts, in one transaction.
    virtual Status apply(const std::vector<ItemUpdate>& updates, Instant now) = 0;
    /// Sent items to cancel or to ask about; they come again after `again_after`.
    virtual Result<std::vector<SentItem>> claim_sent(Instant now, Duration again_after,
                                                     int count_max) = 0;
    /// The gateway has answered the cancel of these: do not repeat it.
    virtual Status note_cancel_answered(const std::vector<std::string>& item_ids) = 0;
};

/// How the gateway says a command stands.
struct CommandReport {
    ItemEvent event = ItemEvent::kSubmitted;
    std::string reason;
};

/// The metering gateway. Errors: NOT_FOUND for a command it does not have; INVALID_ARGUMENT,
/// FAILED_PRECONDITION, NOT_FOUND, ALREADY_EXISTS, OUT_OF_RANGE = it will never take the command;
/// everything else = not known, ask again.
class Gateway {
public:
    virtual ~Gateway() = default;
    /// The key is the item id: repeating gives the same command.
    virtual Result<CommandReport> submit(const ClaimedItem& item) = 0;
    virtual Result<CommandReport> get(const std::string& item_id) = 0;
    /// FAILED_PRECONDITION when it is too late to withdraw.
    virtual Result<CommandReport> cancel(const std::string& item_id,
                                         const std::string& request_id) = 0;
};

}  // namespace prepay::scheduler
