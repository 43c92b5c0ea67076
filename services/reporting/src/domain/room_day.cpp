#include "domain/room_day.h"

#include "quantity/text.h"

namespace prepay::reporting {
namespace {

std::string csv_text(const std::string& text) {
    static const std::string formula_starts = "=+-@\t\r";
    std::string safe = text;
    if (!safe.empty() && formula_starts.find(safe.front()) != std::string::npos) {
        safe.insert(safe.begin(), '\'');
    }
    if (safe.find_first_of(",\"\r\n") == std::string::npos) {
        return safe;
    }
    std::string quoted = "\"";
    for (const char c : safe) {
        quoted += c == '"' ? "\"\"" : std::string(1, c);
    }
    return quoted + "\"";
}

std::string kwh(std::int64_t wh) { return format_decimal(wh, 3, 3); }

std::string csv_sums(const DaySum& sum) {
    std::string line = "," + kwh(sum.energy.wh());
    // Sharp, peak, flat, valley, deep valley, then what had a single price.
    for (const std::size_t period : {1U, 2U, 3U, 4U, 5U, 0U}) {
        line += "," + kwh(sum.rate_energy_wh[period]);
    }
    line += "," + format_decimal(sum.water_ml, 6, 3);
    return line + "," + format_decimal(sum.amount.micros(), 6, 2) + "\r\n";
}

}  // namespace

void add(DaySum& total, const DaySum& sum) {
    total.energy += sum.energy;
    total.water_ml += sum.water_ml;
    total.amount += sum.amount;
    for (std::size_t i = 0; i < kRateCount; ++i) {
        total.rate_energy_wh[i] += sum.rate_energy_wh[i];
    }
}

std::string csv_header() {
    return "\xEF\xBB\xBF"
           "日期 Date,房间 Room,房间编号 Room ID,电量 Energy (kWh),尖 Sharp (kWh),峰 Peak (kWh),"
           "平 Flat (kWh),谷 Valley (kWh),深谷 Deep valley (kWh),单一 Single (kWh),"
           "水量 Water (m³),金额 Amount (CNY)\r\n";
}

std::string csv_line(const RoomDay& day) {
    return format_date(day.date) + "," + csv_text(day.room_name) + "," + csv_text(day.room_id) +
           csv_sums(day.sum);
}

std::string csv_total_line(const DaySum& total) { return "合计 Total,," + csv_sums(total); }

}  // namespace prepay::reporting
