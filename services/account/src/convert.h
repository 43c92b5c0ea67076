#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <optional>
#include <string>

#include "core/status.h"
#include "core/time.h"
#include "domain/credit_control.h"
#include "domain/ledger.h"
#include "domain/payment.h"
#include "domain/suspense.h"
#include "domain/terms.h"
#include "prepay/account/v1/account.pb.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/common/v1/common.pb.h"

namespace prepay::account {

google::protobuf::Timestamp to_proto(Instant instant);
Instant from_proto(const google::protobuf::Timestamp& timestamp);

v1::LedgerAccountKind to_proto(LedgerKind kind);
v1::AccountState to_proto(AccountState state);
v1::FeeState to_proto(FeeState state);
v1::SwitchAction to_proto(SwitchAction action);
v1::SwitchIntentState to_proto(IntentState state);
v1::OrderKind to_proto(OrderKind kind);
v1::OrderState to_proto(OrderState state);
v1::SuspenseOutcome to_proto(SuspenseOutcome outcome);
v1::AlarmLevels to_proto(const AlarmLevels& levels);
v1::Order to_proto(const Order& order);
/// Without meter_id and account_id, which the caller knows.
v1::SwitchIntent to_proto(const SwitchIntent& intent);

/// Reason BAD_ALARM_LEVELS.
Result<AlarmLevels> from_proto(const v1::AlarmLevels& message);
/// Reason BAD_OUTCOME.
Result<SuspenseOutcome> from_proto(v1::SuspenseOutcome outcome);

/// The words these have in SQL and in events. The reverse asserts: the database checks them.
const char* to_text(LedgerKind kind);
const char* to_text(SourceKind kind);
const char* to_text(EntryKind kind);
const char* to_text(SwitchAction action);
const char* to_text(IntentState state);
const char* to_text(RelayBelief relay);
const char* to_text(OrderKind kind);
const char* to_text(OrderState state);
const char* to_text(SuspenseOutcome outcome);
LedgerKind ledger_kind_from(const std::string& text);
SwitchAction switch_action_from(const std::string& text);
IntentState intent_state_from(const std::string& text);
RelayBelief relay_belief_from(const std::string& text);
OrderKind order_kind_from(const std::string& text);
OrderState order_state_from(const std::string& text);
SuspenseOutcome suspense_outcome_from(const std::string& text);

/// Head of an event made now in the current trace.
common::v1::EventHeader make_header(const Clock& clock, Instant occur_time);

}  // namespace prepay::account
