#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "rating/domain/meter_billing.h"

namespace prepay::billing {

/// The readings of one meter, by time.
struct MeterReadings {
    std::string meter_id;
    std::vector<Reading> readings;
};

/// Reads registers: a header line with the columns `time` (RFC 3339), a register of the
/// resource, and optionally `meter`. The register is `register_wh` (integer) or `register_kwh` (at
/// most 3 decimals) of electricity, `register_ml` or `register_m3` (at most 6) of water. Times of a
/// meter increase. Errors: INVALID_ARGUMENT, reasons CSV_HEADER, CSV_COLUMNS, CSV_TIME,
/// CSV_REGISTER, CSV_ORDER, CSV_EMPTY; the message starts with "<name>:<line>:<column>: ".
Result<std::vector<MeterReadings>> parse_readings_csv(const std::string& name,
                                                      const std::string& text, Resource resource);

}  // namespace prepay::billing
