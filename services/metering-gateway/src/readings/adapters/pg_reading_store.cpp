#include "readings/adapters/pg_reading_store.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "core/assert.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "devices/adapters/pg_values.h"
#include "holds/adapters/pg_holds.h"
#include "holds/convert.h"
#include "pg/row.h"
#include "readings/convert.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::int64_t kIdsPerBlock = 100'000;

// Months since year 0, of the UTC calendar.
std::int64_t month_of(Instant instant) {
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(instant));
    return static_cast<int>(day.year()) * 12LL + static_cast<unsigned>(day.month()) - 1;
}

std::string month_start(std::int64_t month) {
    const auto digits = [](std::int64_t value, std::size_t width) {
        std::string text = std::to_string(value);
        return std::string(width - std::min(width, text.size()), '0') + text;
    };
    return digits(month / 12, 4) + "-" + digits(month % 12 + 1, 2) + "-01";
}

// Columns of readings as array literals for unnest.
struct ReadingColumns {
    std::vector<std::int64_t> meter_nos, channels, slots, revisions, read_times, totals, epochs,
        ids;
    std::vector<std::string> sources, values;

    void add(const Reading& reading) {
        meter_nos.push_back(reading.meter_no);
        channels.push_back(reading.channel);
        slots.push_back(to_micros(reading.slot_time));
        revisions.push_back(reading.revision);
        read_times.push_back(to_micros(reading.read_time));
        totals.push_back(reading.register_total.base_units());
        epochs.push_back(reading.register_epoch);
        ids.push_back(reading.reading_id);
        sources.emplace_back(source_text(reading.source));
        values.push_back(reading.values ? values_hex(*reading.values) : std::string());
    }
};

const std::string& reading_columns() {
    static const std::string text =
        "SELECT " + pg::micros("r.slot_time") + " AS slot_micros, r.revision, " +
        pg::micros("r.read_time") +
        " AS read_micros, r.register_total, r.register_epoch, r.source, r.reading_id,"
        " r.meter_values, m.resource FROM readings r JOIN meters m USING (meter_no)";
    return text;
}

Reading reading_from_row(const pqxx::row& row, std::int64_t meter_no, const std::string& meter_id) {
    Reading reading;
    reading.meter_no = meter_no;
    reading.meter_id = meter_id;
    reading.slot_time = from_micros(row["slot_micros"].as<std::int64_t>());
    reading.revision = row["revision"].as<int>();
    reading.read_time = from_micros(row["read_micros"].as<std::int64_t>());
    reading.register_total =
        RegisterTotal::from_base_units(row["register_total"].as<std::int64_t>());
    reading.register_epoch = row["register_epoch"].as<int>();
    reading.source = source_from_text(row["source"].as<std::string>());
    reading.reading_id = row["reading_id"].as<std::int64_t>();
    reading.values = values_from_field(row["meter_values"]);
    reading.resource = resource_from_text(row["resource"].as<std::string>());
    return reading;
}

}  // namespace

PgReadingStore::PgReadingStore(pg::Database& database, const outbox::Outbox& outbox,
                               const Clock& clock)
    : database_(database), events_(outbox, clock, kProducer) {}

Status PgReadingStore::ensure_months(const std::set<std::int64_t>& months) {
    for (const std::int64_t month : months) {
        {
            const std::lock_guard lock(mutex_);
            if (known_months_.count(month) != 0) {
                continue;
            }
        }
        // Not under the mutex: the new table waits for an import, and that may wait for its ids.
        const std::string first = month_start(month);
        const std::string table = "readings_" + first.substr(0, 4) + "_" + first.substr(5, 2);
        PREPAY_RETURN_IF_ERROR(database_.transact([&](pqxx::work& tx) -> Status {
            tx.exec_params("SELECT pg_advisory_xact_lock($1)",
                           static_cast<std::int64_t>(stable_hash("metering.readings") >> 1));
            const auto exists = tx.exec_params1("SELECT to_regclass($1) IS NOT NULL", table);
            if (!pg::only<bool>(exists)) {
                tx.exec0("CREATE TABLE " + table + " PARTITION OF readings FOR VALUES FROM ('" +
                         first + " 00:00:00+00') TO ('" + month_start(month + 1) +
                         " 00:00:00+00')");
                tx.exec0("REVOKE UPDATE, DELETE, TRUNCATE ON " + table + " FROM CURRENT_USER");
            }
            return absl::OkStatus();
        }));
        const std::lock_guard lock(mutex_);
        known_months_.insert(month);
    }
    return absl::OkStatus();
}

// Ids in a row for the readings of one statement. A sequence value stands for a block of ids, so
// that ids are known before the rows are written.
std::int64_t PgReadingStore::take_ids(pqxx::work& tx, std::size_t count) {
    const auto wanted = static_cast<std::int64_t>(count);
    PREPAY_ASSERT(wanted <= kIdsPerBlock);
    const std::lock_guard lock(mutex_);
    if (last_id_ - next_id_ + 1 < wanted) {
        const auto block = pg::only<std::int64_t>(tx.exec1("SELECT nextval('reading_id_blocks')"));
        next_id_ = block * kIdsPerBlock;
        last_id_ = next_id_ + kIdsPerBlock - 1;
    }
    const std::int64_t first = next_id_;
    next_id_ += wanted;
    return first;
}

// Returns the readings that are new; known identities are left alone.
std::vector<Reading> PgReadingStore::insert(pqxx::work& tx, std::vector<Reading> readings) {
    if (readings.empty()) {
        return readings;
    }
    std::int64_t id = take_ids(tx, readings.size());
    ReadingColumns columns;
    for (Reading& reading : readings) {
        reading.reading_id = id++;
        columns.add(reading);
    }
    static const std::string kInsert =
        "INSERT INTO readings (meter_no, channel, slot_time, revision, read_time, register_total,"
        " register_epoch, source, reading_id, meter_values)"
        " SELECT d.meter_no, d.channel, " +
        instant_of("d.slot") + ", d.revision, " + instant_of("d.read_at") +
        ", d.total, d.epoch, d.source, d.id,"
        " CASE WHEN d.vals = '' THEN NULL ELSE d.vals::bytea END"
        " FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[], $5::bigint[],"
        " $6::bigint[], $7::integer[], $8::text[], $9::bigint[], $10::text[])"
        " AS d(meter_no, channel, slot, revision, read_at, total, epoch, source, id, vals)"
        " ON CONFLICT DO NOTHING RETURNING reading_id";
    const pqxx::result rows =
        tx.exec_params(kInsert, pg::to_array(columns.meter_nos), pg::to_array(columns.channels),
                       pg::to_array(columns.slots), pg::to_array(columns.revisions),
                       pg::to_array(columns.read_times), pg::to_array(columns.totals),
                       pg::to_array(columns.epochs), pg::to_array(columns.sources),
                       pg::to_array(columns.ids), pg::to_array(columns.values));
    if (rows.size() == readings.size()) {
        return readings;
    }
    std::unordered_set<std::int64_t> stored;
    for (const auto& row : rows) {
        stored.insert(pg::only<std::int64_t>(row));
    }
    std::erase_if(readings,
                  [&](const Reading& reading) { return stored.count(reading.reading_id) == 0; });
    return readings;
}

void PgReadingStore::publish(pqxx::work& tx, const std::string& line_id,
                             const std::vector<const Reading*>& readings) const {
    if (readings.empty()) {
        return;
    }
    v1::ReadingsRecorded event;
    event.set_line_id(line_id);
    for (const Reading* reading : readings) {
        *event.add_readings() = to_proto_reading(*reading);
    }
    events_.append(tx, kReadingsTopic, line_id, std::move(event),
                   &v1::ReadingsRecorded::mutable_readings, readings.back()->read_time);
}

void PgReadingStore::write_states(pqxx::work& tx, const LineBatch& batch) const {
    std::map<std::int64_t, const MeterStateChange*> latest;
    for (const MeterStateChange& change : batch.state_changes) {
        latest[change.meter_no] = &change;
    }
    v1::MeterStatesChanged event;
    Instant occur_time{};
    for (const auto& [meter_no, change] : latest) {
        if (write_meter_state(tx, *change)) {
            *event.add_meter_states() = to_proto_meter_state(*change);
            occur_time = change->change_time;
        }
    }
    if (event.meter_states_size() > 0) {
        event.set_line_id(batch.line_id);
        events_.append(tx, kStatesTopic, batch.line_id, std::move(event),
                       &v1::MeterStatesChanged::mutable_meter_states, occur_time);
    }
}

void PgReadingStore::write_rejected(pqxx::work& tx, const LineBatch& batch) const {
    for (const RejectedReading& rejected : batch.rejected) {
        const auto inserted = tx.exec_params(
            "INSERT INTO rejected_readings (meter_id, reason, previous_total, register_total,"
            " read_time, state, previous_read_time, after_change, frames)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::bytea) ON CONFLICT DO NOTHING",
            rejected.meter_id, rejected.reason, rejected.previous_total.base_units(),
            rejected.register_total.base_units(), pg::to_timestamptz(rejected.read_time),
            rejected.quarantine ? "open" : "noted",
            optional_timestamptz(rejected.previous_read_time), rejected.after_change,
            frames_hex(rejected.frames));
        if (inserted.affected_rows() == 0) {
            continue;
        }
        v1::ReadingRejected event;
        event.set_line_id(batch.line_id);
        event.set_meter_id(rejected.meter_id);
        event.set_reason(rejected.reason);
        event.set_previous_register_total(rejected.previous_total.base_units());
        event.set_register_total(rejected.register_total.base_units());
        set_time(*event.mutable_read_time(), rejected.read_time);
        event.set_state(rejected.quarantine ? v1::ANOMALY_STATE_OPEN : v1::ANOMALY_STATE_NOTED);
        events_.append(tx, kAnomaliesTopic, batch.line_id, std::move(event), rejected.read_time);
    }
    for (const QuarantineSight& sight : batch.sights) {
        tx.exec_params(
            "UPDATE rejected_readings SET latest_total = $2, latest_read_time = $3,"
            " latest_fits = $4"
            " WHERE meter_id = $1 AND state = 'open' AND read_time < $3"
            " AND (latest_read_time IS NULL OR latest_read_time < $3)",
            sight.meter_id, sight.register_total.base_units(), pg::to_timestamptz(sight.read_time),
            sight.fits_base);
    }
}

Status PgReadingStore::ensure_months_of(const std::vector<Instant>& slots) {
    std::set<std::int64_t> months;
    for (const Instant slot : slots) {
        months.insert(month_of(slot));
    }
    return ensure_months(months);
}

void PgReadingStore::store(pqxx::work& tx, const std::string& line_id,
                           std::vector<Reading> readings) {
    const std::vector<Reading> stored = insert(tx, std::move(readings));
    std::vector<const Reading*> published;
    for (const Reading& reading : stored) {
        published.push_back(&reading);
    }
    publish(tx, line_id, published);
}

Status PgReadingStore::write(const std::vector<LineBatch>& batches) {
    std::set<std::int64_t> months;
    for (const LineBatch& batch : batches) {
        for (const Reading& reading : batch.readings) {
            months.insert(month_of(reading.slot_time));
        }
    }
    PREPAY_RETURN_IF_ERROR(ensure_months(months));
    return database_.transact([&](pqxx::work& tx) -> Status {
        std::vector<Reading> all;
        std::map<std::string, const LineBatch*> sweep_of_meter;
        for (const LineBatch& batch : batches) {
            for (const Reading& reading : batch.readings) {
                all.push_back(reading);
                sweep_of_meter.emplace(reading.meter_id, &batch);
            }
        }
        const std::vector<Reading> stored = insert(tx, std::move(all));
        std::map<std::string, std::vector<const Reading*>> by_line;
        for (const Reading& reading : stored) {
            by_line[sweep_of_meter[reading.meter_id]->line_id].push_back(&reading);
        }
        for (const auto& [line_id, readings] : by_line) {
            const telemetry::TraceScope trace(sweep_of_meter[readings.front()->meter_id]->trace_id);
            publish(tx, line_id, readings);
        }
        for (const LineBatch& batch : batches) {
            const telemetry::TraceScope trace(batch.trace_id);
            write_states(tx, batch);
            write_rejected(tx, batch);
        }
        return absl::OkStatus();
    });
}

void PgReadingStore::load_windows(pqxx::work& tx, std::vector<MeterWindow>& windows) {
    std::vector<std::int64_t> meter_nos;
    std::vector<std::int64_t> firsts;
    std::vector<std::int64_t> lasts;
    for (const MeterWindow& window : windows) {
        meter_nos.push_back(window.meter_no);
        firsts.push_back(to_micros(window.first));
        lasts.push_back(to_micros(window.last));
    }
    static const std::string kColumns =
        "SELECT slot_time, read_time, revision, register_total, register_epoch FROM readings"
        " WHERE meter_no = w.meter_no AND channel = 0 AND slot_time ";
    static const std::string kQuery =
        "SELECT w.place, " + pg::micros("r.read_time") +
        " AS read_micros, r.register_total, r.register_epoch FROM unnest($1::bigint[], "
        "$2::bigint[],"
        " $3::bigint[]) WITH ORDINALITY AS w(meter_no, first_at, last_at, place), LATERAL ((" +
        kColumns + "< " + instant_of("w.first_at") +
        " ORDER BY slot_time DESC, revision DESC LIMIT 1) UNION ALL (" + kColumns +
        ">= " + instant_of("w.first_at") + " AND slot_time <= " + instant_of("w.last_at") +
        ") UNION ALL (" + kColumns + "> " + instant_of("w.last_at") +
        " ORDER BY slot_time, revision LIMIT 1)) AS r"
        " ORDER BY w.place, r.read_time, r.register_epoch, r.revision";
    const auto rows =
        tx.exec_params(kQuery, pg::to_array(meter_nos), pg::to_array(firsts), pg::to_array(lasts));
    for (const auto& row : rows) {
        windows[static_cast<std::size_t>(row["place"].as<std::int64_t>() - 1)].stored.push_back(
            {from_micros(row["read_micros"].as<std::int64_t>()),
             RegisterTotal::from_base_units(row["register_total"].as<std::int64_t>()),
             row["register_epoch"].as<int>()});
    }
}

Result<std::string> PgReadingStore::import(
    const pg::RequestKey& key, std::vector<MeterWindow> windows, const std::vector<Instant>& times,
    const Decide& decide, const Answer& answer,
    const std::function<std::string(const Reading&)>& line_of) {
    std::set<std::int64_t> months;
    for (const Instant time : times) {
        months.insert(month_of(time));
    }
    PREPAY_RETURN_IF_ERROR(ensure_months(months));
    return database_.transact([&](pqxx::work& tx) -> Result<std::string> {
        return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
            // One import at a time: what it compares with must not change under it.
            inner.exec_params("SELECT pg_advisory_xact_lock($1)",
                              static_cast<std::int64_t>(stable_hash("metering.import") >> 1));
            std::vector<MeterWindow> loaded = windows;
            load_windows(inner, loaded);
            const std::vector<Reading> stored = insert(inner, decide(loaded));
            std::map<std::string, std::vector<const Reading*>> by_line;
            for (const Reading& reading : stored) {
                by_line[line_of(reading)].push_back(&reading);
            }
            for (const auto& [line_id, readings] : by_line) {
                publish(inner, line_id, readings);
            }
            return answer(stored);
        });
    });
}

Result<std::vector<Reading>> PgReadingStore::list(std::int64_t meter_no,
                                                  const std::string& meter_id, Instant start,
                                                  Instant end, const Position& after,
                                                  int count_max) {
    return database_.read([&](pqxx::work& tx) -> Result<std::vector<Reading>> {
        return select(tx, meter_no, meter_id, start, end, after, count_max);
    });
}

std::vector<Reading> PgReadingStore::select(pqxx::work& tx, std::int64_t meter_no,
                                            const std::string& meter_id, Instant start, Instant end,
                                            const Position& after, int count_max) {
    std::vector<Reading> readings;
    for (const auto& row : tx.exec_params(
             reading_columns() + " WHERE r.meter_no = $1 AND r.channel = 0 AND r.slot_time >= $2"
                                 " AND ($3 = '' OR r.slot_time < nullif($3, '')::timestamptz)"
                                 " AND (r.slot_time, r.revision) > ($4::timestamptz, $5::integer)"
                                 " ORDER BY r.slot_time, r.revision LIMIT $6",
             meter_no, pg::to_timestamptz(start),
             end == Instant::max() ? "" : pg::to_timestamptz(end),
             pg::to_timestamptz(after.slot_time), after.revision, count_max)) {
        readings.push_back(reading_from_row(row, meter_no, meter_id));
    }
    return readings;
}

std::optional<Reading> PgReadingStore::select_newest(pqxx::work& tx, std::int64_t meter_no,
                                                     const std::string& meter_id) {
    const auto rows = tx.exec_params(reading_columns() +
                                         " WHERE r.meter_no = $1 AND r.channel = 0"
                                         " ORDER BY r.slot_time DESC, r.revision DESC LIMIT 1",
                                     meter_no);
    return rows.empty() ? std::nullopt
                        : std::optional(reading_from_row(rows[0], meter_no, meter_id));
}

}  // namespace prepay::metering
