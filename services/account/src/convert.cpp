#include "convert.h"

#include <array>
#include <utility>

#include "core/assert.h"
#include "core/ids.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

template <typename Enum, std::size_t kCount>
Enum look_up(const std::array<Enum, kCount>& values, const std::string& text) {
    for (const Enum value : values) {
        if (text == to_text(value)) {
            return value;
        }
    }
    PREPAY_ASSERT(false && "a word the database does not allow");
    return values[0];
}

}  // namespace

google::protobuf::Timestamp to_proto(Instant instant) {
    const std::int64_t micros = to_micros(instant);
    std::int64_t seconds = micros / 1'000'000;
    std::int64_t rest = micros % 1'000'000;
    if (rest < 0) {
        rest += 1'000'000;
        --seconds;
    }
    google::protobuf::Timestamp timestamp;
    timestamp.set_seconds(seconds);
    timestamp.set_nanos(static_cast<std::int32_t>(rest * 1000));
    return timestamp;
}

Instant from_proto(const google::protobuf::Timestamp& timestamp) {
    return from_micros(timestamp.seconds() * 1'000'000 + timestamp.nanos() / 1000);
}

v1::LedgerAccountKind to_proto(LedgerKind kind) {
    switch (kind) {
        case LedgerKind::kPurse:
            return v1::LEDGER_ACCOUNT_KIND_PURSE;
        case LedgerKind::kCash:
            return v1::LEDGER_ACCOUNT_KIND_CASH;
        case LedgerKind::kWechat:
            return v1::LEDGER_ACCOUNT_KIND_WECHAT;
        case LedgerKind::kRevenue:
            return v1::LEDGER_ACCOUNT_KIND_REVENUE;
        case LedgerKind::kVacancy:
            return v1::LEDGER_ACCOUNT_KIND_VACANCY;
        case LedgerKind::kSuspense:
            return v1::LEDGER_ACCOUNT_KIND_SUSPENSE;
    }
    return v1::LEDGER_ACCOUNT_KIND_UNSPECIFIED;
}

v1::AccountState to_proto(AccountState state) {
    return state == AccountState::kOpen ? v1::ACCOUNT_STATE_OPEN : v1::ACCOUNT_STATE_CLOSED;
}

v1::FeeState to_proto(FeeState state) {
    switch (state) {
        case FeeState::kNormal:
            return v1::FEE_STATE_NORMAL;
        case FeeState::kLow1:
            return v1::FEE_STATE_LOW_1;
        case FeeState::kLow2:
            return v1::FEE_STATE_LOW_2;
        case FeeState::kLow3:
            return v1::FEE_STATE_LOW_3;
        case FeeState::kArrears:
            return v1::FEE_STATE_ARREARS;
        case FeeState::kCut:
            return v1::FEE_STATE_CUT;
    }
    return v1::FEE_STATE_UNSPECIFIED;
}

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

v1::OrderKind to_proto(OrderKind kind) {
    switch (kind) {
        case OrderKind::kCashTopUp:
            return v1::ORDER_KIND_CASH_TOP_UP;
        case OrderKind::kWechatTopUp:
            return v1::ORDER_KIND_WECHAT_TOP_UP;
        case OrderKind::kCashRefund:
            return v1::ORDER_KIND_CASH_REFUND;
    }
    return v1::ORDER_KIND_UNSPECIFIED;
}

v1::OrderState to_proto(OrderState state) {
    switch (state) {
        case OrderState::kPending:
            return v1::ORDER_STATE_PENDING;
        case OrderState::kCredited:
            return v1::ORDER_STATE_CREDITED;
        case OrderState::kClosed:
            return v1::ORDER_STATE_CLOSED;
        case OrderState::kDisputed:
            return v1::ORDER_STATE_DISPUTED;
    }
    return v1::ORDER_STATE_UNSPECIFIED;
}

v1::SuspenseOutcome to_proto(SuspenseOutcome outcome) {
    return outcome == SuspenseOutcome::kCreditAccount ? v1::SUSPENSE_OUTCOME_CREDIT_ACCOUNT
                                                      : v1::SUSPENSE_OUTCOME_PAID_BACK;
}

v1::AlarmLevels to_proto(const AlarmLevels& levels) {
    v1::AlarmLevels message;
    message.set_level_1_micros(levels.level_1.micros());
    message.set_level_2_micros(levels.level_2.micros());
    message.set_level_3_micros(levels.level_3.micros());
    message.set_cut_floor_micros(levels.cut_floor.micros());
    return message;
}

v1::Order to_proto(const Order& order) {
    v1::Order message;
    message.set_order_id(order.order_id);
    message.set_account_id(order.account_id);
    message.set_kind(to_proto(order.kind));
    message.set_state(to_proto(order.state));
    message.set_amount_micros(order.amount.micros());
    message.set_provider_transaction_id(order.provider_transaction_id);
    *message.mutable_create_time() = to_proto(order.create_time);
    if (order.finish_time) {
        *message.mutable_finish_time() = to_proto(*order.finish_time);
    }
    message.set_create_user(order.create_user);
    message.set_note(order.note);
    if (order.balance_after) {
        message.set_balance_after_micros(order.balance_after->micros());
    }
    message.set_failure_reason(order.failure_reason);
    message.set_override_unbilled(order.override_unbilled);
    return message;
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

Result<AlarmLevels> from_proto(const v1::AlarmLevels& message) {
    AlarmLevels levels;
    levels.level_1 = Money::from_micros(message.level_1_micros());
    levels.level_2 = Money::from_micros(message.level_2_micros());
    levels.level_3 = Money::from_micros(message.level_3_micros());
    levels.cut_floor = Money::from_micros(message.cut_floor_micros());
    if (const std::string problem = problem_of(levels); !problem.empty()) {
        return invalid_argument("BAD_ALARM_LEVELS", problem);
    }
    return levels;
}

Result<SuspenseOutcome> from_proto(v1::SuspenseOutcome outcome) {
    switch (outcome) {
        case v1::SUSPENSE_OUTCOME_CREDIT_ACCOUNT:
            return SuspenseOutcome::kCreditAccount;
        case v1::SUSPENSE_OUTCOME_PAID_BACK:
            return SuspenseOutcome::kPaidBack;
        default:
            return invalid_argument("BAD_OUTCOME", "the outcome is CREDIT_ACCOUNT or PAID_BACK");
    }
}

const char* to_text(LedgerKind kind) {
    switch (kind) {
        case LedgerKind::kPurse:
            return "purse";
        case LedgerKind::kCash:
            return "cash";
        case LedgerKind::kWechat:
            return "wechat";
        case LedgerKind::kRevenue:
            return "revenue";
        case LedgerKind::kVacancy:
            return "vacancy";
        case LedgerKind::kSuspense:
            return "suspense";
    }
    return "";
}

const char* to_text(SourceKind kind) {
    switch (kind) {
        case SourceKind::kCharge:
            return "charge";
        case SourceKind::kOrder:
            return "order";
        case SourceKind::kTransaction:
            return "transaction";
        case SourceKind::kSettlement:
            return "settlement";
    }
    return "";
}

const char* to_text(EntryKind kind) {
    switch (kind) {
        case EntryKind::kTopUp:
            return "top-up";
        case EntryKind::kRefund:
            return "refund";
        case EntryKind::kCharge:
            return "charge";
        case EntryKind::kReversal:
            return "reversal";
        case EntryKind::kSuspense:
            return "suspense";
    }
    return "";
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

const char* to_text(OrderKind kind) {
    switch (kind) {
        case OrderKind::kCashTopUp:
            return "cash-top-up";
        case OrderKind::kWechatTopUp:
            return "wechat-top-up";
        case OrderKind::kCashRefund:
            return "cash-refund";
    }
    return "";
}

const char* to_text(OrderState state) {
    switch (state) {
        case OrderState::kPending:
            return "pending";
        case OrderState::kCredited:
            return "credited";
        case OrderState::kClosed:
            return "closed";
        case OrderState::kDisputed:
            return "disputed";
    }
    return "";
}

const char* to_text(SuspenseOutcome outcome) {
    return outcome == SuspenseOutcome::kCreditAccount ? "credit-account" : "paid-back";
}

LedgerKind ledger_kind_from(const std::string& text) {
    using enum LedgerKind;
    return look_up(std::array{kPurse, kCash, kWechat, kRevenue, kVacancy, kSuspense}, text);
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

OrderKind order_kind_from(const std::string& text) {
    using enum OrderKind;
    return look_up(std::array{kCashTopUp, kWechatTopUp, kCashRefund}, text);
}

OrderState order_state_from(const std::string& text) {
    using enum OrderState;
    return look_up(std::array{kPending, kCredited, kClosed, kDisputed}, text);
}

SuspenseOutcome suspense_outcome_from(const std::string& text) {
    using enum SuspenseOutcome;
    return look_up(std::array{kCreditAccount, kPaidBack}, text);
}

common::v1::EventHeader make_header(const Clock& clock, Instant occur_time) {
    common::v1::EventHeader header;
    header.set_event_id(new_id(clock));
    *header.mutable_occur_time() = to_proto(occur_time);
    header.set_producer("prepay-account");
    header.set_trace_id(telemetry::current_trace_id());
    return header;
}

}  // namespace prepay::account
