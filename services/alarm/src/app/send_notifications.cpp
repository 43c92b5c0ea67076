#include "app/send_notifications.h"

#include "core/crash_point.h"

namespace prepay::alarm {
namespace {

// Longer than any send: a live process has recorded, or is about to record, the outcome by then.
constexpr Duration kLeaseMargin = std::chrono::seconds(15);

}  // namespace

NotificationSending::NotificationSending(NotificationStore& store, MessageSender& email,
                                         MessageSender& webhook, RetryRule rule,
                                         Duration send_timeout, const Clock& clock,
                                         const AlarmMetrics& metrics)
    : store_(store),
      email_(email),
      webhook_(webhook),
      rule_(rule),
      lease_(2 * send_timeout + kLeaseMargin),
      clock_(clock),
      metrics_(metrics) {}

Status NotificationSending::record_marks() {
    while (!marks_.empty()) {
        const Mark& mark = marks_.back();
        PREPAY_RETURN_IF_ERROR(
            store_.mark(mark.notification_id, mark.attempt_count, mark.step, clock_.now()));
        marks_.pop_back();
        PREPAY_CRASH_POINT("alarm.marked");
    }
    return absl::OkStatus();
}

Result<bool> NotificationSending::send_next() {
    PREPAY_RETURN_IF_ERROR(record_marks());
    PREPAY_ASSIGN_OR_RETURN(const std::optional<OutgoingNotification> next,
                            store_.claim_next(clock_.now(), lease_));
    if (!next) {
        return false;
    }
    PREPAY_CRASH_POINT("alarm.sending");
    MessageSender& sender = next->kind == ChannelKind::kEmail ? email_ : webhook_;
    const auto start = clock_.steady();
    const DeliveryReport report = sender.send(*next);
    metrics_.sent(next->kind, report.outcome, clock_.steady() - start);
    PREPAY_CRASH_POINT("alarm.sent");
    marks_.push_back(
        {next->notification_id, next->attempt.count, next_step(report, next->attempt, rule_)});
    PREPAY_RETURN_IF_ERROR(record_marks());
    return true;
}

}  // namespace prepay::alarm
