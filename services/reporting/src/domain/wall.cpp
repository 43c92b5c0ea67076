#include "domain/wall.h"

#include <algorithm>
#include <cctype>

namespace prepay::reporting {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes a run of digits without leading zeros off the front.
std::string_view take_number(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && is_digit(text[length])) {
        ++length;
    }
    std::string_view number = text.substr(0, length);
    text.remove_prefix(length);
    number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
    return number;
}

WallState fee_wall_state(FeeState fee_state) {
    switch (fee_state) {
        case FeeState::kNormal:
            return WallState::kNormal;
        case FeeState::kLow1:
            return WallState::kLow1;
        case FeeState::kLow2:
            return WallState::kLow2;
        case FeeState::kLow3:
            return WallState::kLow3;
        case FeeState::kArrears:
            return WallState::kArrears;
        case FeeState::kCut:
            return WallState::kCut;
    }
    return WallState::kNormal;
}

Relay combine(Relay a, Relay b) {
    if (a == Relay::kOpen || b == Relay::kOpen) {
        return Relay::kOpen;
    }
    return a == Relay::kUnknown ? b : a;
}

}  // namespace

WallState wall_state(const StateInput& input) {
    WallState state = fee_wall_state(input.fee_state);
    if (input.contradicted) {
        state = std::max(state, WallState::kContradicted);
    }
    if (input.tripped) {
        state = std::max(state, WallState::kTripped);
    }
    if (input.lost) {
        state = std::max(state, WallState::kLost);
    }
    if (input.vacant) {
        state = std::max(state, WallState::kVacant);
    }
    return state;
}

bool is_contradicted(const MeterFacts& meter) {
    return meter.contradicted_time &&
           (!meter.verified_time || *meter.contradicted_time > *meter.verified_time);
}

bool is_tripped(const MeterFacts& meter) {
    return meter.relay == Relay::kOpen &&
           (meter.foreign_open ||
            std::any_of(meter.holds.begin(), meter.holds.end(),
                        [](const HoldFacts& hold) { return hold.holder != Holder::kMoney; }));
}

const OccupancyFacts* occupancy_at(const std::vector<OccupancyFacts>& occupancies, Instant now) {
    const OccupancyFacts* current = nullptr;
    for (const OccupancyFacts& occupancy : occupancies) {
        const bool in_force = occupancy.is_effective && occupancy.start_time <= now &&
                              (!occupancy.end_time || now < *occupancy.end_time);
        if (in_force &&
            (current == nullptr || std::tie(current->start_time, current->occupancy_id) <
                                       std::tie(occupancy.start_time, occupancy.occupancy_id))) {
            current = &occupancy;
        }
    }
    return current;
}

WallRow compose_row(const RoomFacts& room, const std::vector<const MeterFacts*>& meters,
                    const std::string& account_id, const AccountFacts* occupant,
                    const DayFacts* today) {
    WallRow row;
    row.room_id = room.room_id;
    row.site_id = room.site_id;
    row.building = room.building;
    row.floor = room.floor;
    row.display_name = room.display_name;
    row.meter_ids = room.meter_ids;
    row.account_id = account_id;
    if (occupant != nullptr) {
        row.fee_state = occupant->fee_state;
        row.keep_power = occupant->keep_power;
        row.customer_name = occupant->customer_name;
        row.balance = occupant->balance;
    }
    bool contradicted = false;
    bool tripped = false;
    // A meter that was never heard of does not answer either.
    row.online = !room.meter_ids.empty() && meters.size() == room.meter_ids.size();
    for (const MeterFacts* meter : meters) {
        row.online = row.online && meter->online;
        row.relay = combine(row.relay, meter->relay);
        row.power_w += meter->online ? meter->power_w : 0;
        row.read_time = std::max(row.read_time, meter->read_time);
        contradicted = contradicted || is_contradicted(*meter);
        tripped = tripped || is_tripped(*meter);
        row.holds.insert(row.holds.end(), meter->holds.begin(), meter->holds.end());
        row.foreign_open = row.foreign_open || meter->foreign_open;
        if (meter->resource == Resource::kWater) {
            row.water_today = Quantity::ml(0);
        }
    }
    if (today != nullptr) {
        row.energy_today = today->energy;
        // Also what a water meter used that was taken out meanwhile.
        if (today->water != Quantity::ml(0)) {
            row.water_today = today->water;
        }
        row.amount_today = today->amount;
    }
    const bool lost = !room.meter_ids.empty() && !row.online;
    row.state = wall_state({contradicted, row.fee_state, tripped, lost, account_id.empty()});
    return row;
}

int natural_compare(std::string_view a, std::string_view b) {
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const std::string_view left = take_number(a);
            const std::string_view right = take_number(b);
            if (left.size() != right.size()) {
                return left.size() < right.size() ? -1 : 1;
            }
            if (const int order = left.compare(right); order != 0) {
                return order < 0 ? -1 : 1;
            }
            continue;
        }
        if (a.front() != b.front()) {
            return static_cast<unsigned char>(a.front()) < static_cast<unsigned char>(b.front())
                       ? -1
                       : 1;
        }
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
    return static_cast<int>(b.empty()) - static_cast<int>(a.empty());
}

bool wall_order(const WallRow& a, const WallRow& b) {
    for (const auto field : {&WallRow::building, &WallRow::floor, &WallRow::display_name}) {
        if (const int order = natural_compare(a.*field, b.*field); order != 0) {
            return order < 0;
        }
    }
    return a.room_id < b.room_id;
}

}  // namespace prepay::reporting
