#pragma once

#include "adapters/pg_episode_writer.h"
#include "kafka/kafka.h"

namespace prepay::alarm {

constexpr const char* kBalanceChangesTopic = "prepay.account.balance-changes.v1";

/// The subscriber's handler: messages of one partition become one set of changes. Reason
/// BAD_MESSAGE.
Status take_balance_changes(const EpisodeWriter& writer, pqxx::work& tx,
                            const std::vector<kafka::Message>& messages);

}  // namespace prepay::alarm
