#pragma once

#include <optional>
#include <string>

#include "core/time.h"

namespace prepay::alarm {

enum class NotificationState { kWaiting, kSending, kSent, kFailed, kUnknown };

/// What is known of one try to hand a message over.
enum class Delivery {
    kSent,         ///< The other side said it has it.
    kNotAccepted,  ///< Provably not accepted; trying again cannot make two of it.
    kRefused,      ///< Provably not accepted, and trying again would not help.
    kUnknown,      ///< It may have been accepted.
};

struct DeliveryReport {
    Delivery outcome = Delivery::kUnknown;
    std::string reason;  ///< Stable word; empty when sent.
};

/// How often and how fast failures are tried again.
struct RetryRule {
    int attempts_max = 6;
    Duration retry_min = std::chrono::seconds(10);
    Duration retry_max = std::chrono::minutes(15);
    /// When a message that nobody can recognise as a repetition gets its second try after its
    /// answer was lost; 0 = never.
    Duration unknown_retry_after = std::chrono::minutes(10);
};

/// Of a test message: somebody waits for it and sees what became of it.
inline constexpr RetryRule kOneTry{1, Duration(0), Duration(0), Duration(0)};

/// The try that was just made.
struct Attempt {
    int count = 1;               ///< Tries so far, this one included.
    bool is_retry = false;       ///< Its second chance after a lost answer is used.
    bool is_idempotent = false;  ///< The receiver knows a repetition by its key.
};

/// What becomes of a notification after a try.
struct NextStep {
    NotificationState state = NotificationState::kUnknown;
    std::optional<Duration> delay;  ///< Tried again after it; absent = final.
    std::string reason;             ///< Why it is not sent; empty when sent.
};

/// The rule: what is provably not accepted is tried again, with delays that double from retry_min
/// up to retry_max. A lost answer is treated like that where the receiver knows repetitions;
/// elsewhere it shows as kUnknown and gets one more try, once.
NextStep next_step(const DeliveryReport& report, const Attempt& attempt, const RetryRule& rule);

/// Whether a mail waits for the next try because nobody can make its pay link at the moment: once,
/// and never on the last try. Otherwise it goes with the plain page.
bool waits_for_link(const Attempt& attempt, const RetryRule& rule);

/// A try that ended there.
DeliveryReport link_unavailable();

/// What is known of an attempt whose process died between the mark and the answer.
DeliveryReport abandoned();

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
