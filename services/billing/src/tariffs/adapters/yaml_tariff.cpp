#include "tariffs/adapters/yaml_tariff.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "quantity/text.h"
#include "tariffs/adapters/yaml_calendar.h"
#include "tariffs/adapters/yaml_prices.h"
#include "tariffs/adapters/yaml_values.h"

namespace prepay::billing {
namespace {

constexpr std::size_t kTextSizeMax = 256 << 10;

void parse_resource(const YAML::Node& root, TariffFile& file) {
    const std::string text = optional_text(root, "resource");
    if (text == "water") {
        file.resource = Resource::kWater;
    } else if (!text.empty() && text != "electricity") {
        fail(root["resource"], "resource", "resource is electricity or water");
    }
}

void parse_effective_time(const YAML::Node& root, TariffFile& file) {
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

void check_definition(const YAML::Node& root, const TariffDefinition& definition,
                      const FieldMarks& marks) {
    const std::vector<TariffProblem> problems = validate(definition);
    if (problems.empty()) {
        return;
    }
    const TariffProblem& problem = problems.front();
    throw TariffFileProblem{marks.nearest(problem.field, root.Mark()), problem.field,
                            problem.reason, problem.message};
}

TariffFile parse_file(const YAML::Node& root) {
    check_keys(root, "",
               {"tariff", "name", "resource", "time_zone", "effective_time", "seasons", "holidays",
                "price", "prices", "tier_span", "tiers"});
    TariffFile file;
    FieldMarks marks;
    file.tariff_id = optional_text(root, "tariff");
    file.display_name = optional_text(root, "name");
    if (!file.tariff_id.empty() && !is_tariff_id(file.tariff_id)) {
        fail(root["tariff"], "tariff", "a tariff id is 1-64 of a-z, 0-9 and -");
    }
    parse_resource(root, file);
    parse_effective_time(root, file);
    const YAML::Node zone = required_value(root, "time_zone");
    file.definition.time_zone = text_of(zone, "time_zone");
    marks.mark("time_zone", zone);
    parse_seasons(root, file.definition, marks);
    parse_holidays(root, file.definition, marks);
    parse_tier_span(root, file.definition, marks);
    parse_tiers(root, file.resource, file.definition, marks);
    check_definition(root, file.definition, marks);
    return file;
}

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
        return parse_file(YAML::Load(text));
    } catch (const TariffFileProblem& problem) {
        return to_error(name, problem);
    } catch (const YAML::Exception& error) {
        return to_error(name, {error.mark, "", "TARIFF_YAML", error.msg});
    }
}

}  // namespace prepay::billing
