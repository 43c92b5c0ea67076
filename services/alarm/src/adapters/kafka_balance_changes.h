#pragma once

#include "adapters/pg_episode_writer.h"
#include "kafka/kafka.h"
#include "outbox/outbox.h"

namespace prepay::alarm {

constexpr const char* kBalanceChangesTopic = "prepay.account.balance-changes.v1";

/// What is done with each topic that alarm reads.
outbox::Handlers handlers(const EpisodeWriter& writer);

/// Messages of one partition become one set of changes. Reason BAD_MESSAGE.
Status take_balance_changes(const EpisodeWriter& writer, pqxx::work& tx,
                            const std::vector<kafka::Message>& messages);

}  // namespace prepay::alarm
