#include <array>

#include "adapters/pg_fold_store.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::reporting::pg_fold_store {
namespace {

using Texts = std::vector<std::string>;
using Integers = std::vector<std::int64_t>;

void add_days(pqxx::work& tx, const std::map<DayKey, DaySum>& days) {
    Texts dates, rooms, sites;
    Integers energies, waters, amounts;
    std::array<Integers, kRateCount> rates;
    for (const auto& [key, sum] : days) {
        dates.push_back(format_date(key.first));
        rooms.push_back(key.second);
        sites.push_back(sum.site_id);
        energies.push_back(sum.energy.base_units());
        waters.push_back(sum.water.base_units());
        amounts.push_back(sum.amount.micros());
        for (std::size_t i = 0; i < kRateCount; ++i) {
            rates[i].push_back(sum.rate_energy_wh[i]);
        }
    }
    tx.exec_params(
        "INSERT INTO room_days AS d (local_date, room_id, site_id, energy_wh, water_ml,"
        " amount_micros, rate_0_wh, rate_1_wh, rate_2_wh, rate_3_wh, rate_4_wh, rate_5_wh)"
        " SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],"
        " $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],"
        " $12::bigint[])"
        " ON CONFLICT (local_date, room_id) DO UPDATE SET"
        " energy_wh = d.energy_wh + EXCLUDED.energy_wh, water_ml = d.water_ml + EXCLUDED.water_ml,"
        " amount_micros = d.amount_micros + EXCLUDED.amount_micros,"
        " rate_0_wh = d.rate_0_wh + EXCLUDED.rate_0_wh,"
        " rate_1_wh = d.rate_1_wh + EXCLUDED.rate_1_wh,"
        " rate_2_wh = d.rate_2_wh + EXCLUDED.rate_2_wh,"
        " rate_3_wh = d.rate_3_wh + EXCLUDED.rate_3_wh,"
        " rate_4_wh = d.rate_4_wh + EXCLUDED.rate_4_wh,"
        " rate_5_wh = d.rate_5_wh + EXCLUDED.rate_5_wh, change_xid = EXCLUDED.change_xid",
        pg::to_array(dates), pg::to_array(rooms), pg::to_array(sites), pg::to_array(energies),
        pg::to_array(waters), pg::to_array(amounts), pg::to_array(rates[0]), pg::to_array(rates[1]),
        pg::to_array(rates[2]), pg::to_array(rates[3]), pg::to_array(rates[4]),
        pg::to_array(rates[5]));
}

void add_hours(pqxx::work& tx, const std::map<HourKey, HourSum>& hours) {
    Texts starts, rooms;
    Integers energies, waters, amounts;
    for (const auto& [key, sum] : hours) {
        starts.push_back(pg::to_timestamptz(key.first));
        rooms.push_back(key.second);
        energies.push_back(sum.energy.base_units());
        waters.push_back(sum.water.base_units());
        amounts.push_back(sum.amount.micros());
    }
    tx.exec_params(
        "INSERT INTO room_hours AS h (start_time, room_id, energy_wh, water_ml, amount_micros)"
        " SELECT * FROM unnest($1::timestamptz[], $2::text[], $3::bigint[], $4::bigint[],"
        " $5::bigint[])"
        " ON CONFLICT (start_time, room_id) DO UPDATE SET"
        " energy_wh = h.energy_wh + EXCLUDED.energy_wh,"
        " water_ml = h.water_ml + EXCLUDED.water_ml,"
        " amount_micros = h.amount_micros + EXCLUDED.amount_micros",
        pg::to_array(starts), pg::to_array(rooms), pg::to_array(energies), pg::to_array(waters),
        pg::to_array(amounts));
}

void add_totals(pqxx::work& tx, const std::map<std::string, TotalSum>& totals, int partition) {
    for (const auto& [site_id, sum] : totals) {
        tx.exec_params(
            "INSERT INTO totals AS t (site_id, partition, charge_micros, energy_wh, water_ml,"
            " credit_micros, charge_count, as_of_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
            " ON CONFLICT (site_id, partition) DO UPDATE SET"
            " charge_micros = t.charge_micros + EXCLUDED.charge_micros,"
            " energy_wh = t.energy_wh + EXCLUDED.energy_wh,"
            " water_ml = t.water_ml + EXCLUDED.water_ml,"
            " credit_micros = t.credit_micros + EXCLUDED.credit_micros,"
            " charge_count = t.charge_count + EXCLUDED.charge_count,"
            " as_of_time = greatest(t.as_of_time, EXCLUDED.as_of_time)",
            site_id, partition, sum.charged.micros(), sum.energy.base_units(),
            sum.water.base_units(), sum.credited.micros(), sum.charge_count,
            pg::to_timestamptz(sum.as_of_time));
    }
}

}  // namespace

void add_rollup(pqxx::work& tx, const Rollup& rollup, int partition) {
    if (!rollup.days.empty()) {
        add_days(tx, rollup.days);
        add_hours(tx, rollup.hours);
    }
    add_totals(tx, rollup.totals, partition);
}

std::map<std::string, std::string> time_zones(pqxx::work& tx,
                                              const std::set<std::string>& site_ids) {
    std::map<std::string, std::string> zones;
    for (const pg::Row row :
         tx.exec_params("SELECT site_id, time_zone FROM sites WHERE site_id = ANY ($1::text[])",
                        pg::to_array(Texts(site_ids.begin(), site_ids.end())))) {
        zones[row.text("site_id")] = row.text("time_zone");
    }
    return zones;
}

void lock_unplaced(pqxx::work& tx, const std::set<std::string>& site_ids) {
    std::set<std::int64_t> keys;  // In order, against deadlocks.
    for (const std::string& site_id : site_ids) {
        keys.insert(static_cast<std::int64_t>(stable_hash("unplaced/" + site_id) >> 1));
    }
    for (const std::int64_t key : keys) {
        tx.exec_params("SELECT pg_advisory_xact_lock($1)", key);
    }
}

void keep_unplaced(pqxx::work& tx, const std::string& site_id, const std::string& charge) {
    tx.exec_params("INSERT INTO unplaced_charges (site_id, charge) VALUES ($1, $2)", site_id,
                   pqxx::binarystring(charge));
}

std::vector<std::string> take_unplaced(pqxx::work& tx, const std::string& site_id) {
    std::vector<std::string> charges;
    for (const auto& row : tx.exec_params(
             "DELETE FROM unplaced_charges WHERE site_id = $1 RETURNING charge", site_id)) {
        charges.push_back(pqxx::binarystring(row.front()).str());
    }
    return charges;
}

}  // namespace prepay::reporting::pg_fold_store
