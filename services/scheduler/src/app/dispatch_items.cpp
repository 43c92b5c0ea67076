#include "app/dispatch_items.h"

#include <algorithm>

#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::scheduler {
namespace {

// Errors that repeating cannot heal; every other one leaves open whether the command arrived.
bool is_refusal(const Status& status) {
    switch (status.code()) {
        case absl::StatusCode::kInvalidArgument:
        case absl::StatusCode::kFailedPrecondition:
        case absl::StatusCode::kNotFound:
        case absl::StatusCode::kAlreadyExists:
        case absl::StatusCode::kOutOfRange:
            return true;
        default:
            return false;
    }
}

std::string reason_of(const Status& status) {
    const std::string reason = error_reason(status);
    return reason.empty() ? "REFUSED_BY_GATEWAY" : reason;
}

}  // namespace

ItemDispatch::ItemDispatch(TaskStore& store, Gateway& gateway, DispatchRules rules,
                           const Clock& clock, const SchedulerMetrics& metrics)
    : store_(store), gateway_(gateway), rules_(rules), clock_(clock), metrics_(metrics) {}

Status start_due_tasks(TaskStore& store, const Clock& clock, const SchedulerMetrics& metrics) {
    if (is_in_doubt(clock)) {
        return absl::OkStatus();
    }
    PREPAY_ASSIGN_OR_RETURN(const int count, store.start_due(clock.now()));
    metrics.started(count);
    return absl::OkStatus();
}

Result<int> ItemDispatch::run_once() {
    if (is_in_doubt(clock_)) {
        return 0;
    }
    // Measured from before the claim, on the clock that never jumps: ours ends before the lease
    // does.
    const auto work_until =
        clock_.steady() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                              rules_.lease - 2 * rules_.call_timeout);
    PREPAY_ASSIGN_OR_RETURN(const std::vector<ClaimedItem> items,
                            store_.claim(clock_.now(), rules_.lease, rules_.claim_max));
    if (items.empty()) {
        return 0;
    }
    PREPAY_CRASH_POINT("scheduler.claimed");
    std::vector<ItemUpdate> updates;
    bool is_reachable = true;
    for (const ClaimedItem& item : items) {
        const bool may_call = is_reachable && clock_.steady() < work_until;
        updates.push_back(may_call ? handle(item, is_reachable) : defer(item));
    }
    PREPAY_CRASH_POINT("scheduler.dispatched");
    PREPAY_RETURN_IF_ERROR(store_.apply(updates, clock_.now()));
    PREPAY_CRASH_POINT("scheduler.marked");
    return static_cast<int>(items.size());
}

ItemUpdate ItemDispatch::handle(const ClaimedItem& item, bool& is_reachable) {
    const telemetry::TraceScope trace(item.trace_id);
    switch (next_step(item.claimed_before(), item.cancel_requested, item.not_after, clock_.now())) {
        case Step::kSubmit:
            return submit(item, is_reachable);
        case Step::kAsk:
            return ask(item, is_reachable);
        case Step::kExpire:
            break;
    }
    return {item.item_id, ItemEvent::kFailed, "EXPIRED", item.fence, false, {}};
}

ItemUpdate ItemDispatch::submit(const ClaimedItem& item, bool& is_reachable) {
    const auto start = clock_.steady();
    const Result<CommandReport> report = gateway_.submit(item);
    metrics_.submitted(report.ok() || is_refusal(report.status()), clock_.steady() - start);
    ItemUpdate update;
    if (report.ok()) {
        update = {item.item_id, report->event, report->reason, item.fence, true, {}};
    } else if (is_refusal(report.status())) {
        update = {
            item.item_id, ItemEvent::kFailed, reason_of(report.status()), item.fence, true, {}};
    } else {
        is_reachable = false;
        update = defer(item);
        update.attempted = true;
    }
    return update;
}

ItemUpdate ItemDispatch::ask(const ClaimedItem& item, bool& is_reachable) {
    const Result<CommandReport> report = gateway_.get(item.item_id);
    if (report.ok()) {
        return {item.item_id, report->event, report->reason, item.fence, false, {}};
    }
    if (report.status().code() == absl::StatusCode::kNotFound) {
        if (clock_.now() < item.last_submit_time + rules_.lease) {
            return defer(item);  // A submit whose answer was lost may still be on its way in.
        }
        return item.cancel_requested
                   ? ItemUpdate{item.item_id, ItemEvent::kCancelled, "", item.fence, false, {}}
                   : ItemUpdate{item.item_id, ItemEvent::kFailed, "EXPIRED", item.fence, false, {}};
    }
    is_reachable = false;
    return defer(item);
}

ItemUpdate ItemDispatch::defer(const ClaimedItem& item) const {
    Duration delay = rules_.retry_min;
    for (int i = 0; i < item.attempt_count && delay < rules_.retry_max; ++i) {
        delay *= 2;
    }
    return {item.item_id, ItemEvent::kDeferred,
            "",           item.fence,
            false,        clock_.now() + std::min(delay, rules_.retry_max)};
}

}  // namespace prepay::scheduler
