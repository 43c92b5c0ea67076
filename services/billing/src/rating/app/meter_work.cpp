#include "rating/app/meter_work.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace prepay::billing {
namespace {

auto order_of(const Reading& reading) {
    return std::tuple(reading.epoch, reading.slot_time, reading.revision);
}

void sort_readings(std::vector<Reading>& readings) {
    std::stable_sort(readings.begin(), readings.end(),
                     [](const Reading& a, const Reading& b) { return order_of(a) < order_of(b); });
    const auto same = [](const Reading& a, const Reading& b) { return order_of(a) == order_of(b); };
    readings.erase(std::unique(readings.begin(), readings.end(), same), readings.end());
}

/// Whether nobody is known to pay at a reading from before the first base: however often it is
/// taken up meanwhile, it waits for an occupancy.
bool is_unowned_history(const MeterState& meter, const Reading& reading) {
    return meter.first && reading.read_time < meter.first->read_time &&
           reading.slot_time < meter.first->slot_time && reading.revision == 0 &&
           owner_at(meter.occupancies, reading.read_time) == nullptr;
}

/// A tier counter of Wh does not go on in mL.
void leave_epoch(MeterState& state, std::optional<Resource> before, std::optional<Resource> after) {
    if (before && after && *before != *after) {
        for (auto& [account_id, counter] : state.counters) {
            counter = TierCounter();
        }
    }
}

void lay_timelines(MeterWork& work, const std::map<std::int64_t, KnownTariff>& tariffs) {
    for (const Reading& reading : work.readings) {
        const auto resource = resource_of_epoch(work, reading.epoch);
        if (work.timelines.count(resource) == 0) {
            work.timelines[resource] = tariff_timeline(work.assignments, tariffs, resource);
        }
    }
}

void drop_unchanged(MeterWork& work) {
    std::vector<Charge> undone;
    for (Charge& charge : work.undone) {
        const auto same = std::find_if(work.drafts.begin(), work.drafts.end(),
                                       [&](const ChargeDraft& d) { return is_same(charge, d); });
        if (same == work.drafts.end()) {
            undone.push_back(std::move(charge));
        } else {
            work.drafts.erase(same);
        }
    }
    work.undone = std::move(undone);
}

}  // namespace

void rewind(MeterWork& work, Instant moment, std::vector<Charge> charges) {
    MeterState& state = work.state;
    const auto refeed = [&](const Reading& reading) {
        if (reading.reading_id != 0) {  // An opening register is found again by itself.
            work.readings.push_back(reading);
        }
    };
    if (state.base) {
        refeed(*state.base);
    }
    for (auto charge = charges.rbegin(); charge != charges.rend(); ++charge) {
        const EnergyBasis& basis = charge->energy();
        state.counters[charge->account_id] = basis.before;
        refeed(basis.from);
        refeed(basis.to);
        state.base = basis.from;
    }
    if (state.first && moment <= state.first->read_time) {
        refeed(*state.first);
        state.base.reset();
        state.first.reset();
    }
    work.undone = std::move(charges);
}

std::optional<Resource> resource_of_epoch(const MeterWork& work, int epoch) {
    const auto found = work.resources.find(epoch);
    return found == work.resources.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Resource> resource_now(const MeterWork& work) {
    return work.resources.empty() ? std::nullopt : std::optional(work.resources.rbegin()->second);
}

void bill(MeterWork& work, OutcomeCounts& counts) {
    sort_readings(work.readings);
    std::optional<int> laid_epoch;  // Whose tariffs lie in the state.
    for (const Reading& reading : work.readings) {
        const auto resource = resource_of_epoch(work, reading.epoch);
        if (laid_epoch != reading.epoch && !work.timelines.empty()) {
            work.state.tariffs = work.timelines.at(resource);
            laid_epoch = reading.epoch;
        }
        const std::optional<int> base_epoch =
            work.state.base ? std::optional(work.state.base->epoch) : std::nullopt;
        const ReadingOutcome outcome = bill_reading(work.state, reading, work.drafts);
        if (base_epoch && work.state.base->epoch != *base_epoch) {
            leave_epoch(work.state, resource_of_epoch(work, *base_epoch), resource);
        }
        ++counts[static_cast<std::size_t>(outcome)];
        if (is_pending(outcome) || is_unowned_history(work.state, reading)) {
            work.pending.push_back(reading);
        }
    }
    if (!work.undone.empty()) {
        drop_unchanged(work);
    }
}

OutcomeCounts bill(std::vector<MeterWork>& works,
                   const std::map<std::int64_t, KnownTariff>& tariffs) {
    OutcomeCounts counts{};
    for (MeterWork& work : works) {
        if (!tariffs.empty()) {
            lay_timelines(work, tariffs);
        }
        bill(work, counts);
    }
    return counts;
}

std::vector<std::int64_t> payers_of(const std::vector<MeterWork>& works) {
    std::set<std::int64_t> keys;
    for (const MeterWork& work : works) {
        for (const Charge& charge : work.undone) {
            keys.insert(charge.account_key);
        }
        for (const ChargeDraft& draft : work.drafts) {
            keys.insert(draft.occupancy.account_key);
        }
    }
    return {keys.begin(), keys.end()};
}

std::vector<Charge> settle(const std::vector<MeterWork>& works,
                           std::map<std::string, std::int64_t>& remainders) {
    std::vector<Charge> charges;
    for (const MeterWork& work : works) {
        for (auto charge = work.undone.rbegin(); charge != work.undone.rend(); ++charge) {
            charges.push_back(make_reversal(*charge, remainders.at(charge->account_id)));
        }
        for (const ChargeDraft& draft : work.drafts) {
            charges.push_back(make_charge(work.meter_key, work.meter_id, draft,
                                          remainders.at(draft.occupancy.account_id)));
        }
    }
    return charges;
}

TariffsNeeded tariffs_needed(const std::vector<MeterWork>& works) {
    TariffsNeeded needed;
    for (const MeterWork& work : works) {
        for (const Assignment& assignment : work.assignments) {
            needed.keys.insert(assignment.tariff_key);
        }
        if (work.state.base) {
            needed.include(work.state.base->read_time);
        }
        for (const Reading& reading : work.readings) {
            needed.include(reading.read_time);
        }
        for (const Occupancy& occupancy : work.state.occupancies) {
            if (!work.state.base && !work.readings.empty() && occupancy.opening_register >= 0) {
                needed.include(occupancy.start);  // May become the first base.
            }
        }
    }
    return needed;
}

bool is_history(const MeterState& meter, const Reading& reading) {
    if (!meter.first || reading.revision != 0 || reading.epoch > meter.first->epoch ||
        owner_at(meter.occupancies, reading.read_time) == nullptr) {
        return false;
    }
    if (meter.first->reading_id == 0) {
        // A base taken from an opening register is an assumption: a real reading before it, or at
        // the same moment, wins, even one that shows more than the register given.
        return reading.slot_time <= meter.first->slot_time &&
               reading.read_time <= meter.first->read_time;
    }
    return reading.slot_time < meter.first->slot_time &&
           reading.read_time < meter.first->read_time &&
           (reading.epoch < meter.first->epoch || reading.total <= meter.first->total);
}

bool is_late(const MeterState& meter, const Reading& reading) {
    return meter.base && reading.revision == 0 &&
           std::tie(reading.epoch, reading.slot_time) <
               std::tie(meter.base->epoch, meter.base->slot_time);
}

}  // namespace prepay::billing
