#include "tariffs/adapters/pg_tariffs.h"

#include "pg/database.h"
#include "pg/row.h"
#include "tariffs/adapters/pg_rows.h"
#include "tariffs/convert.h"

namespace prepay::billing {
namespace {

const std::string kSelectTariff =
    "SELECT t.tariff_key, t.tariff_id, t.display_name, t.resource,"
    " (SELECT count(DISTINCT meter_key) FROM assignments a WHERE a.tariff_key = t.tariff_key"
    "  AND NOT EXISTS (SELECT 1 FROM assignments n WHERE n.meter_key = a.meter_key"
    "  AND n.start_time > a.start_time)) AS assigned_meter_count FROM tariffs t";

std::vector<StoredTariff> read_tariffs(pqxx::work& tx, const pqxx::result& rows) {
    std::vector<StoredTariff> tariffs;
    std::vector<std::int64_t> keys;
    for (const pg::Row row : rows) {
        StoredTariff tariff;
        tariff.tariff_key = row.number("tariff_key");
        tariff.tariff_id = row.text("tariff_id");
        tariff.display_name = row.text("display_name");
        tariff.resource = resource_of(row.text("resource"));
        tariff.assigned_meter_count = row.get<int>("assigned_meter_count");
        keys.push_back(tariff.tariff_key);
        tariffs.push_back(std::move(tariff));
    }
    const auto versions = tx.exec_params(
        "SELECT tariff_key, version, to_micros(effective_time) AS effective_time, definition,"
        " create_user, to_micros(create_time) AS create_time FROM tariff_versions WHERE tariff_key "
        "= ANY ($1::bigint[])"
        " ORDER BY tariff_key, version",
        pg::to_array(keys));
    for (const pg::Row row : versions) {
        for (StoredTariff& tariff : tariffs) {
            if (tariff.tariff_key == row.number("tariff_key")) {
                tariff.versions.push_back({row.get<int>("version"), row.time("effective_time"),
                                           definition_from_json(row.text("definition")),
                                           row.text("create_user"), row.time("create_time")});
            }
        }
    }
    return tariffs;
}

std::optional<StoredTariff> read_one(pqxx::work& tx, const pqxx::result& rows) {
    std::vector<StoredTariff> tariffs = read_tariffs(tx, rows);
    return tariffs.empty() ? std::nullopt : std::optional<StoredTariff>(std::move(tariffs[0]));
}

/// Reads the definitions the book does not have yet.
void fill_book(pqxx::work& tx, TariffBook& book, const pqxx::result& versions) {
    for (const pg::Row row : versions) {
        const std::int64_t key = row.number("tariff_key");
        const int version = row.get<int>("version");
        if (!book.has(key, version)) {
            const auto found = tx.exec_params1(
                "SELECT definition FROM tariff_versions WHERE tariff_key = $1 AND version = $2",
                key, version);
            book.add(key, version, definition_from_json(pg::only<std::string>(found)));
        }
    }
}

}  // namespace

KnownTariffs load_tariffs(pqxx::work& tx, TariffBook& book, const TariffsNeeded& needed) {
    KnownTariffs known;
    if (needed.empty()) {
        return known;
    }
    const auto versions = tx.exec_params(
        "SELECT v.tariff_key, v.version, to_micros(v.effective_time) AS effective_time,"
        " t.tariff_id, t.resource"
        " FROM tariff_versions v JOIN tariffs t USING (tariff_key)"
        " WHERE v.tariff_key = ANY ($1::bigint[]) ORDER BY v.tariff_key, v.version",
        pg::to_array(std::vector<std::int64_t>(needed.keys.begin(), needed.keys.end())));
    fill_book(tx, book, versions);
    for (const pg::Row row : versions) {
        const std::int64_t key = row.number("tariff_key");
        const int version = row.get<int>("version");
        KnownTariff& tariff = known.by_key[key];
        tariff.tariff_id = row.text("tariff_id");
        tariff.resource = resource_of(row.text("resource"));
        known.held.push_back(book.compiled(key, version, needed.start, needed.end));
        tariff.versions.push_back({row.time("effective_time"), version, known.held.back().get()});
    }
    return known;
}

std::optional<std::int64_t> insert_tariff(pqxx::work& tx, const StoredTariff& tariff) {
    const auto rows = tx.exec_params(
        "INSERT INTO tariffs (tariff_id, display_name, resource) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING tariff_key",
        tariff.tariff_id, tariff.display_name, text_of(tariff.resource));
    if (rows.empty()) {
        return std::nullopt;
    }
    return pg::only<std::int64_t>(rows.front());
}

void insert_version(pqxx::work& tx, std::int64_t tariff_key, const StoredVersion& version) {
    tx.exec_params(
        "INSERT INTO tariff_versions (tariff_key, version, effective_time, definition, create_user)"
        " VALUES ($1, $2, to_time($3), $4::jsonb, $5)",
        tariff_key, version.version, to_micros(version.effective),
        definition_to_json(version.definition), version.create_user);
}

std::optional<StoredTariff> lock_tariff(pqxx::work& tx, const std::string& tariff_id) {
    tx.exec_params("SELECT 1 FROM tariffs WHERE tariff_id = $1 FOR UPDATE", tariff_id);
    return find_tariff(tx, tariff_id);
}

std::optional<StoredTariff> find_tariff(pqxx::work& tx, const std::string& tariff_id) {
    return read_one(tx, tx.exec_params(kSelectTariff + " WHERE t.tariff_id = $1", tariff_id));
}

std::vector<StoredTariff> list_tariffs(pqxx::work& tx, const std::string& after_id, int limit) {
    return read_tariffs(
        tx, tx.exec_params(kSelectTariff + " WHERE t.tariff_id > $1 ORDER BY t.tariff_id LIMIT $2",
                           after_id, limit));
}

std::vector<std::string> meters_of_tariff(pqxx::work& tx, std::int64_t tariff_key) {
    std::vector<std::string> ids;
    for (const auto& row : tx.exec_params(
             "SELECT DISTINCT m.meter_id FROM assignments a JOIN meters m USING (meter_key)"
             " WHERE a.tariff_key = $1",
             tariff_key)) {
        ids.push_back(pg::only<std::string>(row));
    }
    return ids;
}

void assign(pqxx::work& tx, const std::vector<std::int64_t>& meter_keys, std::int64_t tariff_key,
            Instant start, const std::string& user) {
    const std::string keys = pg::to_array(meter_keys);
    // What is rated already came of the first assignment even before it began. When that one gives
    // way it stays for the time rated, or a late reading would rate the past with another tariff.
    tx.exec_params(
        "UPDATE assignments a SET start_time = m.first_read_time FROM meters m"
        " WHERE a.meter_key = ANY ($1::bigint[]) AND m.meter_key = a.meter_key"
        " AND a.start_time >= to_time($2) AND m.first_read_time < to_time($2)"
        " AND NOT EXISTS (SELECT 1 FROM assignments e WHERE e.meter_key = a.meter_key"
        "  AND e.start_time < a.start_time)"
        " AND EXISTS (SELECT 1 FROM charges c WHERE c.meter_key = a.meter_key"
        "  AND c.reversal_of IS NULL"
        "  AND NOT EXISTS (SELECT 1 FROM charges r WHERE r.reversal_of = c.charge_id))",
        keys, to_micros(start));
    tx.exec_params(
        "DELETE FROM assignments WHERE meter_key = ANY ($1::bigint[]) AND start_time >= "
        "to_time($2)",
        keys, to_micros(start));
    tx.exec_params(
        "INSERT INTO assignments (meter_key, start_time, tariff_key, create_user)"
        " SELECT key, to_time($2), $3, $4 FROM unnest($1::bigint[]) AS u(key)",
        keys, to_micros(start), tariff_key, user);
}

std::vector<StoredAssignment> list_assignments(
    pqxx::work& tx, const std::vector<std::string>& meter_ids, const std::string& tariff_id,
    const std::optional<std::pair<std::string, Instant>>& after, int limit) {
    const auto rows = tx.exec_params(
        "SELECT * FROM (SELECT m.meter_id, t.tariff_id, to_micros(a.start_time) AS start_micros,"
        " to_micros(lead(a.start_time) OVER (PARTITION BY a.meter_key ORDER BY a.start_time))"
        " AS end_micros,"
        " (SELECT r.resource FROM meter_resources r WHERE r.meter_key = a.meter_key"
        "  ORDER BY r.register_epoch DESC LIMIT 1) AS meter_resource,"
        " (SELECT count(*) FROM pending_readings p JOIN meter_resources r"
        "  USING (meter_key, register_epoch) WHERE p.meter_key = a.meter_key"
        "  AND NOT EXISTS (SELECT 1 FROM assignments f JOIN tariffs ft USING (tariff_key)"
        "   WHERE f.meter_key = a.meter_key AND ft.resource = r.resource)) AS wrong_count"
        " FROM assignments a JOIN meters m USING (meter_key) JOIN tariffs t USING (tariff_key)"
        " WHERE ($1::text[] = '{}' OR m.meter_id = ANY ($1::text[]))) AS s"
        " WHERE ($2 = '' OR s.tariff_id = $2) AND (s.meter_id, s.start_micros) > ($3, $4::bigint)"
        " ORDER BY s.meter_id, s.start_micros LIMIT $5",
        pg::to_array(meter_ids), tariff_id, after ? after->first : "",
        after ? to_micros(after->second) : kSqlNull, limit);
    std::vector<StoredAssignment> assignments;
    for (const pg::Row row : rows) {
        StoredAssignment assignment{row.text("meter_id"), row.text("tariff_id"),
                                    row.time("start_micros"), row.find_time("end_micros")};
        if (const auto resource = row.find<std::string>("meter_resource")) {
            assignment.meter_resource = resource_of(*resource);
        }
        assignment.wrong_resource_reading_count = row.number("wrong_count");
        assignments.push_back(std::move(assignment));
    }
    return assignments;
}

}  // namespace prepay::billing
