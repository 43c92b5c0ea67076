#include "rating/adapters/pg_meters.h"

#include <set>

#include "pg/database.h"
#include "pg/row.h"
#include "rating/adapters/pg_meter_rows.h"
#include "rating/adapters/pg_occupancies.h"
#include "rating/adapters/pg_pending.h"
#include "rating/adapters/pg_tier_counters.h"
#include "tariffs/adapters/pg_rows.h"

namespace prepay::billing {
namespace {

const char* const kNull = "nullif(u.%, -9223372036854775808)";

std::string nullable(const std::string& column) {
    std::string text = kNull;
    return text.replace(text.find('%'), 1, column);
}

pqxx::result select_meters(pqxx::work& tx, const std::string& ids) {
    return tx.exec_params(
        "SELECT meter_key, meter_id, to_micros(base_slot_time) AS base_slot_time, base_revision,"
        " to_micros(base_read_time) AS base_read_time, base_register, base_epoch, base_reading_id,"
        " to_micros(first_slot_time) AS first_slot_time, first_revision,"
        " to_micros(first_read_time) AS first_read_time, first_register, first_epoch,"
        " first_reading_id"
        " FROM meters WHERE meter_id = ANY ($1::text[]) ORDER BY meter_key FOR UPDATE",
        ids);
}

void load_resources(pqxx::work& tx, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "SELECT meter_key, register_epoch, resource FROM meter_resources"
        " WHERE meter_key = ANY ($1::bigint[]) ORDER BY meter_key",
        key_array(works));
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        const int epoch = row.get<int>("register_epoch");
        work.resources[epoch] = work.stored_resources[epoch] = resource_of(row.text("resource"));
    });
}

/// Writes one of a meter's two readings, `prefix` "base" or "first", where it changed.
void save_readings(pqxx::work& tx, const std::vector<MeterWork>& works, const std::string& prefix,
                   std::optional<Reading> MeterState::*now,
                   std::optional<Reading> MeterWork::*stored) {
    NumberColumns columns(7);
    bool any = false;
    for (const MeterWork& work : works) {
        const std::optional<Reading>& changed = work.state.*now;
        if (changed == work.*stored) {
            continue;
        }
        any = true;
        const Reading none{from_micros(kSqlNull), 0, from_micros(kSqlNull), {}, 0, 0};
        const Reading& reading = changed ? *changed : none;
        columns.add({work.meter_key, to_micros(reading.slot_time), reading.revision,
                     to_micros(reading.read_time), reading.total.base_units(), reading.epoch,
                     reading.reading_id});
    }
    if (!any) {
        return;
    }
    const std::string source =
        NumberColumns::unnest({"meter_key", "slot", "revision", "moment", "total", "epoch", "id"});
    tx.exec_params("UPDATE meters m SET " + prefix + "_slot_time = to_time(" + nullable("slot") +
                       "), " + prefix + "_revision = u.revision::int, " + prefix +
                       "_read_time = to_time(" + nullable("moment") + "), " + prefix +
                       "_register = u.total, " + prefix + "_epoch = u.epoch::int, " + prefix +
                       "_reading_id = u.id FROM " + source + " WHERE m.meter_key = u.meter_key",
                   pqxx::prepare::make_dynamic_params(columns.finish()));
}

// Once in an epoch, or when the meter was registered wrongly.
void save_resources(pqxx::work& tx, const std::vector<MeterWork>& works) {
    std::vector<std::int64_t> keys;
    std::vector<std::int64_t> epochs;
    std::vector<std::string> resources;
    for (const MeterWork& work : works) {
        for (const auto& [epoch, resource] : work.resources) {
            const auto stored = work.stored_resources.find(epoch);
            if (stored == work.stored_resources.end() || stored->second != resource) {
                keys.push_back(work.meter_key);
                epochs.push_back(epoch);
                resources.emplace_back(text_of(resource));
            }
        }
    }
    if (!keys.empty()) {
        tx.exec_params(
            "INSERT INTO meter_resources (meter_key, register_epoch, resource)"
            " SELECT * FROM unnest($1::bigint[], $2::integer[], $3::text[])"
            " ON CONFLICT (meter_key, register_epoch) DO UPDATE SET resource = excluded.resource",
            pg::to_array(keys), pg::to_array(epochs), pg::to_array(resources));
    }
}

}  // namespace

std::vector<MeterWork> lock_meters(pqxx::work& tx, const std::vector<std::string>& meter_ids) {
    const std::set<std::string> unique(meter_ids.begin(), meter_ids.end());
    const std::string ids = pg::to_array(std::vector<std::string>(unique.begin(), unique.end()));
    pqxx::result rows = select_meters(tx, ids);
    if (rows.size() < unique.size()) {
        tx.exec_params(
            "INSERT INTO meters (meter_id) SELECT id FROM unnest($1::text[]) AS u(id)"
            " WHERE NOT EXISTS (SELECT 1 FROM meters m WHERE m.meter_id = u.id) ORDER BY id"
            " ON CONFLICT DO NOTHING",
            ids);
        rows = select_meters(tx, ids);
    }
    std::vector<MeterWork> works(rows.size());
    for (std::size_t i = 0; i < works.size(); ++i) {
        const pg::Row row(rows[static_cast<int>(i)]);
        works[i].meter_key = row.number("meter_key");
        works[i].meter_id = row.text("meter_id");
        works[i].state.base = works[i].stored_base = read_reading(row, "base_");
        works[i].state.first = works[i].stored_first = read_reading(row, "first_");
    }
    load_resources(tx, works);
    load_occupancies(tx, works);
    load_assignments(tx, works);
    load_counters(tx, works);
    return works;
}

void load_assignments(pqxx::work& tx, std::vector<MeterWork>& works) {
    for (MeterWork& work : works) {
        work.assignments.clear();
    }
    const auto rows = tx.exec_params(
        "SELECT meter_key, to_micros(start_time) AS start_time, tariff_key FROM assignments"
        " WHERE meter_key = ANY ($1::bigint[]) ORDER BY meter_key, start_time",
        key_array(works));
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        work.assignments.push_back({row.time("start_time"), row.number("tariff_key")});
    });
}

void save_meters(pqxx::work& tx, const std::vector<MeterWork>& works) {
    if (works.empty()) {
        return;
    }
    save_resources(tx, works);
    save_readings(tx, works, "base", &MeterState::base, &MeterWork::stored_base);
    save_readings(tx, works, "first", &MeterState::first, &MeterWork::stored_first);
    save_counters(tx, works);
    save_pending(tx, works);
}

std::map<std::string, Instant> billed_until(pqxx::work& tx, const std::string& account_id,
                                            const std::vector<std::string>& meter_ids) {
    std::map<std::string, Instant> times;
    for (const pg::Row row :
         tx.exec_params("SELECT meter_id, to_micros(base_read_time) AS billed_until FROM meters m"
                        " WHERE meter_id = ANY ($1::text[]) AND base_read_time IS NOT NULL"
                        " AND (SELECT bool_and(o.end_time IS NOT NULL) FROM occupancies o"
                        " JOIN accounts a USING (account_key) WHERE o.meter_key = m.meter_key"
                        " AND a.account_id = $2 AND NOT o.deleted)",
                        pg::to_array(meter_ids), account_id)) {
        times[row.text("meter_id")] = row.time("billed_until");
    }
    return times;
}

}  // namespace prepay::billing
