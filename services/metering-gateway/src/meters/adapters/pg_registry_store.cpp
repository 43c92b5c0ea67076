#include "meters/adapters/pg_registry_store.h"

#include "devices/adapters/pg_values.h"
#include "holds/adapters/pg_holds.h"
#include "pg/row.h"

namespace prepay::metering {
namespace {

// The slot of a meter's last reading.
constexpr const char* kLastSlot =
    "(SELECT r.slot_time FROM readings r WHERE r.meter_no = meters.meter_no AND r.channel = 0"
    " ORDER BY r.slot_time DESC, r.revision DESC LIMIT 1)";

void upsert_line(pqxx::work& tx, const LineConfig& line) {
    tx.exec_params("UPDATE meters SET change_slot_time = " + std::string(kLastSlot) +
                       " FROM lines l WHERE meters.line_id = $1 AND l.line_id = $1"
                       " AND (l.address, l.transport) <> ($2, $3)",
                   line.line_id, line.address, transport_text(line.transport));
    tx.exec_params(
        "INSERT INTO lines (line_id, display_name, transport, address, poll_interval_ms,"
        " response_timeout_ms, enabled) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        " ON CONFLICT (line_id) DO UPDATE SET display_name = excluded.display_name,"
        " transport = excluded.transport, address = excluded.address,"
        " poll_interval_ms = excluded.poll_interval_ms,"
        " response_timeout_ms = excluded.response_timeout_ms, enabled = excluded.enabled",
        line.line_id, line.display_name, transport_text(line.transport), line.address,
        line.poll_interval.count(), line.response_timeout.count(), line.enabled);
}

Status upsert_meter(pqxx::work& tx, const MeterConfig& meter) {
    if (tx.exec_params("SELECT 1 FROM lines WHERE line_id = $1", meter.line_id).empty()) {
        return invalid_argument("UNKNOWN_LINE", "meter " + meter.meter_id +
                                                    ": there is no line \"" + meter.line_id + "\"");
    }
    const auto known =
        tx.exec_params("SELECT line_id FROM meters WHERE meter_id = $1 FOR UPDATE", meter.meter_id);
    if (!known.empty() && pg::only<std::string>(known[0]) != meter.line_id) {
        return failed_precondition("LINE_CHANGED",
                                   "meter " + meter.meter_id + " hangs on line " +
                                       pg::only<std::string>(known[0]) +
                                       "; register the moved device under a new meter_id");
    }
    tx.exec_params(
        "INSERT INTO meters (meter_id, line_id, unit_id, driver_pack, serial_number, display_name,"
        " resource, rated_power_w, ct_ratio, enabled)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        " ON CONFLICT (meter_id) DO UPDATE SET unit_id = excluded.unit_id,"
        " driver_pack = excluded.driver_pack, serial_number = excluded.serial_number,"
        " display_name = excluded.display_name, resource = excluded.resource,"
        " rated_power_w = excluded.rated_power_w, ct_ratio = excluded.ct_ratio,"
        " enabled = excluded.enabled, change_slot_time = CASE"
        "   WHEN (meters.unit_id, meters.serial_number, meters.ct_ratio, meters.driver_pack) ="
        "     (excluded.unit_id, excluded.serial_number, excluded.ct_ratio, excluded.driver_pack)"
        "     THEN meters.change_slot_time ELSE " +
            std::string(kLastSlot) + " END",
        meter.meter_id, meter.line_id, meter.address.number(), meter.driver_pack,
        meter.serial_number, meter.display_name, resource_text(meter.resource), meter.rated_power_w,
        meter.ct_ratio, meter.enabled);
    return absl::OkStatus();
}

Status address_taken(const std::string& what) {
    return failed_precondition("ADDRESS_TAKEN", what + "; set allow_shared_address if so meant");
}

// Serial lines differ by their device, whatever their settings.
constexpr const char* kSameAddress =
    "a.transport = b.transport AND lower(split_part(a.address, '?', 1)) ="
    " lower(split_part(b.address, '?', 1)) AND a.enabled AND b.enabled";

Status check_lines(pqxx::work& tx, const std::vector<std::string>& line_ids) {
    const auto shared = tx.exec_params(
        "SELECT a.line_id, b.line_id AS other, a.address FROM lines a JOIN lines b ON"
        " a.line_id <> b.line_id AND " +
            std::string(kSameAddress) + " WHERE a.line_id = ANY($1) LIMIT 1",
        pg::to_array(line_ids));
    if (shared.empty()) {
        return absl::OkStatus();
    }
    return address_taken("line " + shared[0]["line_id"].as<std::string>() + " would be at " +
                         shared[0]["address"].as<std::string>() + ", where line " +
                         shared[0]["other"].as<std::string>() + " is");
}

Status check_meters(pqxx::work& tx, const std::vector<std::string>& meter_ids) {
    const auto shared = tx.exec_params(
        "SELECT m.meter_id, o.meter_id AS other, a.address, m.unit_id FROM meters m"
        " JOIN lines a ON a.line_id = m.line_id"
        " JOIN lines b ON b.line_id <> a.line_id AND " +
            std::string(kSameAddress) +
            " JOIN meters o ON o.line_id = b.line_id AND o.unit_id = m.unit_id AND o.enabled"
            " WHERE m.meter_id = ANY($1) AND m.enabled LIMIT 1",
        pg::to_array(meter_ids));
    if (shared.empty()) {
        return absl::OkStatus();
    }
    return address_taken("meter " + shared[0]["meter_id"].as<std::string>() + " would be unit " +
                         shared[0]["unit_id"].as<std::string>() + " at " +
                         shared[0]["address"].as<std::string>() + ", which is meter " +
                         shared[0]["other"].as<std::string>());
}

template <typename Effect>
Status apply_once(pg::Database& database, const pg::RequestKey& key, Effect effect) {
    return database
        .transact([&](pqxx::work& tx) {
            return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                PREPAY_RETURN_IF_ERROR(effect(inner));
                return std::string();
            });
        })
        .status();
}

constexpr const char* kLineColumns =
    "line_id, display_name, transport, address, poll_interval_ms, response_timeout_ms, enabled";

LineConfig line_from_row(const pqxx::row& row) {
    LineConfig line;
    line.line_id = row["line_id"].as<std::string>();
    line.display_name = row["display_name"].as<std::string>();
    line.transport = transport_from_text(row["transport"].as<std::string>());
    line.address = row["address"].as<std::string>();
    line.poll_interval = std::chrono::milliseconds(row["poll_interval_ms"].as<int>());
    line.response_timeout = std::chrono::milliseconds(row["response_timeout_ms"].as<int>());
    line.enabled = row["enabled"].as<bool>();
    return line;
}

PgRegistryStore::StoredMeter meter_from_row(const pqxx::row& row) {
    PgRegistryStore::StoredMeter meter;
    MeterConfig& config = meter.config;
    config.meter_no = row["meter_no"].as<std::int64_t>();
    config.meter_id = row["meter_id"].as<std::string>();
    config.line_id = row["line_id"].as<std::string>();
    config.address = MeterAddress(row["unit_id"].as<std::int64_t>());
    config.driver_pack = row["driver_pack"].as<std::string>();
    config.serial_number = row["serial_number"].as<std::string>();
    config.display_name = row["display_name"].as<std::string>();
    config.resource = resource_from_text(row["resource"].as<std::string>());
    config.rated_power_w = row["rated_power_w"].as<std::int64_t>();
    config.ct_ratio = row["ct_ratio"].as<int>();
    config.enabled = row["enabled"].as<bool>();
    config.register_epoch = row["register_epoch"].as<int>();
    MeterMemory& memory = meter.memory;
    memory.online = row["online"].as<bool>();
    memory.relay = relay_from_text(row["relay"].as<std::string>());
    memory.state_revision = row["state_revision"].as<std::int64_t>();
    memory.holds.foreign_open = row["foreign_open"].as<bool>();
    if (!row["slot_micros"].is_null()) {
        memory.last_slot = from_micros(row["slot_micros"].as<std::int64_t>());
        memory.last_revision = row["revision"].as<int>();
        memory.base =
            ReadingBase{from_micros(row["read_micros"].as<std::int64_t>()),
                        RegisterTotal::from_base_units(row["register_total"].as<std::int64_t>()),
                        row["reading_epoch"].as<int>()};
        memory.latest = values_from_field(row["meter_values"]);
        config.register_epoch = std::max(config.register_epoch, memory.base->epoch);
        memory.changed = row["is_changed"].as<bool>();
    }
    const bool is_open = !row["quarantine_id"].is_null() && row["is_open"].as<bool>();
    meter.quarantine_id = is_open ? row["quarantine_id"].as<std::int64_t>() : 0;
    memory.quarantined = is_open;
    if (!row["quarantine_id"].is_null()) {
        const Suspicion seen = suspicion_of_discarded(
            RegisterTotal::from_base_units(row["seen_total"].as<std::int64_t>()),
            from_micros(row["seen_at"].as<std::int64_t>()));
        // A discarded register counts until a good reading came after it.
        if (is_open || !memory.base || memory.base->read_time < seen.read_time) {
            memory.suspicion = seen;
        }
    }
    return meter;
}

}  // namespace

Status PgRegistryStore::put_lines(const pg::RequestKey& key, const std::vector<LineConfig>& lines,
                                  bool allow_shared_address) {
    return apply_once(database_, key, [&](pqxx::work& tx) -> Status {
        std::vector<std::string> line_ids;
        for (const LineConfig& line : lines) {
            upsert_line(tx, line);
            line_ids.push_back(line.line_id);
        }
        return allow_shared_address ? absl::OkStatus() : check_lines(tx, line_ids);
    });
}

Status PgRegistryStore::update_line(const pg::RequestKey& key, const LineConfig& line,
                                    bool allow_shared_address) {
    return apply_once(database_, key, [&](pqxx::work& tx) -> Status {
        if (tx.exec_params("SELECT 1 FROM lines WHERE line_id = $1 FOR UPDATE", line.line_id)
                .empty()) {
            return not_found("UNKNOWN_LINE", "there is no line \"" + line.line_id + "\"");
        }
        upsert_line(tx, line);
        return allow_shared_address ? absl::OkStatus() : check_lines(tx, {line.line_id});
    });
}

Status PgRegistryStore::put_meters(const pg::RequestKey& key,
                                   const std::vector<MeterConfig>& meters,
                                   bool allow_shared_address) {
    return apply_once(database_, key, [&](pqxx::work& tx) -> Status {
        std::vector<std::string> meter_ids;
        for (const MeterConfig& meter : meters) {
            PREPAY_RETURN_IF_ERROR(upsert_meter(tx, meter));
            meter_ids.push_back(meter.meter_id);
        }
        const auto taken = tx.exec(
            "SELECT line_id, unit_id, string_agg(meter_id, ' and ' ORDER BY meter_id) AS meter_ids"
            " FROM meters GROUP BY line_id, unit_id HAVING count(*) > 1 LIMIT 1");
        if (!taken.empty()) {
            return failed_precondition(
                "UNIT_TAKEN", "meters " + taken[0]["meter_ids"].as<std::string>() +
                                  " would both be unit " + taken[0]["unit_id"].as<std::string>() +
                                  " of line " + taken[0]["line_id"].as<std::string>());
        }
        return allow_shared_address ? absl::OkStatus() : check_meters(tx, meter_ids);
    });
}

Result<std::vector<LineConfig>> PgRegistryStore::list_lines(const std::string& after,
                                                            int count_max) {
    using Lines = std::vector<LineConfig>;
    return database_.read([&](pqxx::work& tx) -> Result<Lines> {
        Lines lines;
        for (const auto& row :
             tx.exec_params("SELECT " + std::string(kLineColumns) +
                                " FROM lines WHERE line_id > $1 ORDER BY line_id LIMIT $2",
                            after, count_max)) {
            lines.push_back(line_from_row(row));
        }
        return lines;
    });
}

Result<std::vector<LineConfig>> PgRegistryStore::find_lines(
    const std::vector<std::string>& line_ids) {
    using Lines = std::vector<LineConfig>;
    return database_.read([&](pqxx::work& tx) -> Result<Lines> {
        Lines lines;
        for (const auto& row : tx.exec_params(
                 "SELECT " + std::string(kLineColumns) + " FROM lines WHERE line_id = ANY($1)",
                 pg::to_array(line_ids))) {
            lines.push_back(line_from_row(row));
        }
        return lines;
    });
}

Result<std::vector<PgRegistryStore::StoredMeter>> PgRegistryStore::list_meters(
    const std::string& after, int count_max, const std::string& line_id,
    const std::vector<std::string>& meter_ids) {
    using Meters = std::vector<StoredMeter>;
    return database_.read([&](pqxx::work& tx) -> Result<Meters> {
        const auto rows = tx.exec_params(
            "SELECT m.meter_no, m.meter_id, m.line_id, m.unit_id, m.driver_pack, m.serial_number,"
            " m.display_name, m.resource, m.rated_power_w, m.ct_ratio, m.enabled, m.register_epoch,"
            " m.online, m.relay, m.state_revision, m.foreign_open, " +
                pg::micros("r.slot_time") + " AS slot_micros, r.revision, " +
                pg::micros("r.read_time") +
                " AS read_micros, r.register_total, r.register_epoch AS reading_epoch,"
                " r.meter_values,"
                " COALESCE(m.change_slot_time >= r.slot_time, false) AS is_changed,"
                " q.rejected_reading_id AS quarantine_id, q.state = 'open' AS is_open,"
                " CASE WHEN q.latest_fits THEN q.register_total"
                " ELSE COALESCE(q.latest_total, q.register_total) END AS seen_total, " +
                pg::micros("CASE WHEN q.latest_fits THEN q.read_time"
                           " ELSE COALESCE(q.latest_read_time, q.read_time) END") +
                " AS seen_at FROM meters m"
                " LEFT JOIN LATERAL (SELECT * FROM rejected_readings WHERE meter_id = m.meter_id"
                " AND (state = 'open' OR decision = 'discard')"
                " ORDER BY rejected_reading_id DESC LIMIT 1) AS q ON true"
                " LEFT JOIN LATERAL (SELECT * FROM readings WHERE meter_no = m.meter_no"
                " AND channel = 0 ORDER BY slot_time DESC, revision DESC LIMIT 1) AS r ON true"
                " WHERE m.meter_id > $1 AND ($3 = '' OR m.line_id = $3)"
                " AND (cardinality($4::text[]) = 0 OR m.meter_id = ANY($4::text[]))"
                " ORDER BY m.meter_id LIMIT $2",
            after, count_max, line_id, pg::to_array(meter_ids));
        Meters meters;
        std::vector<std::string> ids;
        for (const auto& row : rows) {
            meters.push_back(meter_from_row(row));
            ids.push_back(meters.back().config.meter_id);
        }
        auto holds = select_holds(tx, ids);
        const auto late = select_late_orders(tx, ids, clock_.now(), late_horizon_);
        for (StoredMeter& meter : meters) {
            meter.memory.holds.standing = std::move(holds[meter.config.meter_id]);
            if (const auto found = late.find(meter.config.meter_id); found != late.end()) {
                meter.memory.late = found->second;
            }
        }
        return meters;
    });
}

}  // namespace prepay::metering
