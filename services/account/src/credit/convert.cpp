#include "credit/convert.h"

#include "rpc/request_rules.h"

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

v1::SwitchIntent to_proto(const IntentView& view) {
    const SwitchIntent& intent = view.intent;
    v1::SwitchIntent message;
    message.set_intent_id(intent.intent_id);
    message.set_account_id(view.account_id);
    message.set_meter_id(view.meter_id);
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

v1::SwitchIntentChanged to_event(const IntentView& view) {
    v1::SwitchIntentChanged event;
    *event.mutable_intent() = to_proto(view);
    event.set_revision(view.intent.revision);
    return event;
}

IntentFilter from_proto(const v1::ListSwitchIntentsRequest& request) {
    return {request.account_id(), request.meter_id(), request.page_token(),
            rpc::page_size_of(request.page_size())};
}

v1::CheckCutResponse to_proto(const CutCheck& check) {
    v1::CheckCutResponse response;
    response.set_allowed(check.is_allowed());
    response.set_room_id(check.room_id);
    response.set_account_id(check.account_id);
    if (!check.is_allowed()) {
        response.set_reason("KEEP_POWER");
        response.set_reason_text(check.keep_reason);
        response.set_user(check.keep_user);
        if (check.keep_time) {
            *response.mutable_set_time() = to_proto(*check.keep_time);
        }
    }
    return response;
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
