#pragma once

#include <chrono>
#include <optional>

#include "core/time.h"
#include "devices/domain/relay.h"
#include "holds/domain/hold.h"

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

/// A hold whose time is over at `now`, to be released by an order of the gateway's own. Only of
/// operator, load guard and time plan: money's is account's, the meter's is the meter's.
std::optional<Hold> due_release(const MeterHolds& holds, Instant now);

/// Whether a relay is open past us: known as such, or open without a hold and not by an order of
/// ours that came late.
bool is_foreign(const MeterHolds& holds, RelayState relay, bool late_effect);

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
