#pragma once

#include <string>

#include "books/convert.h"
#include "credit/domain/credit_control.h"

namespace prepay::account {

v1::SwitchAction to_proto(SwitchAction action);
v1::SwitchIntentState to_proto(IntentState state);
v1::SwitchIntent to_proto(const IntentView& view);
/// Without a header.
v1::SwitchIntentChanged to_event(const IntentView& view);
IntentFilter from_proto(const v1::ListSwitchIntentsRequest& request);
v1::CheckCutResponse to_proto(const CutCheck& check);

/// The words these have in SQL. The reverse asserts: the database checks them.
const char* to_text(SwitchAction action);
const char* to_text(IntentState state);
const char* to_text(RelayBelief relay);
SwitchAction switch_action_from(const std::string& text);
IntentState intent_state_from(const std::string& text);
RelayBelief relay_belief_from(const std::string& text);

}  // namespace prepay::account
