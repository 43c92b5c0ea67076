#include "domain/delivery.h"

#include <algorithm>

namespace prepay::alarm {

namespace {

Duration delay_after(int attempt_count, const RetryRule& rule) {
    Duration delay = rule.retry_min;
    for (int i = 1; i < attempt_count && delay < rule.retry_max; ++i) {
        delay *= 2;
    }
    return std::min(delay, rule.retry_max);
}

NextStep after_lost_answer(const std::string& reason, const Attempt& attempt,
                           const RetryRule& rule) {
    const bool tries_left = attempt.count < rule.attempts_max;
    if (attempt.is_idempotent && tries_left) {
        return {NotificationState::kWaiting, delay_after(attempt.count, rule), reason};
    }
    if (attempt.is_idempotent || attempt.is_retry || rule.unknown_retry_after == Duration(0)) {
        return {NotificationState::kUnknown, std::nullopt, reason};
    }
    return {NotificationState::kUnknown, rule.unknown_retry_after, reason};
}

}  // namespace

DeliveryReport abandoned() { return {Delivery::kUnknown, "ANSWER_LOST"}; }

bool waits_for_link(const Attempt& attempt, const RetryRule& rule) {
    return attempt.count == 1 && attempt.count < rule.attempts_max;
}

DeliveryReport link_unavailable() { return {Delivery::kNotAccepted, "PAY_LINK_UNAVAILABLE"}; }

NextStep next_step(const DeliveryReport& report, const Attempt& attempt, const RetryRule& rule) {
    switch (report.outcome) {
        case Delivery::kSent:
            return {NotificationState::kSent, std::nullopt, ""};
        case Delivery::kUnknown:
            return after_lost_answer(report.reason, attempt, rule);
        case Delivery::kRefused:
            return {NotificationState::kFailed, std::nullopt, report.reason};
        case Delivery::kNotAccepted:
            break;
    }
    if (attempt.count >= rule.attempts_max) {
        return {NotificationState::kFailed, std::nullopt, report.reason};
    }
    return {NotificationState::kWaiting, delay_after(attempt.count, rule), report.reason};
}

DeliveryReport classify(const SmtpEvidence& evidence) {
    if (evidence.completed) {
        return {Delivery::kSent, ""};
    }
    if (evidence.log_in_failed) {
        // Our own account is wrong, not the message: an operator can heal that.
        return {Delivery::kNotAccepted, "SMTP_LOG_IN_FAILED"};
    }
    if (evidence.last_code >= 500 && evidence.last_code <= 599) {
        return {Delivery::kRefused, "SMTP_" + std::to_string(evidence.last_code)};
    }
    if (evidence.last_code >= 400 && evidence.last_code <= 499) {
        return {Delivery::kNotAccepted, "SMTP_" + std::to_string(evidence.last_code)};
    }
    if (evidence.data_ended) {
        return {Delivery::kUnknown, "ANSWER_LOST"};
    }
    return {Delivery::kNotAccepted, "SMTP_UNAVAILABLE"};
}

DeliveryReport classify(const HttpEvidence& evidence) {
    if (evidence.target_refused) {
        return {Delivery::kRefused, "TARGET_REFUSED"};
    }
    if (evidence.status >= 200 && evidence.status <= 299) {
        return {Delivery::kSent, ""};
    }
    if (evidence.status >= 200) {
        const std::string reason = "HTTP_" + std::to_string(evidence.status);
        const bool try_again = evidence.status >= 500 || evidence.status == 408 ||
                               evidence.status == 425 || evidence.status == 429;
        return {try_again ? Delivery::kNotAccepted : Delivery::kRefused, reason};
    }
    if (evidence.request_started) {
        return {Delivery::kUnknown, "ANSWER_LOST"};
    }
    return {Delivery::kNotAccepted, "TARGET_UNAVAILABLE"};
}

}  // namespace prepay::alarm
