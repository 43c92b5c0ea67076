#include "credit/convert.h"

namespace prepay::account {

v1::SwitchAction to_proto(SwitchAction action) {
    return action == SwitchAction::kTrip ? v1::SWITCH_ACTION_TRIP : v1::SWITCH_ACTION_RESTORE;
}

v1::SwitchIntentState to_proto(IntentState state) {
    switch (state) {
        case IntentState::kReady:
            return v1::SWITCH_INTENT_STATE_READY;
        case IntentState::kSending:
            return v1::SWITCH_INTENT_STATE_SENDING;
        case IntentState::kDone:
            return v1::SWITCH_INTENT_STATE_DONE;
        case IntentState::kCancelled:
            return v1::SWITCH_INTENT_STATE_CANCELLED;
        case IntentState::kFailed:
            return v1::SWITCH_INTENT_STATE_FAILED;
    }
    return v1::SWITCH_INTENT_STATE_UNSPECIFIED;
}

v1::SwitchIntent to_proto(const SwitchIntent& intent) {
    v1::SwitchIntent message;
    message.set_intent_id(intent.intent_id);
    message.set_action(to_proto(intent.action));
    message.set_state(to_proto(intent.state));
    message.set_balance_micros(intent.balance.micros());
    *message.mutable_create_time() = to_proto(intent.create_time);
    if (intent.finish_time) {
        *message.mutable_finish_time() = to_proto(*intent.finish_time);
    }
    message.set_reason_text(intent.reason_text);
    return message;
}

const char* to_text(SwitchAction action) {
    return action == SwitchAction::kTrip ? "trip" : "restore";
}

const char* to_text(IntentState state) {
    switch (state) {
        case IntentState::kReady:
            return "ready";
        case IntentState::kSending:
            return "sending";
        case IntentState::kDone:
            return "done";
        case IntentState::kCancelled:
            return "cancelled";
        case IntentState::kFailed:
            return "failed";
    }
    return "";
}

const char* to_text(RelayBelief relay) {
    switch (relay) {
        case RelayBelief::kOn:
            return "on";
        case RelayBelief::kOff:
            return "off";
        case RelayBelief::kUnknown:
            return "unknown";
    }
    return "";
}

SwitchAction switch_action_from(const std::string& text) {
    return look_up(std::array{SwitchAction::kTrip, SwitchAction::kRestore}, text);
}

IntentState intent_state_from(const std::string& text) {
    using enum IntentState;
    return look_up(std::array{kReady, kSending, kDone, kCancelled, kFailed}, text);
}

RelayBelief relay_belief_from(const std::string& text) {
    using enum RelayBelief;
    return look_up(std::array{kOn, kOff, kUnknown}, text);
}

}  // namespace prepay::account
