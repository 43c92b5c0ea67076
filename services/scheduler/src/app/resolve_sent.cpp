#include "app/resolve_sent.h"

#include "telemetry/log.h"

namespace prepay::scheduler {

SentResolution::SentResolution(TaskStore& store, Gateway& gateway, ResolveRules rules,
                               const Clock& clock)
    : store_(store), gateway_(gateway), rules_(rules), clock_(clock) {}

Result<int> SentResolution::run_once() {
    PREPAY_ASSIGN_OR_RETURN(const std::vector<SentItem> items,
                            store_.claim_sent(clock_.now(), rules_.again_after, rules_.claim_max));
    std::vector<ItemUpdate> updates;
    std::vector<std::string> answered;
    for (const SentItem& item : items) {
        const telemetry::TraceScope trace(item.trace_id);
        const bool is_cancel = !item.cancel_request_id.empty();
        const Result<CommandReport> report =
            is_cancel ? gateway_.cancel(item.item_id, item.cancel_request_id)
                      : gateway_.get(item.item_id);
        if (report.ok()) {
            updates.push_back(
                {item.item_id, report->event, report->reason, std::nullopt, false, {}});
        } else if (report.status().code() == absl::StatusCode::kNotFound) {
            // It was taken once and is gone: nobody will ever report on it.
            updates.push_back(
                {item.item_id, ItemEvent::kFailed, "COMMAND_LOST", std::nullopt, false, {}});
        } else if (report.status().code() != absl::StatusCode::kFailedPrecondition) {
            break;  // Not reachable: all of them come again.
        }
        if (is_cancel) {
            answered.push_back(item.item_id);
        }
    }
    if (!answered.empty()) {
        PREPAY_RETURN_IF_ERROR(store_.note_cancel_answered(answered));
    }
    if (!updates.empty()) {
        PREPAY_RETURN_IF_ERROR(store_.apply(updates, clock_.now()));
    }
    return static_cast<int>(items.size());
}

}  // namespace prepay::scheduler
