#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "adapters/pg_notification_writer.h"
#include "config.h"
#include "metrics.h"
#include "outbox/events.h"

namespace prepay::alarm {

/// Takes balance changes in: account memory, episodes, notifications and events, all in the
/// caller's transaction. Stateless between calls; thread-safe.
class EpisodeWriter {
public:
    EpisodeWriter(const outbox::Outbox& outbox, const AlarmConfig& config, const Clock& clock,
                  const AlarmMetrics& metrics);

    /// In the given order; changes that are not newer than what is known do nothing.
    void apply(pqxx::work& tx, const std::vector<AccountChange>& changes) const;

private:
    void open(pqxx::work& tx, const AccountChange& change, int level,
              const std::vector<Channel>& channels) const;
    void end(pqxx::work& tx, const AccountChange& change, int level) const;
    void publish(pqxx::work& tx, const std::string& episode_id, Instant occur_time) const;

    const outbox::EventWriter events_;
    const AlarmConfig& config_;
    const Clock& clock_;
    const AlarmMetrics& metrics_;
};

/// The topic this service publishes.
constexpr const char* kAlarmsTopic = "prepay.alarm.alarms.v1";

}  // namespace prepay::alarm
