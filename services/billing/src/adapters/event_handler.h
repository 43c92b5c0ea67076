#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "adapters/rating_transaction.h"
#include "kafka/kafka.h"

namespace prepay::billing {

/// Applies messages of prepay.metering.readings.v1, prepay.account.occupancies.v1 and
/// prepay.account.rooms.v1, all of one batch in one transaction. Thread-safe.
class EventHandler {
public:
    explicit EventHandler(RatingTransaction& rating) : rating_(rating) {}

    /// BAD_MESSAGE for bytes that are no event or hold values that cannot be.
    Status apply(pqxx::work& tx, const std::vector<kafka::Message>& messages);

private:
    Status apply_readings(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    Status apply_rooms(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    Status apply_occupancies(pqxx::work& tx, const std::vector<kafka::Message>& messages);

    RatingTransaction& rating_;
};

}  // namespace prepay::billing
