#include "adapters/pg_report_store.h"

#include <algorithm>
#include <array>

#include "pg/row.h"

namespace prepay::reporting {
namespace {

constexpr std::array<const char*, 3> kSumColumns = {"energy_wh", "water_ml", "amount_micros"};
constexpr std::array<const char*, kRateCount> kRateColumns = {
    "rate_0_wh", "rate_1_wh", "rate_2_wh", "rate_3_wh", "rate_4_wh", "rate_5_wh"};

/// The columns of a DaySum, each as `before` + "d.<name>" + `after`.
std::string sum_columns(const std::string& before, const std::string& after) {
    std::string columns;
    const auto append = [&](const std::string& name) {
        columns += (columns.empty() ? "" : ", ") + before + "d." + name + after + " AS " + name;
    };
    std::for_each(kSumColumns.begin(), kSumColumns.end(), append);
    std::for_each(kRateColumns.begin(), kRateColumns.end(), append);
    return columns;
}

constexpr const char* kFilter =
    " WHERE d.partition >= 0 AND d.local_date >= $1::date AND d.local_date < $2::date"
    " AND ($3 = '' OR d.site_id = $3) AND ($4 = '' OR d.room_id = $4)";

constexpr const char* kOrder =
    "d.local_date, coalesce(r.display_name, '') COLLATE \"C\", d.room_id COLLATE \"C\"";

DaySum read_sum(const pg::Row& row) {
    DaySum sum;
    sum.energy = Quantity::wh(row.number("energy_wh"));
    sum.water = Quantity::ml(row.number("water_ml"));
    sum.amount = Money::from_micros(row.number("amount_micros"));
    for (std::size_t i = 0; i < kRateCount; ++i) {
        sum.rate_energy_wh[i] = row.number(kRateColumns[i]);
    }
    return sum;
}

// At most `count_max` lines after a place.
std::vector<RoomDay> select_days(pqxx::work& tx, const DayFilter& filter, const DayPlace* after,
                                 int count_max) {
    const std::string start = format_date(after == nullptr ? filter.start_date : after->date);
    const std::string sql = std::string(
                                "SELECT d.local_date::text, d.room_id,"
                                " coalesce(r.display_name, '') AS room_name, ") +
                            sum_columns("sum(", ")::bigint") +
                            " FROM room_days d LEFT JOIN rooms r USING (room_id)" + kFilter +
                            " AND ($5 = '' OR (" + kOrder +
                            ") > (nullif($5, '')::date, $6, $7))"
                            " GROUP BY d.local_date, d.room_id, r.display_name ORDER BY " +
                            kOrder + " LIMIT $8";
    std::vector<RoomDay> days;
    for (const pg::Row row :
         tx.exec_params(sql, start, format_date(filter.end_date), filter.site_id, filter.room_id,
                        after == nullptr ? "" : start, after == nullptr ? "" : after->room_name,
                        after == nullptr ? "" : after->room_id, count_max)) {
        RoomDay day;
        day.date = parse_date(row.text("local_date")).value_or(LocalDate());
        day.room_id = row.text("room_id");
        day.room_name = row.text("room_name");
        day.sum = read_sum(row);
        days.push_back(std::move(day));
    }
    return days;
}

DaySum select_total(pqxx::work& tx, const DayFilter& filter) {
    return read_sum(tx.exec_params1(
        "SELECT " + sum_columns("coalesce(sum(", "), 0)::bigint") + " FROM room_days d" + kFilter,
        format_date(filter.start_date), format_date(filter.end_date), filter.site_id,
        filter.room_id));
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
        PREPAY_ASSIGN_OR_RETURN(const TimeZone zone,
                                TimeZone::load(pg::only<std::string>(found.front())));
        std::vector<RoomHour> hours;
        for (const LocalHour& hour : hours_of_day(zone, date)) {
            hours.push_back({hour, {}});
        }
        if (hours.empty()) {
            return hours;  // A day that the zone skipped.
        }
        std::map<Instant, HourSum> sums;
        for (const pg::Row row :
             tx.exec_params("SELECT " + pg::micros("h.start_time") +
                                " AS start_time, sum(energy_wh)::bigint AS energy_wh,"
                                " sum(water_ml)::bigint AS water_ml,"
                                " sum(amount_micros)::bigint AS amount_micros FROM room_hours h"
                                " WHERE h.start_time >= $1 AND h.start_time < $2 AND room_id = $3"
                                " AND partition >= 0 GROUP BY h.start_time",
                            pg::to_timestamptz(hours.front().hour.start),
                            pg::to_timestamptz(hours.back().hour.end), room_id)) {
            sums[row.time("start_time")] = {Quantity::wh(row.number("energy_wh")),
                                            Quantity::ml(row.number("water_ml")),
                                            Money::from_micros(row.number("amount_micros"))};
        }
        for (RoomHour& hour : hours) {
            hour.sum = sums[hour.hour.start];
        }
        return hours;
    });
}

Result<TotalSum> PgReportStore::read_totals(const std::string& site_id) {
    return database_.read([&](pqxx::work& tx) -> Result<TotalSum> {
        const pg::Row row = tx.exec_params1(
            "SELECT coalesce(sum(charge_micros), 0)::bigint AS charge_micros,"
            " coalesce(sum(energy_wh), 0)::bigint AS energy_wh,"
            " coalesce(sum(water_ml), 0)::bigint AS water_ml,"
            " coalesce(sum(credit_micros), 0)::bigint AS credit_micros,"
            " coalesce(sum(charge_count), 0)::bigint AS charge_count, coalesce(" +
                pg::micros("max(as_of_time)") +
                ", 0) AS as_of_time FROM totals"
                " WHERE partition >= 0 AND ($1 = '' OR site_id = $1)",
            site_id);
        TotalSum total;
        total.charged = Money::from_micros(row.number("charge_micros"));
        total.energy = Quantity::wh(row.number("energy_wh"));
        total.water = Quantity::ml(row.number("water_ml"));
        total.credited = Money::from_micros(row.number("credit_micros"));
        total.charge_count = row.number("charge_count");
        total.as_of_time = row.time("as_of_time");
        return total;
    });
}

}  // namespace prepay::reporting
