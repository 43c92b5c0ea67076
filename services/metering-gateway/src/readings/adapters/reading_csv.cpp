#include "readings/adapters/reading_csv.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/time_range.h"
#include "quantity/text.h"

namespace prepay::metering {
namespace {

constexpr std::size_t kLineMax = 1000;
constexpr std::size_t kMeterIdMax = 64;

struct Field {
    std::string_view text;
    std::size_t column = 1;
};

std::vector<Field> split(std::string_view line) {
    std::vector<Field> fields;
    std::size_t start = 0;
    while (true) {
        const std::size_t comma = line.find(',', start);
        std::string_view text =
            line.substr(start, comma == std::string_view::npos ? comma : comma - start);
        std::size_t column = start + 1;
        while (!text.empty() && text.front() == ' ') {
            text.remove_prefix(1);
            ++column;
        }
        while (!text.empty() && text.back() == ' ') {
            text.remove_suffix(1);
        }
        fields.push_back({text, column});
        if (comma == std::string_view::npos) {
            return fields;
        }
        start = comma + 1;
    }
}

// A column that holds registers: the unit in its name.
struct RegisterColumn {
    std::string_view name;
    std::optional<Resource> resource;
    int scale = 0;  // Decimals that its values may have.
    const char* expected = "";
};

constexpr int kKwhScale = unit_scale(Resource::kElectricity);
constexpr int kCubicMetreScale = unit_scale(Resource::kWater);
constexpr std::array<RegisterColumn, 5> kRegisterColumns = {{
    {"register", std::nullopt, 0, "a whole number of Wh or mL"},
    {"register_wh", Resource::kElectricity, 0, "a whole number of Wh (kWh go into register_kwh)"},
    {"register_kwh", Resource::kElectricity, kKwhScale, "a kWh value with at most 3 decimals"},
    {"register_ml", Resource::kWater, 0, "a whole number of mL (m³ go into register_m3)"},
    {"register_m3", Resource::kWater, kCubicMetreScale, "an m³ value with at most 6 decimals"},
}};
constexpr const char* kColumnNames =
    "register_wh or register_kwh (water: register_ml or register_m3)";

const RegisterColumn* find_register(std::string_view name) {
    const auto* const found =
        std::find_if(kRegisterColumns.begin(), kRegisterColumns.end(),
                     [&](const RegisterColumn& column) { return column.name == name; });
    return found == kRegisterColumns.end() ? nullptr : found;
}

// Which column holds what, from the header.
struct Layout {
    std::size_t meter = 0;
    std::size_t time = 0;
    std::size_t total = 0;
    std::size_t count = 0;
    RegisterColumn unit;
};

class CsvParser {
public:
    explicit CsvParser(std::string name) : name_(std::move(name)) {}

    Result<std::vector<CsvReading>> parse(std::string_view text) {
        if (text.substr(0, 3) == "\xEF\xBB\xBF") {
            text.remove_prefix(3);
        }
        std::vector<CsvReading> readings;
        std::optional<Layout> layout;
        while (!text.empty()) {
            ++line_;
            const std::size_t end = text.find('\n');
            std::string_view line = text.substr(0, end);
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
            if (!line.empty() && line.back() == '\r') {
                line.remove_suffix(1);
            }
            if (line.size() > kLineMax) {
                return error(kLineMax, "the line is longer than 1,000 bytes");
            }
            if (line.empty()) {
                continue;
            }
            if (!layout) {
                PREPAY_ASSIGN_OR_RETURN(layout, header(split(line)));
                continue;
            }
            PREPAY_ASSIGN_OR_RETURN(CsvReading reading, row(split(line), *layout));
            readings.push_back(std::move(reading));
        }
        if (readings.empty()) {
            return error(1, layout
                                ? "there are no readings below the header"
                                : "the file is empty; a header meter,time,register_wh is expected");
        }
        return readings;
    }

private:
    Status error(std::size_t column, const std::string& what) const {
        return invalid_argument(
            "CSV_INVALID",
            name_ + ":" + std::to_string(line_) + ":" + std::to_string(column) + ": " + what,
            {{"line", std::to_string(line_)}, {"column", std::to_string(column)}});
    }

    Result<std::optional<Layout>> header(const std::vector<Field>& fields) const {
        Layout layout;
        std::array<bool, 3> seen{};
        layout.count = fields.size();
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::string_view text = fields[i].text;
            std::size_t place = 0;
            if (text == "meter") {
                layout.meter = i;
            } else if (text == "time") {
                layout.time = i;
                place = 1;
            } else if (const RegisterColumn* unit = find_register(text); unit != nullptr) {
                layout.total = i;
                layout.unit = *unit;
                place = 2;
            } else {
                return error(fields[i].column, "unknown column \"" + std::string(text) +
                                                   "\"; columns are meter, time and " +
                                                   kColumnNames);
            }
            if (seen[place]) {
                return error(fields[i].column, "this column is there twice");
            }
            seen[place] = true;
        }
        if (!seen[0] || !seen[1] || !seen[2]) {
            return error(1, std::string("the header needs meter, time and ") + kColumnNames);
        }
        return std::optional(layout);
    }

    Result<CsvReading> row(const std::vector<Field>& fields, const Layout& layout) const {
        if (fields.size() != layout.count) {
            return error(fields.back().column, "expected " + std::to_string(layout.count) +
                                                   " fields, found " +
                                                   std::to_string(fields.size()));
        }
        CsvReading reading;
        reading.line = line_;
        const Field& meter = fields[layout.meter];
        if (meter.text.empty() || meter.text.size() > kMeterIdMax) {
            return error(meter.column, "a meter id of 1 .. 64 characters is expected");
        }
        reading.meter_id = meter.text;
        const Field& time = fields[layout.time];
        const Result<Instant> parsed = parse_time(std::string(time.text));
        if (!parsed.ok()) {
            return error(time.column, "\"" + std::string(time.text) +
                                          "\" is no time like 2026-01-31T08:00:00+08:00");
        }
        if (!is_plausible_time(*parsed)) {
            return error(time.column,
                         "\"" + std::string(time.text) + "\" is not between 2000 and 2100");
        }
        reading.read_time = *parsed;
        const Field& total = fields[layout.total];
        const auto value = parse_decimal(total.text, layout.unit.scale);
        if (!value) {
            return error(total.column,
                         "\"" + std::string(total.text) + "\" is not " + layout.unit.expected);
        }
        reading.total = RegisterTotal::from_base_units(*value);
        reading.resource = layout.unit.resource;
        return reading;
    }

    std::string name_;
    int line_ = 0;
};

}  // namespace

Result<std::vector<CsvReading>> parse_reading_csv(const std::string& text,
                                                  const std::string& name) {
    return CsvParser(name).parse(text);
}

}  // namespace prepay::metering
