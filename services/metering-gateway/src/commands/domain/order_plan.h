#pragma once

#include "commands/domain/command.h"
#include "core/time.h"
#include "holds/domain/holds.h"

namespace prepay::metering {

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

/// What a RELEASE leaves: the meter's own logic holds the relay when it stays open.
MeterHolds after_release(MeterHolds holds, const Command& order, RelayState relay, Instant now);

}  // namespace prepay::metering
