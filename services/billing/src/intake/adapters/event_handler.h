#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "kafka/kafka.h"
#include "outbox/outbox.h"
#include "rating/adapters/rating_transaction.h"

namespace prepay::billing {

/// Applies messages of its topics, all of one batch in one transaction. Thread-safe.
class EventHandler {
public:
    EventHandler(RatingTransaction& rating, const outbox::Outbox& outbox)
        : rating_(rating), outbox_(outbox) {}

    /// What is done with each topic. BAD_MESSAGE for bytes that are no event or hold values that
    /// cannot be. Of readings only the bad ones are set aside, unless a message holds no good one.
    outbox::Handlers handlers();

private:
    Status apply_readings(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    Status apply_rooms(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    Status apply_occupancies(pqxx::work& tx, const std::vector<kafka::Message>& messages);

    RatingTransaction& rating_;
    const outbox::Outbox& outbox_;
};

}  // namespace prepay::billing
