#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "domain/room_day.h"
#include "pg/database.h"

namespace prepay::reporting {

/// Empty ids match everything; [start, end) in local dates.
struct DayFilter {
    std::string site_id;
    std::string room_id;
    LocalDate start_date;
    LocalDate end_date;
};

/// The last line of the page before, in report order.
struct DayPlace {
    LocalDate date;
    std::string room_name;
    std::string room_id;
};

struct RoomDayPage {
    std::vector<RoomDay> days;
    bool has_more = false;
    DaySum total;  ///< Of all lines of the filter, from the same snapshot.
};

struct RoomHour {
    LocalHour hour;
    HourSum sum;
};

/// Reads the reports, each from one snapshot. Thread-safe.
class PgReportStore {
public:
    explicit PgReportStore(pg::Database& database) : database_(database) {}

    /// Lines by date, room name and id. `after` null = the first page.
    Result<RoomDayPage> list_room_days(const DayFilter& filter, const DayPlace* after,
                                       int page_size);
    /// All lines in the same order; reason EXPORT_TOO_LARGE when there are more than `row_max`.
    Result<std::vector<RoomDay>> read_room_days(const DayFilter& filter, int row_max);
    /// Every hour of the site's local day, zero where nothing was charged. Reason ROOM_UNKNOWN.
    Result<std::vector<RoomHour>> list_room_hours(const std::string& room_id,
                                                  const LocalDate& date);
    /// Sums of a site, or of all with an empty id.
    Result<TotalSum> read_totals(const std::string& site_id);

private:
    pg::Database& database_;
};

}  // namespace prepay::reporting
