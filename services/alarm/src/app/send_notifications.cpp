#include "app/send_notifications.h"

#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "domain/message.h"
#include "telemetry/log.h"

namespace prepay::alarm {
namespace {

// Longer than any send: a live process has recorded, or is about to record, the outcome by then.
constexpr Duration kLeaseMargin = std::chrono::seconds(15);

}  // namespace

NotificationSending::NotificationSending(NotificationStore& store, const Senders& senders,
                                         PayLinks& links, std::string pay_url, RetryRule rule,
                                         Duration send_timeout, const Clock& clock,
                                         const AlarmMetrics& metrics)
    : store_(store),
      senders_(senders),
      links_(links),
      pay_url_(std::move(pay_url)),
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

std::optional<DeliveryReport> NotificationSending::add_link(OutgoingNotification& notification) {
    if (!notification.to_customer || notification.episode_id.empty() || pay_url_.empty()) {
        return std::nullopt;
    }
    const Result<std::string> link =
        links_.link_of(notification.account_id, notification.episode_id);
    if (link.ok()) {
        notification.body = with_pay_link(notification.body, pay_url_, *link);
        return std::nullopt;
    }
    telemetry::log_warning("a mail has no pay link of its own",
                           {{"notification_id", notification.notification_id},
                            {"reason", error_reason(link.status())}});
    if (absl::IsUnavailable(link.status()) && waits_for_link(notification.attempt, rule_)) {
        return link_unavailable();
    }
    return std::nullopt;
}

DeliveryReport NotificationSending::send(OutgoingNotification& notification) {
    const std::optional<DeliveryReport> ended = add_link(notification);
    return ended ? *ended : senders_.of(notification.kind).send(notification);
}

Result<int> NotificationSending::run_once() {
    PREPAY_RETURN_IF_ERROR(record_marks());
    PREPAY_ASSIGN_OR_RETURN(std::optional<OutgoingNotification> next,
                            store_.claim_next(clock_.now(), lease_));
    if (!next) {
        return 0;
    }
    PREPAY_CRASH_POINT("alarm.sending");
    const auto start = clock_.steady();
    const DeliveryReport report = send(*next);
    metrics_.sent(next->kind, report.outcome, clock_.steady() - start);
    PREPAY_CRASH_POINT("alarm.sent");
    marks_.push_back(
        {next->notification_id, next->attempt.count, next_step(report, next->attempt, rule_)});
    PREPAY_RETURN_IF_ERROR(record_marks());
    return 1;
}

Status keep_house(NotificationStore& store, const Clock& clock, const AlarmMetrics& metrics) {
    if (is_in_doubt(clock)) {
        return absl::OkStatus();  // Nobody knows what is due.
    }
    // None waits for another that fails.
    const Result<int> abandoned = store.close_abandoned(clock.now());
    const Result<int> repeated = store.plan_repeats(clock.now());
    const Result<int> waiting = store.count_waiting();
    if (abandoned.ok()) {
        metrics.abandoned(*abandoned);
    }
    if (waiting.ok()) {
        metrics.waiting(*waiting);
    }
    PREPAY_RETURN_IF_ERROR(abandoned.status());
    PREPAY_RETURN_IF_ERROR(repeated.status());
    return waiting.status();
}

}  // namespace prepay::alarm
