#include "adapters/csv_readings.h"

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

class Parser {
public:
    Parser(const std::string& name, const std::string& text) : name_(name), text_(text) {}

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
            int* target = text == "time"                                    ? &time_index_
                          : text == "meter"                                 ? &meter_index_
                          : text == "register_wh" || text == "register_kwh" ? &register_index_
                                                                            : nullptr;
            if (target == nullptr || *target >= 0) {
                return error(fields[i].column, "CSV_HEADER",
                             "'" + text +
                                 "': the columns are time, register_wh or register_kwh, "
                                 "and optionally meter, each once");
            }
            *target = static_cast<int>(i);
            register_scale_ = text == "register_kwh" ? 3 : register_scale_;
        }
        if (time_index_ < 0 || register_index_ < 0) {
            return error(1, "CSV_HEADER",
                         "the columns time and register_wh (or register_kwh) are needed");
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
            return error(register_field.column, "CSV_REGISTER",
                         "'" + register_field.text + "' is not a register in " +
                             (register_scale_ == 0 ? "whole Wh" : "kWh with at most 3 decimals"));
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
        if (!readings.empty() && *total < readings.back().total.wh()) {
            return error(register_field.column, "CSV_ORDER",
                         "the register is below the one before");
        }
        if (!readings.empty() && *total - readings.back().total.wh() > kIntervalEnergyWhMax) {
            return error(register_field.column, "CSV_REGISTER",
                         "more than 90 GWh since the reading before");
        }
        readings.push_back(
            {*time, 0, *time, RegisterTotal::from_wh(*total), 0, static_cast<std::int64_t>(line_)});
        return absl::OkStatus();
    }

    const std::string& name_;
    const std::string& text_;
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
                                                      const std::string& text) {
    return Parser(name, text).run();
}

}  // namespace prepay::billing
