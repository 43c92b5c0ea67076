#include "charges/domain/occupancy.h"

#include <algorithm>

namespace prepay::billing {

const Occupancy* owner_at(const std::vector<Occupancy>& occupancies, Instant moment) {
    const Occupancy* owner = nullptr;
    for (const Occupancy& occupancy : occupancies) {
        if (occupancy.start > moment || (occupancy.end && *occupancy.end <= moment)) {
            continue;
        }
        if (owner == nullptr || occupancy.start > owner->start ||
            (occupancy.start == owner->start && owner->vacancy && !occupancy.vacancy)) {
            owner = &occupancy;
        }
    }
    return owner;
}

std::optional<Instant> first_difference(const std::vector<Occupancy>& before,
                                        const std::vector<Occupancy>& after) {
    std::optional<Instant> earliest;
    const auto note = [&](Instant moment) {
        earliest = earliest ? std::min(*earliest, moment) : moment;
    };
    const auto find = [](const std::vector<Occupancy>& list, const std::string& id) {
        return std::find_if(list.begin(), list.end(),
                            [&](const Occupancy& o) { return o.occupancy_id == id; });
    };
    for (const Occupancy& old : before) {
        if (find(after, old.occupancy_id) == after.end()) {
            note(old.start);
        }
    }
    for (const Occupancy& now : after) {
        const auto old = find(before, now.occupancy_id);
        if (old == before.end() || old->account_id != now.account_id) {
            note(now.start);
            continue;
        }
        if (old->start != now.start || old->opening_register != now.opening_register ||
            old->room_id != now.room_id || old->vacancy != now.vacancy) {
            note(std::min(old->start, now.start));
        }
        if (old->end != now.end || old->closing_register != now.closing_register) {
            note(std::min(old->end.value_or(Instant::max()), now.end.value_or(Instant::max())));
        }
    }
    return earliest;
}

}  // namespace prepay::billing
