#include "domain/delivery.h"

#include <algorithm>

namespace prepay::alarm {

NextStep next_step(const DeliveryReport& report, int attempt_count, const RetryRule& rule) {
    switch (report.outcome) {
        case Delivery::kSent:
            return {NotificationState::kSent, Duration(0), ""};
        case Delivery::kUnknown:
            return {NotificationState::kUnknown, Duration(0), report.reason};
        case Delivery::kRefused:
            return {NotificationState::kFailed, Duration(0), report.reason};
        case Delivery::kNotAccepted:
            break;
    }
    if (attempt_count >= rule.attempts_max) {
        return {NotificationState::kFailed, Duration(0), report.reason};
    }
    Duration delay = rule.retry_min;
    for (int i = 1; i < attempt_count && delay < rule.retry_max; ++i) {
        delay *= 2;
    }
    return {NotificationState::kWaiting, std::min(delay, rule.retry_max), report.reason};
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
