#include "commands/domain/command.h"

#include <array>
#include <utility>

namespace prepay::metering {
namespace {

constexpr std::array<std::pair<CommandState, const char*>, 9> kStates = {{
    {CommandState::kQueued, "queued"},
    {CommandState::kSending, "sending"},
    {CommandState::kVerified, "verified"},
    {CommandState::kNotVerified, "not_verified"},
    {CommandState::kContradicted, "contradicted"},
    {CommandState::kExpired, "expired"},
    {CommandState::kCancelled, "cancelled"},
    {CommandState::kRefused, "refused"},
    {CommandState::kStillHeld, "still_held"},
}};

}  // namespace

CommandStep decide_step(const CommandFacts& facts) {
    if (facts.read_back == ReadBack::kAsOrdered) {
        return CommandStep::kVerified;
    }
    if (facts.write == WriteOutcome::kRefused) {
        return CommandStep::kRefused;
    }
    if (facts.read_back == ReadBack::kUnreadable) {
        return facts.verify_expired || facts.superseded ? CommandStep::kNotVerified
                                                        : CommandStep::kReadAgain;
    }
    if (!facts.settled) {
        return CommandStep::kReadAgain;
    }
    if (facts.write == WriteOutcome::kAcknowledged) {
        return CommandStep::kContradicted;
    }
    if (facts.superseded || !facts.attempts_left) {
        return CommandStep::kNotVerified;
    }
    return CommandStep::kSendAgain;
}

const char* state_text(CommandState state) {
    return kStates[static_cast<std::size_t>(state)].second;
}

std::optional<CommandState> state_from_text(const std::string& text) {
    for (const auto& [state, name] : kStates) {
        if (text == name) {
            return state;
        }
    }
    return std::nullopt;
}

}  // namespace prepay::metering
