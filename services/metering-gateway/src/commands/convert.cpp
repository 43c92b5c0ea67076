#include "commands/convert.h"

#include "core/proto_time.h"
#include "devices/convert.h"
#include "holds/convert.h"

namespace prepay::metering {

Result<CommandAction> from_proto_action(v1::CommandAction action) {
    switch (action) {
        case v1::COMMAND_ACTION_TRIP:
            return CommandAction::kTrip;
        case v1::COMMAND_ACTION_CLOSE:
            return CommandAction::kClose;
        case v1::COMMAND_ACTION_RELEASE:
            return CommandAction::kRelease;
        default:
            return invalid_argument("BAD_ACTION", "action is TRIP, CLOSE or RELEASE");
    }
}

namespace {

v1::CommandState to_proto_state(CommandState state) {
    switch (state) {
        case CommandState::kQueued:
            return v1::COMMAND_STATE_QUEUED;
        case CommandState::kSending:
            return v1::COMMAND_STATE_SENDING;
        case CommandState::kVerified:
            return v1::COMMAND_STATE_VERIFIED;
        case CommandState::kNotVerified:
            return v1::COMMAND_STATE_NOT_VERIFIED;
        case CommandState::kContradicted:
            return v1::COMMAND_STATE_CONTRADICTED;
        case CommandState::kExpired:
            return v1::COMMAND_STATE_EXPIRED;
        case CommandState::kCancelled:
            return v1::COMMAND_STATE_CANCELLED;
        case CommandState::kRefused:
            return v1::COMMAND_STATE_REFUSED;
        case CommandState::kStillHeld:
            return v1::COMMAND_STATE_STILL_HELD;
    }
    return v1::COMMAND_STATE_UNSPECIFIED;
}

}  // namespace

v1::Command to_proto_command(const Command& command) {
    v1::Command result;
    result.set_command_id(command.command_id);
    result.set_meter_id(command.meter_id);
    result.set_action(to_proto_action(command.action));
    result.set_state(to_proto_state(command.state));
    result.set_reason_text(command.reason_text);
    result.set_initiator(command.initiator);
    result.set_intent_id(command.intent_id);
    set_time(*result.mutable_create_time(), command.create_time);
    if (command.not_after) {
        set_time(*result.mutable_not_after(), *command.not_after);
    }
    if (command.send_time) {
        set_time(*result.mutable_send_time(), *command.send_time);
    }
    if (command.finish_time) {
        set_time(*result.mutable_finish_time(), *command.finish_time);
    }
    result.set_attempt_count(command.attempt_count);
    if (command.before) {
        *result.mutable_before() = to_proto_values(*command.before);
    }
    if (command.after) {
        *result.mutable_after() = to_proto_values(*command.after);
    }
    for (const Frame& frame : command.frames) {
        *result.add_frames() = to_proto_frame(frame);
    }
    result.set_failure_reason(command.failure_reason);
    result.set_holder(to_proto_holder(command.holder));
    result.set_override_keep_power(command.override_keep_power);
    if (command.hold_expire_time) {
        set_time(*result.mutable_hold_expire_time(), *command.hold_expire_time);
    }
    for (const Hold& hold : command.remaining_holds) {
        *result.add_remaining_holds() = to_proto_hold(hold);
    }
    return result;
}

v1::CommandChanged to_event(const Command& command) {
    v1::CommandChanged event;
    event.set_line_id(command.line_id);
    *event.mutable_command() = to_proto_command(command);
    event.mutable_command()->clear_frames();
    event.set_revision(command.revision);
    return event;
}

}  // namespace prepay::metering
