#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "config.h"
#include "kafka/kafka.h"
#include "metrics.h"
#include "outbox/outbox.h"

namespace prepay::scheduler {

constexpr const char* kCommandResultsTopic = "prepay.metering.command-results.v1";

/// What is done with each topic that scheduler reads.
outbox::Handlers handlers(const SchedulerConfig& config, const Clock& clock,
                          const SchedulerMetrics& metrics);

/// Ends the items whose commands ended. Reason BAD_MESSAGE.
Status take_command_results(pqxx::work& tx, const std::vector<kafka::Message>& messages,
                            const SchedulerConfig& config, const Clock& clock,
                            const SchedulerMetrics& metrics);

}  // namespace prepay::scheduler
