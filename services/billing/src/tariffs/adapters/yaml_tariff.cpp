#include "tariffs/adapters/yaml_tariff.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <map>
#include <set>

#include "quantity/text.h"
#include "tariffs/adapters/yaml_values.h"

namespace prepay::billing {
namespace {

constexpr std::size_t kTextSizeMax = 256 << 10;

/// Remembers where each field of the definition was written, for the messages of validate().
class TariffParser {
public:
    TariffFile parse(const YAML::Node& root) {
        check_keys(root, "",
                   {"tariff", "name", "resource", "time_zone", "effective_time", "seasons",
                    "holidays", "price", "prices", "tier_span", "tiers"});
        TariffFile file;
        file.tariff_id = optional_text(root, "tariff");
        file.display_name = optional_text(root, "name");
        if (!file.tariff_id.empty() && !is_tariff_id(file.tariff_id)) {
            fail(root["tariff"], "tariff", "a tariff id is 1-64 of a-z, 0-9 and -");
        }
        parse_resource(root, file);
        parse_effective_time(root, file);
        const YAML::Node zone = required(root, "time_zone");
        file.definition.time_zone = text_of(zone, "time_zone");
        mark("time_zone", zone);
        parse_seasons(root, file.definition);
        parse_holidays(root, file.definition);
        parse_tier_span(root, file.definition);
        parse_tiers(root, file.resource, file.definition);
        check_definition(root, file.definition);
        return file;
    }

private:
    void mark(const std::string& field, const YAML::Node& node) {
        marks_.emplace(field, node.Mark());
    }

    static void check_keys(const YAML::Node& node, const std::string& field,
                           const std::set<std::string>& known) {
        if (!node.IsMap()) {
            fail(node, field,
                 field.empty() ? "the file must be a map of keys and values"
                               : "'" + field + "' must be a map");
        }
        std::set<std::string> seen;
        for (const auto& entry : node) {
            const std::string key = text_of(entry.first, field);
            if (known.count(key) == 0) {
                fail(entry.first, key, "unknown key '" + key + "'");
            }
            if (!seen.insert(key).second) {
                fail(entry.first, key, "the key '" + key + "' is there twice");
            }
        }
    }

    static YAML::Node required(const YAML::Node& node, const std::string& key) {
        const YAML::Node value = node[key];
        if (!value) {
            fail(node, key, "the key '" + key + "' is missing");
        }
        return value;
    }

    static std::string optional_text(const YAML::Node& node, const std::string& key) {
        const YAML::Node value = node[key];
        return value ? text_of(value, key) : std::string();
    }

    static const YAML::Node& list(const YAML::Node& node, const std::string& field) {
        if (!node.IsSequence()) {
            fail(node, field, "'" + field + "' must be a list");
        }
        return node;
    }

    static void parse_resource(const YAML::Node& root, TariffFile& file) {
        const std::string text = optional_text(root, "resource");
        if (text == "water") {
            file.resource = Resource::kWater;
        } else if (!text.empty() && text != "electricity") {
            fail(root["resource"], "resource", "resource is electricity or water");
        }
    }

    static void parse_effective_time(const YAML::Node& root, TariffFile& file) {
        const YAML::Node node = root["effective_time"];
        if (!node) {
            return;
        }
        const Result<Instant> time = parse_time(text_of(node, "effective_time"));
        if (!time.ok()) {
            fail(node, "effective_time", error_message(time.status()));
        }
        file.effective_time = *time;
    }

    void parse_seasons(const YAML::Node& root, TariffDefinition& definition) {
        const YAML::Node node = root["seasons"];
        if (!node) {
            return;
        }
        mark("seasons", node);
        for (const YAML::Node& entry : list(node, "seasons")) {
            const std::string field = "seasons[" + std::to_string(definition.seasons.size()) + "]";
            check_keys(entry, field, {"name", "months", "days"});
            mark(field, entry);
            Season season;
            season.name = optional_text(entry, "name");
            parse_months(required(entry, "months"), field + ".months", season);
            parse_days(required(entry, "days"), field, season);
            definition.seasons.push_back(std::move(season));
        }
    }

    // 5 or 5-9; 11-2 goes over the new year.
    void parse_months(const YAML::Node& node, const std::string& field, Season& season) {
        mark(field, node);
        for (const YAML::Node& entry : list(node, field)) {
            const std::string text = text_of(entry, field);
            const auto dash = text.find('-');
            const auto first = parse_decimal(text.substr(0, dash), 0);
            const auto last =
                dash == std::string::npos ? first : parse_decimal(text.substr(dash + 1), 0);
            if (!first || !last || *first < 1 || *first > 12 || *last < 1 || *last > 12) {
                fail(entry, field, "'" + text + "' is not a month 1-12 or a range such as 11-2");
            }
            for (std::int64_t month = *first;; month = month % 12 + 1) {
                season.months.push_back(static_cast<int>(month));
                if (month == *last) {
                    break;
                }
            }
        }
    }

    void parse_days(const YAML::Node& node, const std::string& field, Season& season) {
        check_keys(node, field + ".days", {"weekday", "weekend", "holiday", "other"});
        mark(field + ".schedules", node);
        const std::map<std::string, DayType> types = {{"weekday", DayType::kWeekday},
                                                      {"weekend", DayType::kWeekend},
                                                      {"holiday", DayType::kHoliday},
                                                      {"other", DayType::kAny}};
        for (const auto& day : node) {
            DaySchedule schedule;
            schedule.day_type = types.at(day.first.Scalar());
            const std::string path =
                field + ".schedules[" + std::to_string(season.schedules.size()) + "]";
            mark(path, day.second);
            for (const YAML::Node& slot : list(day.second, path)) {
                mark(path + ".slots[" + std::to_string(schedule.slots.size()) + "]", slot);
                schedule.slots.push_back(parse_slot(slot, path));
            }
            season.schedules.push_back(std::move(schedule));
        }
    }

    // "07:00-11:30 peak"
    static DaySlot parse_slot(const YAML::Node& node, const std::string& field) {
        const std::string text = text_of(node, field);
        const auto space = text.find(' ');
        const std::string span = text.substr(0, space);
        const auto period =
            space == std::string::npos ? std::nullopt : period_of(text.substr(space + 1));
        const auto start = span.size() == 11 ? minute_of(span.substr(0, 5)) : std::nullopt;
        const auto end = span.size() == 11 ? minute_of(span.substr(6)) : std::nullopt;
        if (!period || !start || !end || span[5] != '-') {
            fail(node, field,
                 "'" + text +
                     "' is not a slot such as '07:00-11:30 peak' (sharp, peak, flat, "
                     "valley, deep_valley)");
        }
        return {*start, *end, *period};
    }

    void parse_holidays(const YAML::Node& root, TariffDefinition& definition) {
        const YAML::Node node = root["holidays"];
        if (!node) {
            return;
        }
        mark("holidays", node);
        for (const YAML::Node& entry : list(node, "holidays")) {
            const std::string text = text_of(entry, "holidays");
            const auto date = date_of(text);
            if (!date) {
                fail(entry, "holidays", "'" + text + "' is not a date YYYY-MM-DD");
            }
            mark("holidays[" + std::to_string(definition.holidays.size()) + "]", entry);
            definition.holidays.push_back(*date);
        }
    }

    void parse_tier_span(const YAML::Node& root, TariffDefinition& definition) {
        const std::string text = optional_text(root, "tier_span");
        if (text.empty()) {
            return;
        }
        mark("tier_span", root["tier_span"]);
        for (const TierSpan span : {TierSpan::kMonth, TierSpan::kQuarter, TierSpan::kYear}) {
            if (text == to_text(span)) {
                definition.tier_span = span;
                return;
            }
        }
        fail(root["tier_span"], "tier_span", "tier_span is month, quarter or year");
    }

    void parse_tiers(const YAML::Node& root, Resource resource, TariffDefinition& definition) {
        const YAML::Node node = root["tiers"];
        if (!node) {
            mark("tiers", root);
            definition.tiers.push_back(parse_prices(root, "tiers[0]"));
            return;
        }
        if (root["price"] || root["prices"]) {
            fail(root[root["price"] ? "price" : "prices"], "prices",
                 "with tiers, prices stand in each tier");
        }
        mark("tiers", node);
        for (const YAML::Node& entry : list(node, "tiers")) {
            const std::string field = "tiers[" + std::to_string(definition.tiers.size()) + "]";
            check_keys(entry, field, {"up_to", "price", "prices"});
            mark(field, entry);
            Tier tier = parse_prices(entry, field);
            if (const YAML::Node bound = entry["up_to"]) {
                const int scale = unit_scale(resource);
                const auto units = parse_decimal(text_of(bound, "up_to"), scale);
                if (!units || *units <= 0) {
                    fail(bound, field + ".up_to",
                         std::string("up_to is a number of ") + unit_text(resource) +
                             " above 0 with at most " + std::to_string(scale) + " decimals");
                }
                tier.upper_bound = *units;
                mark(field + ".upper_bound", bound);
            }
            definition.tiers.push_back(std::move(tier));
        }
    }

    Tier parse_prices(const YAML::Node& node, const std::string& field) {
        Tier tier;
        if (static_cast<bool>(node["price"]) == static_cast<bool>(node["prices"])) {
            fail(node, field + ".prices", "give either 'price' or 'prices'");
        }
        if (const YAML::Node single = node["price"]) {
            mark(field + ".prices", single);
            mark(field + ".prices[0]", single);
            tier.prices.push_back({RatePeriod::kSingle, parse_price(single, field)});
            return tier;
        }
        const YAML::Node prices = node["prices"];
        mark(field + ".prices", prices);
        if (!prices.IsMap()) {
            fail(prices, field + ".prices", "'prices' is a map of period and price");
        }
        for (const auto& entry : prices) {
            const std::string name = text_of(entry.first, field);
            const auto period = period_of(name);
            if (!period) {
                fail(entry.first, field + ".prices",
                     "'" + name + "' is not a period (sharp, peak, flat, valley, deep_valley)");
            }
            mark(field + ".prices[" + std::to_string(tier.prices.size()) + "]", entry.second);
            tier.prices.push_back({*period, parse_price(entry.second, field)});
        }
        return tier;
    }

    static Price parse_price(const YAML::Node& node, const std::string& field) {
        const auto micros = parse_decimal(text_of(node, field), 6);
        if (!micros) {
            fail(node, field + ".prices",
                 "'" + node.Scalar() + "' is not a price in yuan with at most 6 decimals");
        }
        return Price::from_micros(*micros);
    }

    void check_definition(const YAML::Node& root, const TariffDefinition& definition) {
        const std::vector<TariffProblem> problems = validate(definition);
        if (problems.empty()) {
            return;
        }
        const TariffProblem& problem = problems.front();
        // The nearest enclosing field that has a place.
        std::string field = problem.field;
        while (!field.empty() && marks_.count(field) == 0) {
            const auto cut = field.find_last_of(".[");
            field = cut == std::string::npos ? std::string() : field.substr(0, cut);
        }
        throw TariffFileProblem{field.empty() ? root.Mark() : marks_.at(field), problem.field,
                                problem.reason, problem.message};
    }

    std::map<std::string, YAML::Mark> marks_;
};

Status to_error(const std::string& name, const TariffFileProblem& problem) {
    const int line = std::max(problem.mark.line, 0) + 1;
    const int column = std::max(problem.mark.column, 0) + 1;
    return invalid_argument(
        problem.reason,
        name + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + problem.message,
        {{"line", std::to_string(line)},
         {"column", std::to_string(column)},
         {"field", problem.field}});
}

}  // namespace

Result<TariffFile> parse_tariff_yaml(const std::string& name, const std::string& text) {
    if (text.size() > kTextSizeMax) {
        return to_error(name, {YAML::Mark(), "", "TARIFF_YAML", "more than 256 KiB of text"});
    }
    try {
        return TariffParser().parse(YAML::Load(text));
    } catch (const TariffFileProblem& problem) {
        return to_error(name, problem);
    } catch (const YAML::Exception& error) {
        return to_error(name, {error.mark, "", "TARIFF_YAML", error.msg});
    }
}

}  // namespace prepay::billing
