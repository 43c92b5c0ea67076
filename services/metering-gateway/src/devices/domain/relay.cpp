#include "devices/domain/relay.h"

#include <array>
#include <utility>

namespace prepay::metering {

namespace {

constexpr std::array<std::pair<CommandAction, const char*>, 3> kActions = {{
    {CommandAction::kTrip, "trip"},
    {CommandAction::kClose, "close"},
    {CommandAction::kRelease, "release"},
}};

}  // namespace

RelayState expected_relay(CommandAction action) {
    switch (action) {
        case CommandAction::kTrip:
            return RelayState::kOpen;
        case CommandAction::kClose:
            return RelayState::kClosed;
        case CommandAction::kRelease:
            return RelayState::kUnknown;
    }
    return RelayState::kUnknown;
}

const char* action_text(CommandAction action) {
    return kActions[static_cast<std::size_t>(action)].second;
}

std::optional<CommandAction> action_from_text(const std::string& text) {
    for (const auto& [action, name] : kActions) {
        if (text == name) {
            return action;
        }
    }
    return std::nullopt;
}

}  // namespace prepay::metering
