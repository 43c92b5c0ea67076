#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/time.h"
#include "meters/app/meter_track.h"
#include "outbox/outbox.h"
#include "pg/database.h"
#include "pg/request_answer.h"
#include "transports/domain/line.h"

namespace prepay::metering {

/// Lines and meters as registered. Thread-safe.
class PgRegistryStore {
public:
    /// `late_horizon`: how long an order of unknown outcome may take effect late.
    PgRegistryStore(pg::Database& database, const Clock& clock, Duration late_horizon)
        : database_(database), clock_(clock), late_horizon_(late_horizon) {}

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
    const Clock& clock_;
    const Duration late_horizon_;
};

}  // namespace prepay::metering
