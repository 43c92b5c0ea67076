#pragma once

#include <string>

#include "core/time.h"

namespace prepay::alarm {

enum class NotificationState { kWaiting, kSending, kSent, kFailed, kUnknown };

/// What is known of one try to hand a message over.
enum class Delivery {
    kSent,         ///< The other side said it has it.
    kNotAccepted,  ///< Provably not accepted; trying again cannot make two of it.
    kRefused,      ///< Provably not accepted, and trying again would not help.
    kUnknown,      ///< It may have been accepted; never tried again.
};

struct DeliveryReport {
    Delivery outcome = Delivery::kUnknown;
    std::string reason;  ///< Stable word; empty when sent.
};

/// How often and how fast provable failures are tried again.
struct RetryRule {
    int attempts_max = 6;
    Duration retry_min = std::chrono::seconds(10);
    Duration retry_max = std::chrono::minutes(15);
};

/// What becomes of a notification after a try.
struct NextStep {
    NotificationState state = NotificationState::kUnknown;
    Duration delay{0};   ///< kWaiting only: not before.
    std::string reason;  ///< Why it is not sent; empty when sent.
};

/// `attempt_count` counts the try just made. Delays double from retry_min up to retry_max.
NextStep next_step(const DeliveryReport& report, int attempt_count, const RetryRule& rule);

/// What a mail hand-over showed. The end of the data is what makes a server take a message: as long
/// as it was not sent, the message is provably not accepted.
struct SmtpEvidence {
    bool completed = false;  ///< The server answered the end of the data with 250.
    bool data_ended =
        false;  ///< All of the text, hence the end of the data, was handed to the wire.
    bool log_in_failed = false;
    int last_code = 0;  ///< Last reply code; 0 = none.
};
DeliveryReport classify(const SmtpEvidence& evidence);

/// What a webhook call showed.
struct HttpEvidence {
    bool target_refused = false;   ///< The address is one we must not call.
    bool request_started = false;  ///< At least one byte of the request went out.
    int status = 0;                ///< Final status code; 0 = none came.
};
DeliveryReport classify(const HttpEvidence& evidence);

}  // namespace prepay::alarm
