#include "rating/adapters/rate_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "charges/domain/explain.h"
#include "quantity/text.h"
#include "rating/adapters/csv_readings.h"
#include "rating/domain/bill.h"
#include "tariffs/adapters/yaml_tariff.h"

namespace prepay::billing {
namespace {

struct RateOptions {
    std::vector<std::string> tariff_paths;
    std::string readings_path;
    std::string format = "table";
};

Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || file.bad()) {
        return not_found("FILE_UNREADABLE", path + ": cannot be read");
    }
    return text.str();
}

/// Left-aligned for `width` > 0, else right-aligned.
std::string pad(const std::string& text, int width) {
    const auto size = static_cast<std::size_t>(width < 0 ? -width : width);
    // Characters, not bytes: "m³" takes two places.
    const auto places =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) >> 6) != 2;
        }));
    const std::string space(places < size ? size - places : 0, ' ');
    return width > 0 ? text + space : space + text;
}

std::string row(const std::vector<std::pair<std::string, int>>& cells) {
    std::string line;
    for (const auto& [text, width] : cells) {
        line += (line.empty() ? "" : "  ") + pad(text, width);
    }
    return line + "\n";
}

std::string local_time(const TimeZone& zone, Instant moment) {
    const int offset = zone.utc_offset_seconds(moment) / 60;
    const CivilTime civil = zone.to_civil(moment);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d %c%02d:%02d", civil.year,
                  civil.month, civil.day, civil.hour, civil.minute, civil.second,
                  offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
    return text;
}

std::string sum_row(const std::string& name, const BillSum& sum, Resource resource) {
    return row({{name, 12},
                {format_units(sum.base_units, resource), -14},
                {format_decimal(sum.amount_picos, 12, 6), -16}});
}

std::string to_table(const Bill& bill) {
    const TimeZone zone = *TimeZone::load(bill.time_zone);
    const std::string unit = unit_text(bill.resource);
    std::string text = row({{"start", 26},
                            {"end", 26},
                            {"period", 11},
                            {"tier", -4},
                            {unit, -12},
                            {"price", -10},
                            {"amount", -16},
                            {"meter", 1}});
    for (const BillLine& entry : bill.lines) {
        const RatedLine& line = entry.line;
        text += row({{local_time(zone, line.start), 26},
                     {local_time(zone, line.end), 26},
                     {to_text(line.period), 11},
                     {std::to_string(line.tier), -4},
                     {format_units(line.quantity.base_units(), bill.resource), -12},
                     {format_decimal(line.price.micros(), 6, 2), -10},
                     {format_decimal(line.picos(), 12, 6), -16},
                     {entry.meter_id, 1}});
    }
    text += "\n" + row({{"period", 12}, {unit, -14}, {"amount", -16}});
    for (const auto& [period, sum] : bill.periods) {
        text += sum_row(to_text(period), sum, bill.resource);
    }
    text += "\n" + row({{"tier", 12}, {unit, -14}, {"amount", -16}});
    for (const auto& [tier, sum] : bill.tiers) {
        text += sum_row(std::to_string(tier), sum, bill.resource);
    }
    text += "\n" + row({{"month", 12}, {unit, -14}, {"amount", -16}});
    for (const auto& [month, sum] : bill.months) {
        text += sum_row(month, sum, bill.resource);
    }
    return text + "\n" +
           row({{"total", 12},
                {format_units(bill.total.base_units, bill.resource), -14},
                {format_decimal(bill.amount_micros(), 6, 6), -16}});
}

/// A number; what a JSON reader's 64 bits cannot hold is a text of all digits.
nlohmann::ordered_json to_json(Int128 value) {
    if (value > INT64_MAX || value < INT64_MIN) {
        return format_decimal(value, 0, 0);
    }
    return static_cast<std::int64_t>(value);
}

nlohmann::ordered_json to_json(const BillSum& sum) {
    return {{"quantity", to_json(sum.base_units)},
            {"amount_picos", to_json(sum.amount_picos)},
            {"amount", format_decimal(sum.amount_picos, 12, 6)}};
}

std::string to_json_text(const Bill& bill) {
    nlohmann::ordered_json json;
    json["resource"] = bill.resource == Resource::kElectricity ? "electricity" : "water";
    json["quantity_unit"] = bill.resource == Resource::kElectricity ? "Wh" : "mL";
    json["time_zone"] = bill.time_zone;
    json["lines"] = nlohmann::ordered_json::array();
    for (const BillLine& entry : bill.lines) {
        const RatedLine& line = entry.line;
        const SplitPicos amount = split_picos(line.picos());
        json["lines"].push_back({{"meter", entry.meter_id},
                                 {"start_time", format_time(line.start)},
                                 {"end_time", format_time(line.end)},
                                 {"period", to_text(line.period)},
                                 {"tier", line.tier},
                                 {"quantity", line.quantity.base_units()},
                                 {"price_micros", line.price.micros()},
                                 {"amount_nanos", amount.nanos},
                                 {"amount_picos_rest", amount.picos_rest}});
    }
    for (const char* key : {"periods", "tiers", "months"}) {
        json[key] = nlohmann::ordered_json::object();
    }
    for (const auto& [period, sum] : bill.periods) {
        json["periods"][to_text(period)] = to_json(sum);
    }
    for (const auto& [tier, sum] : bill.tiers) {
        json["tiers"][std::to_string(tier)] = to_json(sum);
    }
    for (const auto& [month, sum] : bill.months) {
        json["months"][month] = to_json(sum);
    }
    json["total"] = {{"quantity", to_json(bill.total.base_units)},
                     {"amount", format_decimal(bill.amount_micros(), 6, 6)},
                     {"amount_micros", to_json(bill.amount_micros())},
                     {"remainder_picos", bill.remainder_picos()}};
    return json.dump(2) + "\n";
}

Result<std::string> run_rate(const RateOptions& options) {
    std::vector<BillTariff> tariffs;
    for (const std::string& path : options.tariff_paths) {
        PREPAY_ASSIGN_OR_RETURN(const std::string text, read_text(path));
        PREPAY_ASSIGN_OR_RETURN(const TariffFile file, parse_tariff_yaml(path, text));
        if (!tariffs.empty() && tariffs.front().resource != file.resource) {
            return invalid_argument("TARIFF_RESOURCE", path + ": all versions are of one resource");
        }
        tariffs.push_back({file.tariff_id, file.resource,
                           file.effective_time.value_or(from_micros(0)), file.definition});
    }
    PREPAY_ASSIGN_OR_RETURN(const std::string text, read_text(options.readings_path));
    PREPAY_ASSIGN_OR_RETURN(
        std::vector<MeterReadings> readings,
        parse_readings_csv(options.readings_path, text, tariffs.front().resource));
    std::vector<BillMeter> meters;
    meters.reserve(readings.size());
    for (MeterReadings& meter : readings) {
        meters.push_back({meter.meter_id, std::move(meter.readings)});
    }
    const Bill bill = make_bill(tariffs, meters);
    return options.format == "json" ? to_json_text(bill) : to_table(bill);
}

}  // namespace

void add_rate_command(CLI::App& app, int& exit_code) {
    const auto options = std::make_shared<RateOptions>();
    CLI::App* command =
        app.add_subcommand("rate", "Rate register readings with a tariff, without a database");
    command
        ->add_option("--tariff", options->tariff_paths,
                     "Tariff file (YAML); several = versions by effective_time")
        ->required();
    command
        ->add_option("--readings", options->readings_path,
                     "Readings (CSV: time, register_wh or register_ml)")
        ->required();
    command->add_option("--format", options->format, "table or json")
        ->check(CLI::IsMember({"table", "json"}));
    command->callback([options, &exit_code] {
        const Result<std::string> text = run_rate(*options);
        if (!text.ok()) {
            std::fputs((error_message(text.status()) + "\n").c_str(), stderr);
            exit_code = 1;
            return;
        }
        std::fwrite(text->data(), 1, text->size(), stdout);
        exit_code = 0;
    });
}

}  // namespace prepay::billing
