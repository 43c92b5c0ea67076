#include "commands/adapters/intent_subscriber.h"

#include "outbox/outbox.h"
#include "prepay/account/v1/events.pb.h"
#include "telemetry/log.h"

namespace prepay::metering {

IntentSubscriber::IntentSubscriber(PgCommandStore& commands, const MeterDirectory& directory,
                                   OrderLines& lines, CommandSignal& signal, const Clock& clock)
    : commands_(commands), directory_(directory), lines_(lines), signal_(signal), clock_(clock) {}

Status IntentSubscriber::apply(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    for (const kafka::Message& message : messages) {
        PREPAY_RETURN_IF_ERROR(apply_one(tx, message));
    }
    return absl::OkStatus();
}

Status IntentSubscriber::apply_one(pqxx::work& tx, const kafka::Message& message) {
    const telemetry::TraceScope trace(message.trace_id);
    account::v1::SwitchIntentChanged event;
    if (!event.ParseFromString(message.payload) || event.intent().intent_id().empty()) {
        return outbox::bad_message("not a SwitchIntentChanged");
    }
    const account::v1::SwitchIntent& intent = event.intent();
    if (intent.state() == account::v1::SWITCH_INTENT_STATE_CANCELLED) {
        if (const auto line_id = commands_.cancel_intent(tx, intent.intent_id())) {
            pg::after_commit(tx, [this, line_id = *line_id, id = intent.intent_id()] {
                lines_.withdraw(line_id, id);
                signal_.notify(id);
            });
        }
        return absl::OkStatus();
    }
    if (intent.state() != account::v1::SWITCH_INTENT_STATE_READY) {
        return absl::OkStatus();
    }
    if (intent.action() != account::v1::SWITCH_ACTION_TRIP &&
        intent.action() != account::v1::SWITCH_ACTION_RESTORE) {
        return outbox::bad_message("unknown switch action");
    }
    const auto meter = directory_.find_meter(intent.meter_id());
    if (!meter) {
        return outbox::bad_message("switch intent for the unknown meter " + intent.meter_id());
    }
    Command command;
    command.command_id = intent.intent_id();
    command.intent_id = intent.intent_id();
    command.meter_id = intent.meter_id();
    command.line_id = meter->line_id;
    command.action = intent.action() == account::v1::SWITCH_ACTION_TRIP ? CommandAction::kTrip
                                                                        : CommandAction::kClose;
    command.reason_text = intent.reason_text();
    command.initiator = "prepay-account";
    command.holder = Holder::kMoney;
    command.trace_id = telemetry::current_trace_id();
    command.create_time = clock_.now();
    const DriverPack* pack = directory_.pack_of(*meter);
    if (pack == nullptr || pack->commands.count(command.action) == 0) {
        command.state = CommandState::kRefused;
        command.failure_reason = "ACTION_NOT_SUPPORTED";
        command.finish_time = command.create_time;
    }
    if (commands_.insert_intent(tx, command) && command.state == CommandState::kQueued) {
        pg::after_commit(tx, [this, command] { lines_.submit(command, false); });
    }
    return absl::OkStatus();
}

}  // namespace prepay::metering
