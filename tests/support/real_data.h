#pragma once

#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "core/time.h"
#include "quantity/text.h"
#include "support/paths.h"

/// The shared real material as registers. The files are not part of the project: nothing when
/// absent.
namespace prepay::test {

/// What a meter showed: Wh since the first row.
struct RegisterRow {
    Instant time;
    std::int64_t wh = 0;
};

inline std::string shared_data(const std::string& name) {
    return std::string(prepay::test::source_dir()) + "/../shared/data/" + name;
}

inline std::optional<std::vector<std::string>> shared_lines(const std::string& name) {
    std::ifstream file(shared_data(name));
    if (!file) {
        std::puts("SKIPPED: no ../shared/data");
        return std::nullopt;
    }
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        lines.push_back(line);
    }
    return lines;
}

/// Labels are local hour endings; 00:00 ends the day of its label.
inline std::optional<std::vector<RegisterRow>> home_registers() {
    const auto lines = shared_lines("home_hourly_tou.csv");
    if (!lines) {
        return std::nullopt;
    }
    const TimeZone zone = *TimeZone::load("America/Toronto");
    std::vector<RegisterRow> readings;
    std::int64_t wh = 0;
    for (std::size_t i = 1; i < lines->size(); ++i) {
        const std::string& line = (*lines)[i];
        if (line.empty()) {
            continue;
        }
        CivilTime civil{std::stoi(line.substr(6, 4)),
                        std::stoi(line.substr(0, 2)),
                        std::stoi(line.substr(3, 2)),
                        std::stoi(line.substr(11, 2)),
                        0,
                        0};
        if (civil.hour == 0) {
            civil = add_days(civil, 1);
        }
        const Instant end = zone.to_instant(civil);
        if (readings.empty()) {
            readings.push_back({end - std::chrono::hours(1), 0});
        }
        wh += *parse_decimal(line.substr(20, line.find(',', 20) - 20), 3);
        readings.push_back({end, wh});
    }
    return readings;
}

/// Hourly kW of 2018; the register is the cumulative energy rounded to Wh.
inline std::optional<std::vector<RegisterRow>> residential_registers(const std::string& zone_name) {
    const auto lines = shared_lines("load_residential_8760.csv");
    if (!lines) {
        return std::nullopt;
    }
    const Instant start = TimeZone::load(zone_name)->to_instant({2018, 1, 1, 0, 0, 0});
    std::vector<RegisterRow> readings{{start, 0}};
    long double kilowatt_hours = 0;  // The source is given in decimal kW; exact enough by far.
    for (const std::string& line : *lines) {
        if (line.empty()) {
            continue;
        }
        kilowatt_hours += std::stold(line);
        const auto hour = static_cast<std::int64_t>(readings.size());
        readings.push_back({start + std::chrono::hours(hour), std::llround(kilowatt_hours * 1000)});
    }
    return readings;
}

/// The form both `prepay-billing rate --readings` and `prepay-metering-gateway import` take;
/// without a column of meters when `meter_id` is empty.
inline std::string to_csv(const std::vector<RegisterRow>& readings, const std::string& meter_id) {
    std::ostringstream text;
    text << (meter_id.empty() ? "" : "meter,") << "time,register_wh\n";
    for (const RegisterRow& reading : readings) {
        text << (meter_id.empty() ? "" : meter_id + ",") << format_time(reading.time) << ','
             << reading.wh << '\n';
    }
    return text.str();
}

/// What each month of the schedule case costs, micro-yuan.
inline constexpr std::int64_t kResidentialMonthMicros[12] = {
    43'184'900,  37'742'800,  37'947'200, 43'244'600, 66'404'700, 94'201'500,
    112'417'000, 104'852'900, 82'474'000, 68'797'800, 37'513'500, 42'995'200};

}  // namespace prepay::test
