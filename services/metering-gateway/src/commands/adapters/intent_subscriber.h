#pragma once

#include "commands/adapters/pg_command_store.h"
#include "commands/ports.h"
#include "devices/ports.h"
#include "kafka/kafka.h"

namespace prepay::metering {

/// Takes prepay.account.switch-intents.v1: READY becomes an order for the meter's line, CANCELLED
/// withdraws one of which nothing was sent.
class IntentSubscriber {
public:
    IntentSubscriber(PgCommandStore& commands, const MeterDirectory& directory, OrderLines& lines,
                     CommandSignal& signal, const Clock& clock);

    /// An outbox::Handler. BAD_MESSAGE for what can never be applied.
    Status apply(pqxx::work& tx, const std::vector<kafka::Message>& messages);

private:
    Status apply_one(pqxx::work& tx, const kafka::Message& message);

    PgCommandStore& commands_;
    const MeterDirectory& directory_;
    OrderLines& lines_;
    CommandSignal& signal_;
    const Clock& clock_;
};

}  // namespace prepay::metering
