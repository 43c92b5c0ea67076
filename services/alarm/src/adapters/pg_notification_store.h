#pragma once

#include "config.h"
#include "pg/database.h"
#include "ports.h"

namespace prepay::alarm {

/// The notifications table. Thread-safe; several processes may claim at once (SKIP LOCKED).
class PgNotificationStore final : public NotificationStore {
public:
    PgNotificationStore(pg::Database& database, const AlarmConfig& config, const Clock& clock);

    Result<std::optional<OutgoingNotification>> claim_next(Instant now, Duration lease) override;
    Status mark(const std::string& notification_id, int attempt_count, const NextStep& step,
                Instant now) override;
    Result<int> close_abandoned(Instant now) override;
    Result<int> plan_repeats(Instant now) override;
    Result<int> count_waiting() override;

private:
    pg::Database& database_;
    const AlarmConfig& config_;
    const Clock& clock_;
};

}  // namespace prepay::alarm
