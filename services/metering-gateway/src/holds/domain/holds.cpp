#include "holds/domain/holds.h"

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

}  // namespace

bool is_foreign(const MeterHolds& holds, RelayState relay, bool late_effect) {
    return holds.foreign_open ||
           (relay == RelayState::kOpen && holds.standing.empty() && !late_effect);
}

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
