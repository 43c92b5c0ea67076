#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::metering {

struct CsvReading {
    std::string meter_id;
    Instant read_time{};
    RegisterTotal total;
    std::optional<Resource> resource;  ///< What the column's unit is of; none of `register`.
    int line = 0;                      ///< In the file, from 1.
};

/// Parses register history. Columns in any order: `meter`, `time` and one of `register_wh`,
/// `register_kwh` (at most 3 decimals) of electricity, `register_ml`, `register_m3` (at most 6) of
/// water, or `register` (whole base units of what the meter counts). Times are RFC 3339 with zone.
/// Reason CSV_INVALID with "name:line:column: what"; nothing is taken from a file with an error.
Result<std::vector<CsvReading>> parse_reading_csv(const std::string& text, const std::string& name);

}  // namespace prepay::metering
