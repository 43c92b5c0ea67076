#include "adapters/pg_wall_source.h"

#include "adapters/pg_text.h"
#include "convert.h"
#include "core/pause.h"
#include "telemetry/log.h"

namespace prepay::reporting {
namespace {

// A time, or NULL where the column is infinite.
std::string finite_micros(const std::string& column) {
    return "CASE WHEN isfinite(" + column + ") THEN " + pg::micros(column) + " END";
}

std::optional<Instant> optional_instant(const pqxx::field& field) {
    if (field.is_null()) {
        return std::nullopt;
    }
    return from_micros(field.as<std::int64_t>());
}

std::vector<std::string> text_array(const pqxx::field& field) {
    std::vector<std::string> texts;
    pqxx::array_parser parser = field.as_array();
    for (auto item = parser.get_next(); item.first != pqxx::array_parser::juncture::done;
         item = parser.get_next()) {
        if (item.first == pqxx::array_parser::juncture::string_value) {
            texts.push_back(item.second);
        }
    }
    return texts;
}

Status load_sites(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const auto& row : tx.exec_params(
             "SELECT site_id, time_zone FROM sites WHERE change_xid >= $1::xid8", since)) {
        PREPAY_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::load(row[1].as<std::string>()));
        facts.sites.push_back({row[0].as<std::string>(), zone});
    }
    return absl::OkStatus();
}

void load_rooms(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const auto& row : tx.exec_params(
             "SELECT room_id, site_id, building, floor, display_name, meter_ids FROM rooms"
             " WHERE change_xid >= $1::xid8",
             since)) {
        facts.rooms.push_back({row[0].as<std::string>(), row[1].as<std::string>(),
                               row[2].as<std::string>(), row[3].as<std::string>(),
                               row[4].as<std::string>(), text_array(row[5])});
    }
}

// At the first look only those that may still matter.
void load_occupancies(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const auto& row : tx.exec_params(
             "SELECT occupancy_id, room_id, account_id, " + pg::micros("start_time") + ", " +
                 finite_micros("end_time") +
                 ", NOT (vacancy OR deleted) FROM occupancies WHERE change_xid >= $1::xid8"
                 " AND ($1 <> '0' OR (NOT vacancy AND NOT deleted AND end_time > now()))",
             since)) {
        OccupancyFacts occupancy;
        occupancy.occupancy_id = row[0].as<std::string>();
        occupancy.room_id = row[1].as<std::string>();
        occupancy.account_id = row[2].as<std::string>();
        occupancy.start_time = from_micros(row[3].as<std::int64_t>());
        occupancy.end_time = optional_instant(row[4]);
        occupancy.is_effective = row[5].as<bool>();
        facts.occupancies.push_back(std::move(occupancy));
    }
}

void load_accounts(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const auto& row : tx.exec_params(
             "SELECT account_id, customer_name, balance_micros, fee_state, keep_power FROM accounts"
             " WHERE change_xid >= $1::xid8",
             since)) {
        AccountFacts account;
        account.account_id = row[0].as<std::string>();
        account.customer_name = row[1].as<std::string>();
        account.balance = Money::from_micros(row[2].as<std::int64_t>());
        account.fee_state = fee_state_from_db(row[3].as<std::string>());
        account.keep_power = row[4].as<bool>();
        facts.accounts.push_back(std::move(account));
    }
}

void load_meters(pqxx::work& tx, const std::string& since, WallFacts& facts) {
    for (const auto& row : tx.exec_params(
             "SELECT meter_id, online, relay, power_w, " + finite_micros("read_time") + ", " +
                 finite_micros("contradicted_time") + ", " + finite_micros("verified_time") +
                 ", holds, foreign_open FROM meters WHERE change_xid >= $1::xid8",
             since)) {
        MeterFacts meter;
        meter.meter_id = row[0].as<std::string>();
        meter.online = row[1].as<bool>();
        meter.relay = relay_from_db(row[2].as<std::string>());
        meter.power_w = row[3].as<std::int64_t>();
        meter.read_time = optional_instant(row[4]);
        meter.contradicted_time = optional_instant(row[5]);
        meter.verified_time = optional_instant(row[6]);
        meter.holds = holds_from_bytes(pqxx::binarystring(row["holds"]).str());
        meter.foreign_open = row["foreign_open"].as<bool>();
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
    for (const auto& row :
         tx.exec_params("SELECT room_id, local_date::text, energy_wh, amount_micros FROM room_days"
                        " WHERE local_date = ANY ($2::date[]) AND change_xid >= $1::xid8",
                        since, pg::to_array(texts))) {
        facts.days.push_back({row[0].as<std::string>(),
                              parse_date(row[1].as<std::string>()).value_or(LocalDate()),
                              Energy::from_wh(row[2].as<std::int64_t>()),
                              Money::from_micros(row[3].as<std::int64_t>())});
    }
}

}  // namespace

Result<WallFacts> PgWallSource::load(pqxx::work& tx, const std::set<LocalDate>& dates) {
    WallFacts facts;
    next_seen_xid_ =
        tx.exec1("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")[0].as<std::string>();
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

void PgWallSource::run(const std::stop_token& stop, std::chrono::milliseconds interval,
                       const ReportingMetrics& metrics) {
    while (!stop.stop_requested()) {
        if (const Status status = refresh(); !status.ok()) {
            telemetry::log_warning("the wall will be refreshed again",
                                   {{"error", telemetry::describe(status)}});
        }
        metrics.set_wall_rooms(image_.room_count());
        pause(stop, interval);
    }
}

}  // namespace prepay::reporting
