#pragma once

#include <set>
#include <string>
#include <vector>

#include "devices/adapters/pg_values.h"
#include "outbox/events.h"
#include "readings/adapters/pg_reading_store.h"
#include "readings/domain/anomaly.h"

namespace prepay::metering {

/// What a person decides about a register in quarantine.
struct QuarantineOrder {
    std::int64_t anomaly_id = 0;
    QuarantineDecision decision = QuarantineDecision::kDiscard;
    std::optional<RegisterTotal> opening;
    std::optional<RegisterTotal> closing;
    std::string reason_text;
    std::string decided_by;
    std::int64_t register_limit = 0;  ///< Of the meter, CT included.
};

/// Registers that did not become a base, and the decisions about them. Thread-safe.
class PgAnomalyStore {
public:
    PgAnomalyStore(pg::Database& database, const outbox::Outbox& outbox, const Clock& clock,
                   PgReadingStore& readings)
        : database_(database),
          events_(outbox, clock, kProducer),
          clock_(clock),
          readings_(readings) {}

    /// Newest first, ids below `before`.
    Result<std::vector<Anomaly>> list(const AnomalyFilter& filter, std::int64_t before,
                                      int count_max);
    Result<std::int64_t> count_open();
    /// Which of these meters are in quarantine.
    Result<std::set<std::string>> quarantined_among(const std::vector<std::string>& meter_ids);
    /// Reason UNKNOWN_ANOMALY.
    Result<Anomaly> get(std::int64_t anomaly_id);

    /// Stores and publishes the readings that the decision makes, ends the quarantine and publishes
    /// that, once per request id. Reasons UNKNOWN_ANOMALY, NOT_IN_QUARANTINE,
    /// REGISTER_BELOW_PREVIOUS, BAD_OPENING_REGISTER, BAD_CLOSING_REGISTER.
    Status decide(const pg::RequestKey& key, const QuarantineOrder& order);

private:
    Status apply(pqxx::work& tx, const QuarantineOrder& order);

    pg::Database& database_;
    const outbox::EventWriter events_;
    const Clock& clock_;
    PgReadingStore& readings_;
};

}  // namespace prepay::metering
