#include "adapters/pg_report_store.h"

namespace prepay::reporting {
namespace {

constexpr const char* kSumColumns =
    "d.energy_wh, d.water_ml, d.amount_micros, d.rate_0_wh, d.rate_1_wh, d.rate_2_wh,"
    " d.rate_3_wh, d.rate_4_wh, d.rate_5_wh";

constexpr const char* kFilter =
    " WHERE d.local_date >= $1::date AND d.local_date < $2::date"
    " AND ($3 = '' OR d.site_id = $3) AND ($4 = '' OR d.room_id = $4)";

constexpr const char* kOrder =
    "d.local_date, coalesce(r.display_name, '') COLLATE \"C\", d.room_id COLLATE \"C\"";

DaySum read_sum(const pqxx::row& row, int first) {
    DaySum sum;
    sum.energy = Energy::from_wh(row[first].as<std::int64_t>());
    sum.water_ml = row[first + 1].as<std::int64_t>();
    sum.amount = Money::from_micros(row[first + 2].as<std::int64_t>());
    for (std::size_t i = 0; i < kRateCount; ++i) {
        sum.rate_energy_wh[i] = row[first + 3 + static_cast<int>(i)].as<std::int64_t>();
    }
    return sum;
}

// At most `count_max` lines after a place.
std::vector<RoomDay> select_days(pqxx::work& tx, const DayFilter& filter, const DayPlace* after,
                                 int count_max) {
    const std::string start = format_date(after == nullptr ? filter.start_date : after->date);
    const std::string sql = std::string(
                                "SELECT d.local_date::text, d.room_id,"
                                " coalesce(r.display_name, ''), ") +
                            kSumColumns + " FROM room_days d LEFT JOIN rooms r USING (room_id)" +
                            kFilter + " AND ($5 = '' OR (" + kOrder +
                            ") > (nullif($5, '')::date, $6, $7)) ORDER BY " + kOrder + " LIMIT $8";
    std::vector<RoomDay> days;
    for (const auto& row :
         tx.exec_params(sql, start, format_date(filter.end_date), filter.site_id, filter.room_id,
                        after == nullptr ? "" : start, after == nullptr ? "" : after->room_name,
                        after == nullptr ? "" : after->room_id, count_max)) {
        RoomDay day;
        day.date = parse_date(row[0].as<std::string>()).value_or(LocalDate());
        day.room_id = row[1].as<std::string>();
        day.room_name = row[2].as<std::string>();
        day.sum = read_sum(row, 3);
        days.push_back(std::move(day));
    }
    return days;
}

DaySum select_total(pqxx::work& tx, const DayFilter& filter) {
    std::string sums = kSumColumns;
    std::string columns;
    for (std::size_t at = 0; at < sums.size();) {
        const std::size_t end = std::min(sums.find(", ", at), sums.size());
        columns += (columns.empty() ? "" : ", ") + ("coalesce(sum(" + sums.substr(at, end - at)) +
                   "), 0)::bigint";
        at = end + 2;
    }
    return read_sum(tx.exec_params1("SELECT " + columns + " FROM room_days d" + kFilter,
                                    format_date(filter.start_date), format_date(filter.end_date),
                                    filter.site_id, filter.room_id),
                    0);
}

}  // namespace

Result<RoomDayPage> PgReportStore::list_room_days(const DayFilter& filter, const DayPlace* after,
                                                  int page_size) {
    return database_.read([&](pqxx::work& tx) -> Result<RoomDayPage> {
        RoomDayPage page;
        page.days = select_days(tx, filter, after, page_size + 1);
        page.has_more = page.days.size() > static_cast<std::size_t>(page_size);
        if (page.has_more) {
            page.days.pop_back();
        }
        page.total = select_total(tx, filter);
        return page;
    });
}

Result<std::vector<RoomDay>> PgReportStore::read_room_days(const DayFilter& filter, int row_max) {
    return database_.read([&](pqxx::work& tx) -> Result<std::vector<RoomDay>> {
        std::vector<RoomDay> days = select_days(tx, filter, nullptr, row_max + 1);
        if (days.size() > static_cast<std::size_t>(row_max)) {
            return make_error(absl::StatusCode::kResourceExhausted, "EXPORT_TOO_LARGE",
                              "The export has more than " + std::to_string(row_max) +
                                  " lines. Choose fewer days or one room.",
                              {{"row_max", std::to_string(row_max)}});
        }
        return days;
    });
}

Result<std::vector<RoomHour>> PgReportStore::list_room_hours(const std::string& room_id,
                                                             const LocalDate& date) {
    return database_.read([&](pqxx::work& tx) -> Result<std::vector<RoomHour>> {
        const auto found = tx.exec_params(
            "SELECT s.time_zone FROM rooms r JOIN sites s USING (site_id) WHERE r.room_id = $1",
            room_id);
        if (found.empty()) {
            return not_found("ROOM_UNKNOWN", "No room " + room_id + " is known here.");
        }
        PREPAY_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::load(found[0][0].as<std::string>()));
        std::vector<RoomHour> hours;
        for (const LocalHour& hour : hours_of_day(zone, date)) {
            hours.push_back({hour, {}});
        }
        if (hours.empty()) {
            return hours;  // A day that the zone skipped.
        }
        std::map<Instant, HourSum> sums;
        for (const auto& row :
             tx.exec_params("SELECT " + pg::micros("start_time") +
                                ", energy_wh, amount_micros FROM room_hours"
                                " WHERE start_time >= $1 AND start_time < $2 AND room_id = $3",
                            pg::to_timestamptz(hours.front().hour.start),
                            pg::to_timestamptz(hours.back().hour.end), room_id)) {
            sums[from_micros(row[0].as<std::int64_t>())] = {
                Energy::from_wh(row[1].as<std::int64_t>()),
                Money::from_micros(row[2].as<std::int64_t>())};
        }
        for (RoomHour& hour : hours) {
            hour.sum = sums[hour.hour.start];
        }
        return hours;
    });
}

Result<TotalSum> PgReportStore::read_totals(const std::string& site_id) {
    return database_.read([&](pqxx::work& tx) -> Result<TotalSum> {
        const auto row = tx.exec_params1(
            "SELECT coalesce(sum(charge_micros), 0)::bigint, coalesce(sum(energy_wh), 0)::bigint,"
            " coalesce(sum(credit_micros), 0)::bigint, coalesce(sum(charge_count), 0)::bigint,"
            " coalesce(" +
                pg::micros("max(as_of_time)") + ", 0) FROM totals WHERE $1 = '' OR site_id = $1",
            site_id);
        TotalSum total;
        total.charged = Money::from_micros(row[0].as<std::int64_t>());
        total.energy = Energy::from_wh(row[1].as<std::int64_t>());
        total.credited = Money::from_micros(row[2].as<std::int64_t>());
        total.charge_count = row[3].as<std::int64_t>();
        total.as_of_time = from_micros(row[4].as<std::int64_t>());
        return total;
    });
}

}  // namespace prepay::reporting
