#include "adapters/kafka_command_results.h"

#include "adapters/pg_item_updates.h"
#include "convert.h"
#include "core/crash_point.h"
#include "prepay/metering/v1/events.pb.h"

namespace prepay::scheduler {

outbox::Handlers handlers(const SchedulerConfig& config, const Clock& clock,
                          const SchedulerMetrics& metrics) {
    return {
        {kCommandResultsTopic, [&](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
             return take_command_results(tx, messages, config, clock, metrics);
         }}};
}

Status take_command_results(pqxx::work& tx, const std::vector<kafka::Message>& messages,
                            const SchedulerConfig& config, const Clock& clock,
                            const SchedulerMetrics& metrics) {
    std::vector<ItemUpdate> updates;
    for (const kafka::Message& message : messages) {
        metering::v1::CommandChanged event;
        if (!event.ParseFromString(message.payload) || event.command().command_id().empty() ||
            event.command().command_id().find('\0') != std::string::npos ||
            event.command().failure_reason().find('\0') != std::string::npos) {
            return invalid_argument("BAD_MESSAGE", "not a CommandChanged with a command_id");
        }
        const CommandReport report = report_from_proto(event.command());
        updates.push_back(
            {event.command().command_id(), report.event, report.reason, std::nullopt, false, {}});
    }
    apply_updates(tx, updates, clock.now(), config.result_timeout, metrics);
    PREPAY_CRASH_POINT("scheduler.result");
    return absl::OkStatus();
}

}  // namespace prepay::scheduler
