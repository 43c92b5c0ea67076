#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/meter_track.h"
#include "core/time.h"
#include "outbox/outbox.h"
#include "pg/database.h"
#include "pg/request_answer.h"

namespace prepay::metering {

/// Lines and meters as registered. Thread-safe.
class PgRegistryStore {
public:
    explicit PgRegistryStore(pg::Database& database) : database_(database) {}

    /// All or nothing; a known line takes the new settings. Like the others, once per request id:
    /// the caller takes what is stored then, whether this call did it or an earlier one whose
    /// answer was lost.
    Status put_lines(const pg::RequestKey& key, const std::vector<LineConfig>& lines);
    /// Reason UNKNOWN_LINE.
    Status update_line(const pg::RequestKey& key, const LineConfig& line);
    /// All or nothing; a known meter takes the new settings, and another serial number (the meter
    /// was replaced), CT ratio or driver pack (its register means something else) opens a new
    /// register epoch. Reasons UNKNOWN_LINE, UNIT_TAKEN, LINE_CHANGED.
    Status put_meters(const pg::RequestKey& key, const std::vector<MeterConfig>& meters);

    Result<std::vector<LineConfig>> list_lines(const std::string& after, int count_max);
    Result<std::vector<LineConfig>> find_lines(const std::vector<std::string>& line_ids);
    struct StoredMeter {
        MeterConfig config;
        MeterMemory memory;
    };
    /// By meter_id; the memory is what a line needs to go on after a restart.
    Result<std::vector<StoredMeter>> list_meters(const std::string& after, int count_max,
                                                 const std::string& line_id,
                                                 const std::vector<std::string>& meter_ids);

private:
    pg::Database& database_;
};

}  // namespace prepay::metering
