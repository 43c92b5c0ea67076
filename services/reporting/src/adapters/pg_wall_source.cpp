#include "adapters/pg_wall_source.h"

#include "adapters/pg_text.h"
#include "convert.h"
#include "core/pause.h"
#include "pg/row.h"
#include "telemetry/log.h"

namespace prepay::reporting {
namespace {

// A time, or NULL where the column is infinite.
std::string finite_micros(const std::string& column) {
    return "CASE WHEN isfinite(" + column + ") THEN " + pg::micros(column) + " END AS " + column;
}

Status load_sites(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const pg::Row row : tx.exec_params(
             "SELECT site_id, time_zone FROM sites WHERE change_xid >= $1::xid8", since)) {
        PREPAY_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::load(row.text("time_zone")));
        facts.sites.push_back({row.text("site_id"), zone});
    }
    return absl::OkStatus();
}

void load_rooms(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const pg::Row row : tx.exec_params(
             "SELECT room_id, site_id, building, floor, display_name, meter_ids FROM rooms"
             " WHERE change_xid >= $1::xid8",
             since)) {
        facts.rooms.push_back({row.text("room_id"), row.text("site_id"), row.text("building"),
                               row.text("floor"), row.text("display_name"),
                               row.texts("meter_ids")});
    }
}

// At the first look only those that may still matter.
void load_occupancies(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const pg::Row row : tx.exec_params(
             "SELECT occupancy_id, room_id, account_id, " + pg::micros("start_time") +
                 " AS start_time, " + finite_micros("end_time") +
                 ", NOT (vacancy OR deleted) AS is_effective FROM occupancies WHERE change_xid >= "
                 "$1::xid8"
                 " AND ($1 <> '0' OR (NOT vacancy AND NOT deleted AND end_time > now()))",
             since)) {
        OccupancyFacts occupancy;
        occupancy.occupancy_id = row.text("occupancy_id");
        occupancy.room_id = row.text("room_id");
        occupancy.account_id = row.text("account_id");
        occupancy.start_time = row.time("start_time");
        occupancy.end_time = row.find_time("end_time");
        occupancy.is_effective = row.get<bool>("is_effective");
        facts.occupancies.push_back(std::move(occupancy));
    }
}

void load_accounts(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const pg::Row row : tx.exec_params(
             "SELECT account_id, customer_name, balance_micros, fee_state, keep_power FROM accounts"
             " WHERE change_xid >= $1::xid8",
             since)) {
        AccountFacts account;
        account.account_id = row.text("account_id");
        account.customer_name = row.text("customer_name");
        account.balance = Money::from_micros(row.number("balance_micros"));
        account.fee_state = fee_state_from_db(row.text("fee_state"));
        account.keep_power = row.get<bool>("keep_power");
        facts.accounts.push_back(std::move(account));
    }
}

void load_meters(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const pg::Row row : tx.exec_params(
             "SELECT meter_id, online, relay, resource, power_w, " + finite_micros("read_time") +
                 ", " + finite_micros("contradicted_time") + ", " + finite_micros("verified_time") +
                 ", holds, foreign_open FROM meters WHERE change_xid >= $1::xid8",
             since)) {
        MeterFacts meter;
        meter.meter_id = row.text("meter_id");
        meter.online = row.get<bool>("online");
        meter.relay = relay_from_db(row.text("relay"));
        meter.resource = resource_from_db(row.text("resource"));
        meter.power_w = row.number("power_w");
        meter.read_time = row.find_time("read_time");
        meter.contradicted_time = row.find_time("contradicted_time");
        meter.verified_time = row.find_time("verified_time");
        meter.holds = holds_from_bytes(row.bytes("holds"));
        meter.foreign_open = row.get<bool>("foreign_open");
        facts.meters.push_back(std::move(meter));
    }
}

void load_days(pqxx::work& tx, const std::string& since, const std::set<LocalDate>& dates,
               WallFacts& facts) {
    std::vector<std::string> texts;
    texts.reserve(dates.size());
    for (const LocalDate& date : dates) {
        texts.push_back(format_date(date));
    }
    for (const pg::Row row : tx.exec_params(
             "SELECT room_id, local_date::text, sum(energy_wh)::bigint AS energy_wh,"
             " sum(water_ml)::bigint AS water_ml, sum(amount_micros)::bigint AS amount_micros"
             " FROM room_days WHERE partition >= 0 AND (local_date, room_id) IN"
             " (SELECT local_date, room_id FROM room_days"
             "  WHERE local_date = ANY ($2::date[]) AND change_xid >= $1::xid8)"
             " GROUP BY room_id, local_date",
             since, pg::to_array(texts))) {
        facts.days.push_back(
            {row.text("room_id"), parse_date(row.text("local_date")).value_or(LocalDate()),
             Quantity::wh(row.number("energy_wh")), Quantity::ml(row.number("water_ml")),
             Money::from_micros(row.number("amount_micros"))});
    }
}

}  // namespace

Result<WallFacts> PgWallSource::load(pqxx::work& tx, const std::set<LocalDate>& dates) {
    WallFacts facts;
    next_seen_xid_ =
        pg::only<std::string>(tx.exec1("SELECT pg_snapshot_xmin(pg_current_snapshot())::text"));
    PREPAY_RETURN_IF_ERROR(load_sites(tx, seen_xid_, facts));
    load_rooms(tx, seen_xid_, facts);
    load_occupancies(tx, seen_xid_, facts);
    load_accounts(tx, seen_xid_, facts);
    load_meters(tx, seen_xid_, facts);
    // A day that has just begun somewhere is read from its first charge on.
    load_days(tx, dates == loaded_dates_ ? seen_xid_ : "0", dates, facts);
    return facts;
}

Status PgWallSource::refresh() {
    const Instant now = clock_.now();
    const std::set<LocalDate> dates = image_.local_dates(now);
    PREPAY_ASSIGN_OR_RETURN(const WallFacts facts,
                            database_.read([&](pqxx::work& tx) { return load(tx, dates); }));
    image_.apply(facts, now);
    seen_xid_ = next_seen_xid_;
    loaded_dates_ = dates;
    // Sites that are new name the days to read.
    return facts.sites.empty() || image_.local_dates(now) == dates ? absl::OkStatus() : refresh();
}

}  // namespace prepay::reporting
