#pragma once

#include "commands/domain/command.h"
#include "core/status.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/metering/v1/metering.pb.h"

namespace prepay::metering {

/// Reason BAD_ACTION.
Result<CommandAction> from_proto_action(v1::CommandAction action);
v1::Command to_proto_command(const Command& command);
/// What is told of an order: all but its frames.
v1::CommandChanged to_event(const Command& command);

}  // namespace prepay::metering
