#pragma once

#include <chrono>
#include <optional>

#include "commands/domain/hold.h"
#include "domain/command.h"
#include "domain/model.h"

namespace prepay::metering {

/// An order of ours whose effect may still come: it was sent, or sent more than once, and its
/// effect was not proven to be the only one. A serial server may hold a frame for minutes.
struct LateOrder {
    CommandAction action = CommandAction::kTrip;
    Holder holder = Holder::kOperator;
    Instant create_time{};  ///< Holds placed later are none of its business.
    Instant end_time{};     ///< When the order ended.
    /// Until when an effect counts as its; absent while the meter was not read since the order's
    /// end, for what waits in a line that is down comes when the line is back.
    std::optional<Instant> until;
    Duration horizon{0};  ///< How long an effect may come late.
};

/// The late order as it is after the meter was read at `now`; nothing once its time is over.
std::optional<LateOrder> after_reading(std::optional<LateOrder> late, Instant now);

/// Whether a command that ended leaves an effect that may still come.
bool may_act_late(const Command& command);

/// A look at the meter as an order finds it.
struct OrderView {
    RelayState relay = RelayState::kUnknown;  ///< The contact.
    bool in_force = false;                    ///< Read back exactly as the order would leave it.
    bool late_effect = false;                 ///< An earlier order of ours may still take effect.
};

enum class OrderStep {
    kSend,       ///< The order goes out.
    kAsWanted,   ///< The relay is as wanted already: verified, nothing is sent.
    kStillHeld,  ///< Released, but others keep the relay open: nothing is sent.
};

struct OrderPlan {
    OrderStep step = OrderStep::kSend;
    MeterHolds after;  ///< Once the order is carried out.
};

/// The rule. TRIP places its holder's hold, CLOSE and RELEASE release it; the relay is to be open
/// exactly while a hold stands. Nobody closes what another holds, and money never closes a relay
/// that somebody opened past us; an operator may, since a person decided: an order that the gateway
/// makes by itself may not. Of two trips of one holder the one that ends later stands. While an
/// earlier order may still take effect a relay as wanted is no proof, so the order goes out.
OrderPlan plan_order(const MeterHolds& holds, const Command& order, const OrderView& view);

/// A hold whose time is over at `now`, to be released by an order of the gateway's own. Only of
/// operator, load guard and time plan: money's is account's, the meter's is the meter's.
std::optional<Hold> due_release(const MeterHolds& holds, Instant now);

/// What a RELEASE leaves: the meter's own logic holds the relay when it stays open.
MeterHolds after_release(MeterHolds holds, const Command& order, RelayState relay, Instant now);

/// What a look at the contact tells while no order is under way. Closed ends a foreign opening and
/// the meter's own hold, and proves a release that came late; open without a hold is foreign,
/// unless an order of ours may have come late.
MeterHolds observe_relay(MeterHolds holds, RelayState relay, const std::optional<LateOrder>& late);

/// The order that undoes a late effect: CLOSE of a relay that a late trip opened while no hold
/// stands, TRIP of one that a late close closed against a hold. Account sees to money's own hold.
struct Repair {
    CommandAction action = CommandAction::kClose;
    Holder holder = Holder::kOperator;
    bool override_keep_power = false;
};
std::optional<Repair> repair_of(const MeterHolds& holds, RelayState relay,
                                const std::optional<LateOrder>& late);

}  // namespace prepay::metering
