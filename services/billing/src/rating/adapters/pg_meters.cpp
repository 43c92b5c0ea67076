#include "rating/adapters/pg_meters.h"

#include <set>

#include "pg/database.h"
#include "pg/row.h"
#include "tariffs/adapters/pg_rows.h"

namespace prepay::billing {
namespace {

const char* const kNull = "nullif(u.%, -9223372036854775808)";

std::string nullable(const std::string& column) {
    std::string text = kNull;
    return text.replace(text.find('%'), 1, column);
}

/// One of a meter's two readings, `prefix` "base_" or "first_"; nothing while there is none.
std::optional<Reading> read_reading(const pg::Row& row, const std::string& prefix) {
    const auto column = [&](const char* name) { return prefix + name; };
    const std::optional<Instant> slot_time = row.find_time(column("slot_time").c_str());
    if (!slot_time) {
        return std::nullopt;
    }
    return Reading{*slot_time,
                   row.get<int>(column("revision").c_str()),
                   row.time(column("read_time").c_str()),
                   RegisterTotal::from_base_units(row.number(column("register").c_str())),
                   row.get<int>(column("epoch").c_str()),
                   row.number(column("reading_id").c_str())};
}

std::vector<std::int64_t> keys_of(const std::vector<MeterWork>& works) {
    std::vector<std::int64_t> keys;
    keys.reserve(works.size());
    for (const MeterWork& work : works) {
        keys.push_back(work.meter_key);
    }
    return keys;
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

/// Gives each row's meter (`meter_key`) its work; rows come in key order like the works.
template <typename Use>
void for_each_work(const pqxx::result& rows, std::vector<MeterWork>& works, Use use) {
    auto work = works.begin();
    for (const pg::Row row : rows) {
        const std::int64_t key = row.number("meter_key");
        while (work->meter_key != key) {
            ++work;
        }
        use(*work, row);
    }
}

void load_resources(pqxx::work& tx, const std::string& keys, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "SELECT meter_key, register_epoch, resource FROM meter_resources"
        " WHERE meter_key = ANY ($1::bigint[]) ORDER BY meter_key",
        keys);
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        const int epoch = row.get<int>("register_epoch");
        work.resources[epoch] = work.stored_resources[epoch] = resource_of(row.text("resource"));
    });
}

void load_occupancies(pqxx::work& tx, const std::string& keys, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "SELECT o.meter_key, o.occupancy_key, o.occupancy_id, a.account_id, o.account_key,"
        " o.room_id, o.site_id, to_micros(o.start_time) AS start_time,"
        " to_micros(o.end_time) AS end_time, o.opening_register, o.closing_register, o.revision, "
        "o.vacancy"
        " FROM occupancies o JOIN accounts a USING (account_key)"
        " WHERE o.meter_key = ANY ($1::bigint[]) AND NOT o.deleted"
        " ORDER BY o.meter_key, o.start_time, o.occupancy_key",
        keys);
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        Occupancy o;
        o.key = row.number("occupancy_key");
        o.occupancy_id = row.text("occupancy_id");
        o.account_id = row.text("account_id");
        o.account_key = row.number("account_key");
        o.room_id = row.text("room_id");
        o.site_id = row.text("site_id");
        o.start = row.time("start_time");
        o.end = row.find_time("end_time");
        o.opening_register = row.number("opening_register");
        o.closing_register = row.number("closing_register");
        o.revision = row.number("revision");
        o.vacancy = row.get<bool>("vacancy");
        work.state.occupancies.push_back(std::move(o));
    });
}

void load_assignments(pqxx::work& tx, const std::string& keys, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "SELECT meter_key, to_micros(start_time) AS start_time, tariff_key FROM assignments"
        " WHERE meter_key = ANY ($1::bigint[]) ORDER BY meter_key, start_time",
        keys);
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        work.assignments.push_back({row.time("start_time"), row.number("tariff_key")});
    });
}

void load_counters(pqxx::work& tx, const std::string& keys, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "SELECT c.meter_key, a.account_id, c.tier_span, c.span_key, c.used"
        " FROM tier_counters c JOIN accounts a USING (account_key)"
        " WHERE c.meter_key = ANY ($1::bigint[]) ORDER BY c.meter_key",
        keys);
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        const std::string account_id = row.text("account_id");
        const TierCounter counter{tier_span_of(row.text("tier_span")),
                                  row.get<std::int32_t>("span_key"), row.number("used")};
        work.state.counters[account_id] = counter;
        work.stored_counters[account_id] = counter;
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

/// What of tier counters is to be written.
struct CounterRows {
    NumberColumns numbers{3};
    std::vector<std::string> accounts;
    std::vector<std::string> spans;

    std::vector<std::string> finish() {
        std::vector<std::string> parameters = numbers.finish();
        parameters.push_back(pg::to_array(accounts));
        parameters.push_back(pg::to_array(spans));
        return parameters;
    }
};

constexpr const char* kCounterSource =
    "unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[])"
    " AS u(meter_key, span_key, used, account_id, span) JOIN accounts a USING (account_id)";

void save_counters(pqxx::work& tx, const std::vector<MeterWork>& works) {
    CounterRows changed;
    CounterRows fresh;
    for (const MeterWork& work : works) {
        for (const auto& [account_id, counter] : work.state.counters) {
            const auto stored = work.stored_counters.find(account_id);
            const bool is_stored = stored != work.stored_counters.end();
            if (counter == (is_stored ? stored->second : TierCounter())) {
                continue;
            }
            CounterRows& rows = is_stored ? changed : fresh;
            rows.numbers.add({work.meter_key, counter.span_key, counter.used});
            rows.accounts.push_back(account_id);
            rows.spans.push_back(to_text(counter.span));
        }
    }
    if (!changed.accounts.empty()) {
        tx.exec_params(
            std::string("UPDATE tier_counters c SET tier_span = u.span, span_key = u.span_key::int,"
                        " used = u.used FROM ") +
                kCounterSource +
                " WHERE c.meter_key = u.meter_key AND c.account_key = a.account_key",
            pqxx::prepare::make_dynamic_params(changed.finish()));
    }
    if (!fresh.accounts.empty()) {
        tx.exec_params(std::string("INSERT INTO tier_counters (meter_key, account_key, tier_span,"
                                   " span_key, used) SELECT u.meter_key, a.account_key, u.span,"
                                   " u.span_key::int, u.used FROM ") +
                           kCounterSource,
                       pqxx::prepare::make_dynamic_params(fresh.finish()));
    }
}

void save_pending(pqxx::work& tx, const std::vector<MeterWork>& works) {
    NumberColumns columns(7);
    bool any = false;
    for (const MeterWork& work : works) {
        for (const Reading& reading : work.pending) {
            any = true;
            columns.add({work.meter_key, to_micros(reading.slot_time), reading.epoch,
                         reading.revision, to_micros(reading.read_time), reading.total.base_units(),
                         reading.reading_id});
        }
    }
    if (!any) {
        return;
    }
    tx.exec_params(
        "INSERT INTO pending_readings (meter_key, slot_time, register_epoch, revision,"
        " read_time, register_total, reading_id) SELECT u.meter_key, to_time(u.slot),"
        " u.epoch::int, u.revision::int, to_time(u.moment), u.total, u.id FROM " +
            NumberColumns::unnest(
                {"meter_key", "slot", "epoch", "revision", "moment", "total", "id"}) +
            " ON CONFLICT DO NOTHING",
        pqxx::prepare::make_dynamic_params(columns.finish()));
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
    const std::string keys = pg::to_array(keys_of(works));
    load_resources(tx, keys, works);
    load_occupancies(tx, keys, works);
    load_assignments(tx, keys, works);
    load_counters(tx, keys, works);
    return works;
}

void take_pending(pqxx::work& tx, std::vector<MeterWork>& works) {
    const auto rows = tx.exec_params(
        "WITH taken AS (DELETE FROM pending_readings WHERE meter_key = ANY ($1::bigint[])"
        " RETURNING *) SELECT meter_key, to_micros(slot_time) AS slot_time, revision,"
        " to_micros(read_time) AS read_time, register_total AS register, register_epoch AS epoch,"
        " reading_id FROM taken ORDER BY meter_key",
        pg::to_array(keys_of(works)));
    for_each_work(rows, works, [](MeterWork& work, const pg::Row& row) {
        work.readings.push_back(*read_reading(row, ""));
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

void upsert_occupancies(pqxx::work& tx, std::int64_t meter_key,
                        const std::vector<Occupancy>& occupancies) {
    for (const Occupancy& o : occupancies) {
        tx.exec_params(
            "INSERT INTO occupancies AS stored (occupancy_id, meter_key, account_key, room_id,"
            " site_id, start_time, end_time, opening_register, closing_register, revision,"
            " vacancy, deleted) VALUES ($1, $2, $3, $4, $5, to_time($6),"
            " to_time(nullif($7::bigint, $8::bigint)), $9, $10, $11, $12, $13)"
            " ON CONFLICT (occupancy_id, meter_key) DO UPDATE SET"
            " start_time = excluded.start_time, end_time = excluded.end_time,"
            " opening_register = excluded.opening_register,"
            " closing_register = excluded.closing_register, revision = excluded.revision,"
            " vacancy = excluded.vacancy, deleted = excluded.deleted"
            " WHERE stored.revision < excluded.revision",
            o.occupancy_id, meter_key, o.account_key, o.room_id, o.site_id, to_micros(o.start),
            o.end ? to_micros(*o.end) : kSqlNull, kSqlNull, o.opening_register, o.closing_register,
            o.revision, o.vacancy, o.deleted);
    }
}

void reload_occupancies(pqxx::work& tx, std::vector<MeterWork>& works) {
    for (MeterWork& work : works) {
        work.state.occupancies.clear();
    }
    load_occupancies(tx, pg::to_array(keys_of(works)), works);
}

void reload_assignments(pqxx::work& tx, std::vector<MeterWork>& works) {
    for (MeterWork& work : works) {
        work.assignments.clear();
    }
    load_assignments(tx, pg::to_array(keys_of(works)), works);
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

std::int64_t count_pending(pqxx::work& tx) {
    return pg::only<std::int64_t>(tx.exec1("SELECT count(*) FROM pending_readings"));
}

}  // namespace prepay::billing
