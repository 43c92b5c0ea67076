#include "rating/adapters/meter_news.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "charges/adapters/pg_accounts.h"
#include "charges/adapters/pg_charges.h"
#include "rating/adapters/pg_meter_rows.h"
#include "rating/adapters/pg_meters.h"
#include "rating/adapters/pg_occupancies.h"
#include "rating/adapters/pg_pending.h"
#include "tariffs/adapters/pg_tariffs.h"

namespace prepay::billing {
namespace {

/// Takes meters back that get a reading from before their base that tells something new.
void rewind_to_late_readings(pqxx::work& tx, std::vector<MeterWork>& works) {
    std::vector<std::pair<std::int64_t, Reading>> candidates;
    std::vector<MeterWork*> owners;
    std::map<MeterWork*, Instant> moments;
    const auto note = [&](MeterWork* work, Instant moment) {
        const auto [place, fresh] = moments.emplace(work, moment);
        place->second = fresh ? moment : std::min(place->second, moment);
    };
    for (MeterWork& work : works) {
        for (const Reading& reading : work.readings) {
            if (is_history(work.state, reading)) {
                note(&work, reading.read_time);
            } else if (is_late(work.state, reading)) {
                candidates.emplace_back(work.meter_key, reading);
                owners.push_back(&work);
            }
        }
    }
    for (const std::size_t index : find_inside_charges(tx, candidates)) {
        note(owners[index], candidates[index].second.read_time);
    }
    for (const auto& [work, moment] : moments) {
        rewind(*work, moment, charges_since(tx, work->meter_key, moment));
    }
}

/// Whether the readings set right what an epoch was stored to count.
bool is_set_right(const std::vector<MeterWork>& works) {
    return std::ranges::any_of(works, [](const MeterWork& work) {
        return std::ranges::any_of(work.stored_resources, [&](const auto& stored) {
            return work.resources.at(stored.first) != stored.second;
        });
    });
}

std::map<std::string, std::int64_t> payer_keys(pqxx::work& tx, const OccupanciesByMeter& by_meter) {
    std::vector<std::string> ids;
    for (const auto& [meter_id, changes] : by_meter) {
        for (const Occupancy& change : changes) {
            ids.push_back(change.account_id);
        }
    }
    return account_keys(tx, ids);
}

}  // namespace

void take_readings(pqxx::work& tx, std::vector<MeterWork>& works, ReadingsByMeter by_meter) {
    for (MeterWork& work : works) {
        ReadingNews& news = by_meter[work.meter_id];
        work.readings = std::move(news.readings);
        for (const auto& [epoch, resource] : news.resources) {
            work.resources[epoch] = resource;
        }
    }
    if (is_set_right(works)) {
        take_pending(tx, works);  // The tariff fits again.
    }
    rewind_to_late_readings(tx, works);
}

void take_occupancies(pqxx::work& tx, std::vector<MeterWork>& works,
                      const OccupanciesByMeter& by_meter) {
    const std::map<std::string, std::int64_t> accounts = payer_keys(tx, by_meter);
    std::vector<std::vector<Occupancy>> before;
    for (MeterWork& work : works) {
        before.push_back(work.state.occupancies);
        std::vector<Occupancy> changes = by_meter.at(work.meter_id);
        for (Occupancy& change : changes) {
            change.account_key = accounts.at(change.account_id);
        }
        upsert_occupancies(tx, work.meter_key, changes);
    }
    load_occupancies(tx, works);
    for (std::size_t i = 0; i < works.size(); ++i) {
        const auto moment = first_difference(before[i], works[i].state.occupancies);
        if (moment && works[i].state.base && *moment <= works[i].state.base->read_time) {
            rewind(works[i], *moment, charges_since(tx, works[i].meter_key, *moment));
        }
    }
    take_pending(tx, works);
}

void take_assignment(pqxx::work& tx, std::vector<MeterWork>& works, std::int64_t tariff_key,
                     Instant start, const std::string& user) {
    assign(tx, keys_of(works), tariff_key, start, user);
    load_assignments(tx, works);
    take_pending(tx, works);
}

}  // namespace prepay::billing
