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

/// Yuan to the nearest fen, halves away from zero: "3.72".
std::string fen_text(Money amount) {
    constexpr std::int64_t kFen = 10'000;
    const std::int64_t rest = amount.micros() % kFen;
    std::int64_t fen = amount.micros() / kFen;
    if (rest >= kFen / 2) {
        ++fen;
    } else if (rest <= -kFen / 2) {
        --fen;
    }
    return format_decimal(fen, 2, 2);
}

std::string csv_sums(const DaySum& sum) {
    std::string line = "," + format_units(sum.energy.base_units(), Resource::kElectricity);
    // Sharp, peak, flat, valley, deep valley, then what had a single price.
    for (const std::size_t period : {1U, 2U, 3U, 4U, 5U, 0U}) {
        line += "," + format_units(sum.rate_energy_wh[period], Resource::kElectricity);
    }
    line += "," + format_units(sum.water.base_units(), Resource::kWater);
    return line + "," + fen_text(sum.amount) + "," + std::to_string(sum.amount.micros()) + "\r\n";
}

}  // namespace

void add(DaySum& total, const DaySum& sum) {
    total.energy += sum.energy;
    total.water += sum.water;
    total.amount += sum.amount;
    for (std::size_t i = 0; i < kRateCount; ++i) {
        total.rate_energy_wh[i] += sum.rate_energy_wh[i];
    }
}

std::string csv_header() {
    const std::string kwh = std::string(" (") + unit_text(Resource::kElectricity) + ")";
    const std::string m3 = std::string(" (") + unit_text(Resource::kWater) + ")";
    std::string header = "\xEF\xBB\xBF日期 Date,房间 Room,房间编号 Room ID";
    for (const char* column : {"电量 Energy", "尖 Sharp", "峰 Peak", "平 Flat", "谷 Valley",
                               "深谷 Deep valley", "单一 Single"}) {
        header += std::string(",") + column + kwh;
    }
    return header + ",水量 Water" + m3 +
           ",金额 Amount (CNY),金额(微元) Exact amount (micro-CNY)\r\n";
}

std::string csv_line(const RoomDay& day) {
    return format_date(day.date) + "," + csv_text(day.room_name) + "," + csv_text(day.room_id) +
           csv_sums(day.sum);
}

std::string csv_total_line(const DaySum& total) { return "合计 Total,," + csv_sums(total); }

}  // namespace prepay::reporting
