#include "tariffs/adapters/yaml_calendar.h"

#include <map>

#include "quantity/text.h"

namespace prepay::billing {
namespace {

// 5 or 5-9; 11-2 goes over the new year.
void parse_months(const YAML::Node& node, const std::string& field, Season& season,
                  FieldMarks& marks) {
    marks.mark(field, node);
    for (const YAML::Node& entry : checked_list(node, field)) {
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

// "07:00-11:30 peak"
DaySlot parse_slot(const YAML::Node& node, const std::string& field) {
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

void parse_days(const YAML::Node& node, const std::string& field, Season& season,
                FieldMarks& marks) {
    check_keys(node, field + ".days", {"weekday", "weekend", "holiday", "other"});
    marks.mark(field + ".schedules", node);
    const std::map<std::string, DayType> types = {{"weekday", DayType::kWeekday},
                                                  {"weekend", DayType::kWeekend},
                                                  {"holiday", DayType::kHoliday},
                                                  {"other", DayType::kAny}};
    for (const auto& day : node) {
        DaySchedule schedule;
        schedule.day_type = types.at(day.first.Scalar());
        const std::string path =
            field + ".schedules[" + std::to_string(season.schedules.size()) + "]";
        marks.mark(path, day.second);
        for (const YAML::Node& slot : checked_list(day.second, path)) {
            marks.mark(path + ".slots[" + std::to_string(schedule.slots.size()) + "]", slot);
            schedule.slots.push_back(parse_slot(slot, path));
        }
        season.schedules.push_back(std::move(schedule));
    }
}

}  // namespace

void parse_seasons(const YAML::Node& root, TariffDefinition& definition, FieldMarks& marks) {
    const YAML::Node node = root["seasons"];
    if (!node) {
        return;
    }
    marks.mark("seasons", node);
    for (const YAML::Node& entry : checked_list(node, "seasons")) {
        const std::string field = "seasons[" + std::to_string(definition.seasons.size()) + "]";
        check_keys(entry, field, {"name", "months", "days"});
        marks.mark(field, entry);
        Season season;
        season.name = optional_text(entry, "name");
        parse_months(required_value(entry, "months"), field + ".months", season, marks);
        parse_days(required_value(entry, "days"), field, season, marks);
        definition.seasons.push_back(std::move(season));
    }
}

void parse_holidays(const YAML::Node& root, TariffDefinition& definition, FieldMarks& marks) {
    const YAML::Node node = root["holidays"];
    if (!node) {
        return;
    }
    marks.mark("holidays", node);
    for (const YAML::Node& entry : checked_list(node, "holidays")) {
        const std::string text = text_of(entry, "holidays");
        const auto date = date_of(text);
        if (!date) {
            fail(entry, "holidays", "'" + text + "' is not a date YYYY-MM-DD");
        }
        marks.mark("holidays[" + std::to_string(definition.holidays.size()) + "]", entry);
        definition.holidays.push_back(*date);
    }
}

}  // namespace prepay::billing
