#pragma once

#include <string>
#include <vector>

#include "metrics.h"
#include "ports.h"

namespace prepay::alarm {

/// Sends what is due, one at a time, each attempt at most once: the attempt is durable before the
/// first byte goes out, and what became of it is recorded after. A customer's mail gets the
/// tenant's own link here: the token is stored nowhere. One instance a thread.
class NotificationSending {
public:
    NotificationSending(NotificationStore& store, const Senders& senders, PayLinks& links,
                        std::string pay_url, RetryRule rule, Duration send_timeout,
                        const Clock& clock, const AlarmMetrics& metrics);

    /// Sends one and says how many that were, 0 when nothing is due. An error of the database is
    /// returned; an outcome that could not be recorded is kept and recorded first next time.
    Result<int> run_once();

private:
    struct Mark {
        std::string notification_id;
        int attempt_count = 0;
        NextStep step;
    };
    Status record_marks();
    DeliveryReport send(OutgoingNotification& notification);
    /// Puts the tenant's own link in. The report of a try that ends there, or nothing: send it.
    std::optional<DeliveryReport> add_link(OutgoingNotification& notification);

    NotificationStore& store_;
    Senders senders_;
    PayLinks& links_;
    std::string pay_url_;
    RetryRule rule_;
    Duration lease_;
    const Clock& clock_;
    const AlarmMetrics& metrics_;
    std::vector<Mark> marks_;  // At most one: nothing is claimed before it is recorded.
};

/// Closes what was claimed and never finished, plans what is to be told again, and counts.
Status keep_house(NotificationStore& store, const Clock& clock, const AlarmMetrics& metrics);

}  // namespace prepay::alarm
