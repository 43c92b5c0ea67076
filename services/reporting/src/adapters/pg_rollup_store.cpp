#include <array>

#include "adapters/pg_fold_store.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::reporting::pg_fold_store {
namespace {

using Texts = std::vector<std::string>;
using Integers = std::vector<std::int64_t>;

void add_days(pqxx::work& tx, const std::map<DayKey, DaySum>& days, int partition) {
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
        " amount_micros, rate_0_wh, rate_1_wh, rate_2_wh, rate_3_wh, rate_4_wh, rate_5_wh,"
        " partition) SELECT u.*, $13 FROM unnest($1::date[], $2::text[], $3::text[], $4::bigint[], "
        "$5::bigint[],"
        " $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],"
        " $12::bigint[]) AS u"
        " ON CONFLICT (local_date, room_id, partition) DO UPDATE SET"
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
        pg::to_array(rates[5]), partition);
}

void add_hours(pqxx::work& tx, const std::map<HourKey, HourSum>& hours, int partition) {
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
        "INSERT INTO room_hours AS h (start_time, room_id, energy_wh, water_ml, amount_micros,"
        " partition) SELECT u.*, $6 FROM unnest($1::timestamptz[], $2::text[], $3::bigint[],"
        " $4::bigint[], $5::bigint[]) AS u"
        " ON CONFLICT (start_time, room_id, partition) DO UPDATE SET"
        " energy_wh = h.energy_wh + EXCLUDED.energy_wh,"
        " water_ml = h.water_ml + EXCLUDED.water_ml,"
        " amount_micros = h.amount_micros + EXCLUDED.amount_micros",
        pg::to_array(starts), pg::to_array(rooms), pg::to_array(energies), pg::to_array(waters),
        pg::to_array(amounts), partition);
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
        add_days(tx, rollup.days, partition);
        add_hours(tx, rollup.hours, partition);
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

void keep_unplaced(pqxx::work& tx, const std::string& site_id, const std::string& charge,
                   int partition) {
    tx.exec_params("INSERT INTO unplaced_charges (site_id, charge, partition) VALUES ($1, $2, $3)",
                   site_id, pqxx::binarystring(charge), partition);
}

std::vector<UnplacedCharge> take_unplaced(pqxx::work& tx, const std::string& site_id) {
    std::vector<UnplacedCharge> charges;
    for (const pg::Row row : tx.exec_params("DELETE FROM unplaced_charges WHERE site_id = $1"
                                            " RETURNING charge, partition",
                                            site_id)) {
        charges.push_back({row.bytes("charge"), row.get<int>("partition")});
    }
    return charges;
}

namespace {

// Whoever places charges that waited for their site adds to these rows as well.
void lock_fresh(pqxx::work& tx, int partition) {
    std::set<std::string> site_ids;
    for (const pg::Row row :
         tx.exec_params("SELECT site_id FROM totals WHERE partition = $1", fresh(partition))) {
        site_ids.insert(row.text("site_id"));
    }
    lock_unplaced(tx, site_ids);
}

}  // namespace

void clear_fresh(pqxx::work& tx, int partition) {
    lock_fresh(tx, partition);
    for (const char* table : {"room_days", "room_hours", "totals", "unplaced_charges"}) {
        tx.exec_params(std::string("DELETE FROM ") + table + " WHERE partition = $1",
                       fresh(partition));
    }
}

// Rows of before are set to nothing, not deleted: the wall has to see that they changed.
void put_in_fresh(pqxx::work& tx, int partition) {
    lock_fresh(tx, partition);
    tx.exec_params(
        "UPDATE room_days SET energy_wh = 0, water_ml = 0, amount_micros = 0, rate_0_wh = 0,"
        " rate_1_wh = 0, rate_2_wh = 0, rate_3_wh = 0, rate_4_wh = 0, rate_5_wh = 0,"
        " change_xid = pg_current_xact_id() WHERE partition = $1",
        partition);
    tx.exec_params(
        "INSERT INTO room_days (local_date, room_id, site_id, energy_wh, water_ml, amount_micros,"
        " rate_0_wh, rate_1_wh, rate_2_wh, rate_3_wh, rate_4_wh, rate_5_wh, partition)"
        " SELECT local_date, room_id, site_id, energy_wh, water_ml, amount_micros, rate_0_wh,"
        " rate_1_wh, rate_2_wh, rate_3_wh, rate_4_wh, rate_5_wh, $2 FROM room_days"
        " WHERE partition = $1 ON CONFLICT (local_date, room_id, partition) DO UPDATE SET"
        " energy_wh = EXCLUDED.energy_wh, water_ml = EXCLUDED.water_ml,"
        " amount_micros = EXCLUDED.amount_micros, rate_0_wh = EXCLUDED.rate_0_wh,"
        " rate_1_wh = EXCLUDED.rate_1_wh, rate_2_wh = EXCLUDED.rate_2_wh,"
        " rate_3_wh = EXCLUDED.rate_3_wh, rate_4_wh = EXCLUDED.rate_4_wh,"
        " rate_5_wh = EXCLUDED.rate_5_wh, change_xid = EXCLUDED.change_xid",
        fresh(partition), partition);
    tx.exec_params("DELETE FROM room_hours WHERE partition = $1", partition);
    tx.exec_params("UPDATE room_hours SET partition = $2 WHERE partition = $1", fresh(partition),
                   partition);
    tx.exec_params("DELETE FROM unplaced_charges WHERE partition = $1", partition);
    tx.exec_params("UPDATE unplaced_charges SET partition = $2 WHERE partition = $1",
                   fresh(partition), partition);
    tx.exec_params(
        "UPDATE totals SET charge_micros = 0, energy_wh = 0, water_ml = 0, charge_count = 0"
        " WHERE partition = $1",
        partition);
    tx.exec_params(
        "INSERT INTO totals AS t (site_id, partition, charge_micros, energy_wh, water_ml,"
        " credit_micros, charge_count, as_of_time) SELECT site_id, $2, charge_micros, energy_wh,"
        " water_ml, 0, charge_count, as_of_time FROM totals WHERE partition = $1"
        " ON CONFLICT (site_id, partition) DO UPDATE SET charge_micros = EXCLUDED.charge_micros,"
        " energy_wh = EXCLUDED.energy_wh, water_ml = EXCLUDED.water_ml,"
        " charge_count = EXCLUDED.charge_count,"
        " as_of_time = greatest(t.as_of_time, EXCLUDED.as_of_time)",
        fresh(partition), partition);
    clear_fresh(tx, partition);
}

}  // namespace prepay::reporting::pg_fold_store
