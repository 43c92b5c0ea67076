#include "intake/convert.h"

#include <algorithm>

namespace prepay::account {

Charge from_proto(const billing::v1::Charge& message) {
    return {message.charge_id(), message.account_id(), message.reversal_of(),
            from_proto(message.end_time()), Money::from_micros(message.amount_micros())};
}

std::optional<CommandOutcome> command_outcome(const metering::v1::Command& command) {
    switch (command.state()) {
        case metering::v1::COMMAND_STATE_VERIFIED:
        case metering::v1::COMMAND_STATE_STILL_HELD:  // Money's hold is released.
            return CommandOutcome::kVerified;
        case metering::v1::COMMAND_STATE_NOT_VERIFIED:
        case metering::v1::COMMAND_STATE_CONTRADICTED:
        case metering::v1::COMMAND_STATE_REFUSED:
            return CommandOutcome::kUnknown;
        case metering::v1::COMMAND_STATE_EXPIRED:
        case metering::v1::COMMAND_STATE_CANCELLED:
            return CommandOutcome::kNotSent;
        default:
            return std::nullopt;
    }
}

bool is_cut_for_money(const metering::v1::MeterState& state) {
    return state.relay() == metering::v1::RELAY_STATE_OPEN &&
           std::any_of(state.holds().begin(), state.holds().end(), [](const auto& hold) {
               return hold.holder() == metering::v1::HOLDER_MONEY;
           });
}

}  // namespace prepay::account
