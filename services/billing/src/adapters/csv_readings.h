#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "domain/meter_billing.h"

namespace prepay::billing {

/// The readings of one meter, by time.
struct MeterReadings {
    std::string meter_id;
    std::vector<Reading> readings;
};

/// Reads registers: a header line with the columns `time` (RFC 3339), `register_wh` (integer; mL
/// for water) or `register_kwh` (at most 3 decimals), and optionally `meter`. Times of a meter
/// increase. Errors: INVALID_ARGUMENT, reasons CSV_HEADER, CSV_COLUMNS, CSV_TIME, CSV_REGISTER,
/// CSV_ORDER, CSV_EMPTY; the message starts with "<name>:<line>:<column>: ".
Result<std::vector<MeterReadings>> parse_readings_csv(const std::string& name,
                                                      const std::string& text);

}  // namespace prepay::billing
