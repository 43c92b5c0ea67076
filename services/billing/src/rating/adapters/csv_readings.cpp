#include "rating/adapters/csv_readings.h"

#include <map>
#include <string_view>

#include "quantity/text.h"

namespace prepay::billing {
namespace {

struct Field {
    std::string text;
    std::size_t column = 1;  ///< Of its first character, from 1.
};

std::vector<Field> split_line(std::string_view line) {
    std::vector<Field> fields;
    std::size_t start = 0;
    while (true) {
        const std::size_t comma = line.find(',', start);
        std::string_view field = line.substr(start, comma - start);
        std::size_t column = start + 1;
        while (!field.empty() && (field.front() == ' ' || field.front() == '\t')) {
            field.remove_prefix(1);
            ++column;
        }
        while (!field.empty() && (field.back() == ' ' || field.back() == '\t')) {
            field.remove_suffix(1);
        }
        fields.push_back({std::string(field), column});
        if (comma == std::string_view::npos) {
            return fields;
        }
        start = comma + 1;
    }
}

/// How the columns and texts of a resource's registers read.
struct RegisterWords {
    const char* base_column;
    const char* unit_column;
    const char* base_text;
    const char* bound_text;
};

RegisterWords words_of(Resource resource) {
    return resource == Resource::kWater
               ? RegisterWords{"register_ml", "register_m3", "whole mL", "90,000 m³"}
               : RegisterWords{"register_wh", "register_kwh", "whole Wh", "90 GWh"};
}

class Parser {
public:
    Parser(const std::string& name, const std::string& text, Resource resource)
        : name_(name), text_(text), resource_(resource), words_(words_of(resource)) {}

    Result<std::vector<MeterReadings>> run() {
        std::string_view rest = text_;
        if (rest.rfind("\xEF\xBB\xBF", 0) == 0) {
            rest.remove_prefix(3);  // Byte order mark of spreadsheet programs.
        }
        while (!rest.empty()) {
            const std::size_t end = rest.find('\n');
            std::string_view line = rest.substr(0, end);
            rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
            if (!line.empty() && line.back() == '\r') {
                line.remove_suffix(1);
            }
            ++line_;
            if (line.empty()) {
                continue;
            }
            const std::vector<Field> fields = split_line(line);
            PREPAY_RETURN_IF_ERROR(column_count_ == 0 ? read_header(fields) : read_row(fields));
        }
        if (meters_.empty()) {
            return error(1, "CSV_EMPTY", "there are no readings");
        }
        return std::move(meters_);
    }

private:
    [[nodiscard]] Status error(std::size_t column, const char* reason,
                               const std::string& message) const {
        const std::size_t line = line_ == 0 ? 1 : line_;
        return invalid_argument(
            reason,
            name_ + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + message,
            {{"line", std::to_string(line)}, {"column", std::to_string(column)}});
    }

    Status read_header(const std::vector<Field>& fields) {
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::string& text = fields[i].text;
            const bool in_units = text == words_.unit_column;
            int* target = text == "time"                           ? &time_index_
                          : text == "meter"                        ? &meter_index_
                          : text == words_.base_column || in_units ? &register_index_
                                                                   : nullptr;
            if (target == nullptr || *target >= 0) {
                return error(fields[i].column, "CSV_HEADER",
                             "'" + text + "': the columns are time, " + words_.base_column +
                                 " or " + words_.unit_column + ", and optionally meter, each once");
            }
            *target = static_cast<int>(i);
            register_scale_ = in_units ? unit_scale(resource_) : register_scale_;
        }
        if (time_index_ < 0 || register_index_ < 0) {
            return error(1, "CSV_HEADER",
                         std::string("the columns time and ") + words_.base_column + " (or " +
                             words_.unit_column + ") are needed");
        }
        column_count_ = fields.size();
        return absl::OkStatus();
    }

    Status read_row(const std::vector<Field>& fields) {
        if (fields.size() != column_count_) {
            return error(1, "CSV_COLUMNS",
                         std::to_string(fields.size()) + " fields instead of " +
                             std::to_string(column_count_));
        }
        const Field& time_field = fields[static_cast<std::size_t>(time_index_)];
        const Result<Instant> time = parse_time(time_field.text);
        if (!time.ok()) {
            return error(time_field.column, "CSV_TIME", error_message(time.status()));
        }
        const Field& register_field = fields[static_cast<std::size_t>(register_index_)];
        const auto total = parse_decimal(register_field.text, register_scale_);
        if (!total || *total < 0) {
            return error(
                register_field.column, "CSV_REGISTER",
                "'" + register_field.text + "' is not a register in " +
                    (register_scale_ == 0 ? std::string(words_.base_text)
                                          : std::string(unit_text(resource_)) + " with at most " +
                                                std::to_string(register_scale_) + " decimals"));
        }
        const std::string meter =
            meter_index_ < 0 ? "" : fields[static_cast<std::size_t>(meter_index_)].text;
        const auto [place, is_new] = index_.emplace(meter, meters_.size());
        if (is_new) {
            meters_.push_back({meter, {}});
        }
        std::vector<Reading>& readings = meters_[place->second].readings;
        if (!readings.empty() && *time <= readings.back().read_time) {
            return error(
                time_field.column, "CSV_ORDER",
                "the time is not after the one before, " + format_time(readings.back().read_time));
        }
        if (!readings.empty() && *total < readings.back().total.base_units()) {
            return error(register_field.column, "CSV_ORDER",
                         "the register is below the one before");
        }
        if (!readings.empty() &&
            *total - readings.back().total.base_units() > kIntervalQuantityMax) {
            return error(
                register_field.column, "CSV_REGISTER",
                std::string("more than ") + words_.bound_text + " since the reading before");
        }
        readings.push_back({*time, 0, *time, RegisterTotal::from_base_units(*total), 0,
                            static_cast<std::int64_t>(line_)});
        return absl::OkStatus();
    }

    const std::string& name_;
    const std::string& text_;
    Resource resource_;
    RegisterWords words_;
    std::size_t line_ = 0;
    std::size_t column_count_ = 0;
    int time_index_ = -1;
    int register_index_ = -1;
    int meter_index_ = -1;
    int register_scale_ = 0;
    std::map<std::string, std::size_t> index_;
    std::vector<MeterReadings> meters_;
};

}  // namespace

Result<std::vector<MeterReadings>> parse_readings_csv(const std::string& name,
                                                      const std::string& text, Resource resource) {
    return Parser(name, text, resource).run();
}

}  // namespace prepay::billing
