#pragma once

#include <optional>
#include <string>

namespace prepay::metering {

/// State of a meter's contact. kClosed = power is on, kOpen = tripped.
enum class RelayState { kUnknown, kClosed, kOpen };

/// What an order does to the relay.
enum class CommandAction { kTrip, kClose, kRelease };

/// The contact state an action leads to.
RelayState expected_relay(CommandAction action);

const char* action_text(CommandAction action);
std::optional<CommandAction> action_from_text(const std::string& text);

}  // namespace prepay::metering
