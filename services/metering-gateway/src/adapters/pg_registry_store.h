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
    /// Reason ADDRESS_TAKEN, unless sharing is allowed.
    Status put_lines(const pg::RequestKey& key, const std::vector<LineConfig>& lines,
                     bool allow_shared_address = false);
    /// Reasons UNKNOWN_LINE, ADDRESS_TAKEN.
    Status update_line(const pg::RequestKey& key, const LineConfig& line,
                       bool allow_shared_address = false);
    /// All or nothing; a known meter takes the new settings. After another unit, serial number, CT
    /// ratio or driver pack its next register must prove that it continues the old one. Reasons
    /// UNKNOWN_LINE, UNIT_TAKEN, LINE_CHANGED, ADDRESS_TAKEN.
    Status put_meters(const pg::RequestKey& key, const std::vector<MeterConfig>& meters,
                      bool allow_shared_address = false);

    Result<std::vector<LineConfig>> list_lines(const std::string& after, int count_max);
    Result<std::vector<LineConfig>> find_lines(const std::vector<std::string>& line_ids);
    struct StoredMeter {
        MeterConfig config;
        MeterMemory memory;
        std::int64_t quarantine_id = 0;  ///< The open anomaly, 0 = none.
    };
    /// By meter_id; the memory is what a line needs to go on after a restart.
    Result<std::vector<StoredMeter>> list_meters(const std::string& after, int count_max,
                                                 const std::string& line_id,
                                                 const std::vector<std::string>& meter_ids);

private:
    pg::Database& database_;
};

}  // namespace prepay::metering
