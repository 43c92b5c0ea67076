#pragma once

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
    int line = 0;  ///< In the file, from 1.
};

/// Parses register history. Header: `meter,time,register_wh` (whole Wh or mL; `register` means the
/// same) or `meter,time,register_kwh` (decimal kWh or m³, at most 3 places), columns in any order;
/// times are RFC 3339 with zone. Reason CSV_INVALID with "name:line:column: what"; nothing is taken
/// from a file with an error.
Result<std::vector<CsvReading>> parse_reading_csv(const std::string& text, const std::string& name);

}  // namespace prepay::metering
