#include "commands/domain/order_plan.h"

#include <utility>

namespace prepay::metering {

namespace {

Hold hold_of(const Command& order) {
    Hold hold;
    hold.holder = order.holder;
    hold.place_time = order.create_time;
    hold.initiator = order.initiator;
    hold.reason_text = order.reason_text;
    hold.expire_time = order.hold_expire_time;
    hold.command_id = order.command_id;
    hold.keep_power_overridden = order.override_keep_power;
    return hold;
}

bool ends_later(const Hold& left, const Hold& right) {
    return right.expire_time && (!left.expire_time || *left.expire_time > *right.expire_time);
}

}  // namespace

bool may_act_late(const Command& command) {
    if (command.attempt_count == 0) {
        return false;
    }
    switch (command.state) {
        case CommandState::kNotVerified:
        case CommandState::kContradicted:
            return true;
        case CommandState::kVerified:
        case CommandState::kStillHeld:
        case CommandState::kRefused:
            return command.attempt_count > 1;  // Of two frames one may still be on its way.
        case CommandState::kQueued:
        case CommandState::kSending:
        case CommandState::kExpired:
        case CommandState::kCancelled:
            return false;
    }
    return false;
}

OrderPlan plan_order(const MeterHolds& holds, const Command& order, const OrderView& view) {
    OrderPlan plan;
    plan.after = holds;
    plan.after.foreign_open = is_foreign(holds, view.relay, view.late_effect);
    const bool is_own = order.initiator == kOwnInitiator;
    const bool proven = view.in_force && !view.late_effect;
    if (order.action == CommandAction::kTrip) {
        Hold hold = hold_of(order);
        if (const Hold* known = holds.find(order.holder)) {
            // The one that ends later stands, with who wants it and why: a short test must not end
            // what keeps somebody safe. Off since the first of them.
            if (is_own || !ends_later(hold, *known)) {
                hold = *known;
            }
            hold.place_time = known->place_time;
            hold.keep_power_overridden = known->keep_power_overridden || order.override_keep_power;
        }
        plan.after.place(std::move(hold));
        plan.step = proven ? OrderStep::kAsWanted : OrderStep::kSend;
        return plan;
    }
    plan.after.release(order.holder);
    if (order.holder == Holder::kOperator && !is_own) {
        plan.after.release(Holder::kMeter);
        plan.after.foreign_open = false;
    }
    if (!plan.after.standing.empty() || plan.after.foreign_open) {
        plan.step = OrderStep::kStillHeld;
    } else {
        plan.step = proven ? OrderStep::kAsWanted : OrderStep::kSend;
    }
    return plan;
}

MeterHolds after_release(MeterHolds holds, const Command& order, RelayState relay, Instant now) {
    if (relay == RelayState::kOpen && holds.standing.empty()) {
        Hold hold;
        hold.holder = Holder::kMeter;
        hold.place_time = now;
        hold.initiator = "meter";
        hold.command_id = order.command_id;
        holds.place(std::move(hold));
    }
    return holds;
}

}  // namespace prepay::metering
