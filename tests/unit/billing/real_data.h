#pragma once

#include "rating/domain/bill.h"
#include "support/real_data.h"

/// The shared real material as billing's readings.
namespace prepay::billing::testing {

using test::kResidentialMonthMicros;

inline std::optional<std::vector<Reading>> to_readings(
    const std::optional<std::vector<test::RegisterRow>>& rows) {
    if (!rows) {
        return std::nullopt;
    }
    std::vector<Reading> readings;
    for (const test::RegisterRow& row : *rows) {
        const auto id = static_cast<std::int64_t>(readings.size()) + 1;
        readings.push_back({row.time, 0, row.time, RegisterTotal::from_base_units(row.wh), 0, id});
    }
    return readings;
}

inline std::optional<std::vector<Reading>> home_readings() {
    return to_readings(test::home_registers());
}

inline std::optional<std::vector<Reading>> residential_readings(const std::string& zone_name) {
    return to_readings(test::residential_registers(zone_name));
}

}  // namespace prepay::billing::testing
