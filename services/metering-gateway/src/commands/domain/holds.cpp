#include "commands/domain/holds.h"

#include <algorithm>
#include <array>
#include <utility>

namespace prepay::metering {
namespace {

constexpr std::array<std::pair<Holder, const char*>, 5> kHolders = {{
    {Holder::kMoney, "money"},
    {Holder::kOperator, "operator"},
    {Holder::kLoadGuard, "load_guard"},
    {Holder::kTimePlan, "time_plan"},
    {Holder::kMeter, "meter"},
}};

bool is_foreign(const MeterHolds& holds, RelayState relay, bool late_effect) {
    return holds.foreign_open ||
           (relay == RelayState::kOpen && holds.standing.empty() && !late_effect);
}

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

}  // namespace

const Hold* MeterHolds::find(Holder holder) const {
    const auto found = std::find_if(standing.begin(), standing.end(),
                                    [&](const Hold& hold) { return hold.holder == holder; });
    return found == standing.end() ? nullptr : &*found;
}

void MeterHolds::place(Hold hold) {
    release(hold.holder);
    standing.push_back(std::move(hold));
    std::sort(standing.begin(), standing.end(),
              [](const Hold& left, const Hold& right) { return left.holder < right.holder; });
}

void MeterHolds::release(Holder holder) {
    std::erase_if(standing, [&](const Hold& hold) { return hold.holder == holder; });
}

const char* holder_text(Holder holder) { return kHolders[static_cast<std::size_t>(holder)].second; }

std::optional<Holder> holder_from_text(const std::string& text) {
    for (const auto& [holder, name] : kHolders) {
        if (text == name) {
            return holder;
        }
    }
    return std::nullopt;
}

std::optional<LateOrder> after_reading(std::optional<LateOrder> late, Instant now) {
    if (late && !late->until) {
        late->until = now + late->horizon;
    }
    return late && now < *late->until ? late : std::nullopt;
}

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

namespace {

bool ends_later(const Hold& left, const Hold& right) {
    return right.expire_time && (!left.expire_time || *left.expire_time > *right.expire_time);
}

}  // namespace

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

std::optional<Hold> due_release(const MeterHolds& holds, Instant now) {
    for (const Hold& hold : holds.standing) {
        const bool ends_by_time = hold.holder == Holder::kOperator ||
                                  hold.holder == Holder::kLoadGuard ||
                                  hold.holder == Holder::kTimePlan;
        if (ends_by_time && hold.expire_time && *hold.expire_time <= now) {
            return hold;
        }
    }
    return std::nullopt;
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

MeterHolds observe_relay(MeterHolds holds, RelayState relay, const std::optional<LateOrder>& late) {
    if (relay == RelayState::kClosed) {
        holds.foreign_open = false;
        holds.release(Holder::kMeter);
        const Hold* held =
            late && late->action != CommandAction::kTrip ? holds.find(late->holder) : nullptr;
        if (held != nullptr && held->place_time < late->create_time) {
            holds.release(late->holder);
        }
    }
    holds.foreign_open = is_foreign(holds, relay, late.has_value());
    return holds;
}

std::optional<Repair> repair_of(const MeterHolds& holds, RelayState relay,
                                const std::optional<LateOrder>& late) {
    if (!late) {
        return std::nullopt;
    }
    if (relay == RelayState::kOpen && holds.standing.empty() && !holds.foreign_open) {
        return Repair{CommandAction::kClose, late->holder, false};
    }
    if (relay == RelayState::kClosed && !holds.standing.empty() &&
        holds.find(Holder::kMoney) == nullptr) {
        const Hold& hold = holds.standing.front();
        return Repair{CommandAction::kTrip, hold.holder, hold.keep_power_overridden};
    }
    return std::nullopt;
}

}  // namespace prepay::metering
