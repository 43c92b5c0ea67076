#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "domain/local_hour.h"
#include "quantity/quantity.h"

namespace prepay::reporting {

enum class FeeState { kNormal, kLow1, kLow2, kLow3, kArrears, kCut };
enum class Relay { kUnknown, kClosed, kOpen };

/// What an operator sees first. Higher wins; the order is the product's
/// (docs/domain/room-states.md).
enum class WallState {
    kNormal,
    kVacant,
    kLow1,
    kLow2,
    kLow3,
    kLost,
    kArrears,
    kTripped,  ///< Held off by a person, a plan, a guard or the meter itself, not for money.
    kCut,
    kContradicted
};

enum class Holder { kUnknown, kMoney, kOperator, kLoadGuard, kTimePlan, kMeter };

/// One reason why the power of a meter is off; the gateway's word.
struct HoldFacts {
    Holder holder = Holder::kUnknown;
    Instant place_time;
    std::string initiator;
    std::string reason_text;
    std::optional<Instant> expire_time;
    std::string command_id;
    bool keep_power_overridden = false;
    bool operator==(const HoldFacts&) const = default;
};

struct RoomFacts {
    std::string room_id;
    std::string site_id;
    std::string building;
    std::string floor;
    std::string display_name;
    std::vector<std::string> meter_ids;
};

struct MeterFacts {
    std::string meter_id;
    bool online = false;
    Relay relay = Relay::kUnknown;
    Resource resource = Resource::kElectricity;
    std::int64_t power_w = 0;  ///< Of the newest live reading.
    std::optional<Instant> read_time;
    std::optional<Instant> contradicted_time;  ///< Newest command that ended contradicted.
    std::optional<Instant> verified_time;      ///< Newest command that ended verified.
    std::vector<HoldFacts> holds;
    bool foreign_open = false;  ///< Open, and somebody past the gateway opened it.
};

/// An account that pays for a room in [start_time, end_time).
struct OccupancyFacts {
    std::string occupancy_id;
    std::string room_id;
    std::string account_id;
    Instant start_time;
    std::optional<Instant> end_time;
    bool is_effective = true;  ///< false = vacancy account, or withdrawn.
};

struct AccountFacts {
    std::string account_id;
    std::string customer_name;
    Money balance;
    FeeState fee_state = FeeState::kNormal;
    bool keep_power = false;
};

/// What the ledger charged for a room on one local day.
struct DayFacts {
    std::string room_id;
    LocalDate date;
    Quantity energy;
    Quantity water = Quantity::ml(0);
    Money amount;
};

/// One room on the wall.
struct WallRow {
    std::string room_id;
    std::string site_id;
    std::string building;
    std::string floor;
    std::string display_name;
    WallState state = WallState::kNormal;
    FeeState fee_state = FeeState::kNormal;
    bool keep_power = false;
    bool online = false;            ///< Every meter of the room answers.
    Relay relay = Relay::kUnknown;  ///< Open as soon as one is open.
    std::string account_id;         ///< Empty = vacant.
    std::string customer_name;
    Money balance;
    Quantity energy_today;
    std::optional<Quantity> water_today;  ///< Nothing where no meter of the room counts water.
    Money amount_today;                   ///< Of energy and water.
    std::int64_t power_w = 0;             ///< Sum of the meters that answer.
    std::optional<Instant> read_time;
    std::vector<std::string> meter_ids;
    std::vector<HoldFacts> holds;  ///< Of all its meters.
    bool foreign_open = false;
    bool operator==(const WallRow&) const = default;
};

/// What decides the state.
struct StateInput {
    bool contradicted = false;
    FeeState fee_state = FeeState::kNormal;
    bool tripped = false;
    bool lost = false;
    bool vacant = false;
};

/// The highest state that applies.
WallState wall_state(const StateInput& input);

/// A meter is disputed from a contradicted command until a later one is verified.
bool is_contradicted(const MeterFacts& meter);

/// Whether a relay is open for another reason than money.
bool is_tripped(const MeterFacts& meter);

/// The occupancy that pays now: effective, in force, the latest start; nothing = vacant.
const OccupancyFacts* occupancy_at(const std::vector<OccupancyFacts>& occupancies, Instant now);

/// Puts a room together. `meters` are those of the room that are known; `occupant` is the account
/// that pays (null = vacant, or its account is not known yet when `account_id` is not empty);
/// `today` is null when nothing was charged today.
WallRow compose_row(const RoomFacts& room, const std::vector<const MeterFacts*>& meters,
                    const std::string& account_id, const AccountFacts* occupant,
                    const DayFacts* today);

/// Order on the wall: building, floor, name; numbers inside the names by value.
bool wall_order(const WallRow& a, const WallRow& b);

/// -1, 0, 1; runs of digits compare by value ("2" < "10").
int natural_compare(std::string_view a, std::string_view b);

}  // namespace prepay::reporting
