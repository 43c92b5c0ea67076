#include "tariffs/adapters/yaml_values.h"

#include "quantity/text.h"

namespace prepay::billing {

YAML::Mark FieldMarks::nearest(std::string field, const YAML::Mark& root) const {
    while (!field.empty() && marks_.count(field) == 0) {
        const auto cut = field.find_last_of(".[");
        field = cut == std::string::npos ? std::string() : field.substr(0, cut);
    }
    return field.empty() ? root : marks_.at(field);
}

void fail(const YAML::Node& node, const std::string& field, const std::string& message) {
    throw TariffFileProblem{node.Mark(), field, "TARIFF_YAML", message};
}

void check_keys(const YAML::Node& node, const std::string& field,
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

YAML::Node required_value(const YAML::Node& node, const std::string& key) {
    const YAML::Node value = node[key];
    if (!value) {
        fail(node, key, "the key '" + key + "' is missing");
    }
    return value;
}

std::string optional_text(const YAML::Node& node, const std::string& key) {
    const YAML::Node value = node[key];
    return value ? text_of(value, key) : std::string();
}

const YAML::Node& checked_list(const YAML::Node& node, const std::string& field) {
    if (!node.IsSequence()) {
        fail(node, field, "'" + field + "' must be a list");
    }
    return node;
}

std::string text_of(const YAML::Node& node, const std::string& field) {
    if (!node.IsScalar() || node.Scalar().empty()) {
        fail(node, field, "'" + field + "' must be a single value");
    }
    return node.Scalar();
}

std::optional<RatePeriod> period_of(const std::string& text) {
    for (std::size_t i = 1; i < kRatePeriodCount; ++i) {
        const auto period = static_cast<RatePeriod>(i);
        if (text == to_text(period)) {
            return period;
        }
    }
    return std::nullopt;
}

std::optional<int> minute_of(const std::string& text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    if (text.size() != 5 || text[2] != ':' || !digit(0) || !digit(1) || !digit(3) || !digit(4)) {
        return std::nullopt;
    }
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (minute > 59 || hour * 60 + minute > 1440) {
        return std::nullopt;
    }
    return hour * 60 + minute;
}

std::optional<CivilDate> date_of(const std::string& text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    const auto year = parse_decimal(text.substr(0, 4), 0);
    const auto month = parse_decimal(text.substr(5, 2), 0);
    const auto day = parse_decimal(text.substr(8, 2), 0);
    if (!year || !month || !day) {
        return std::nullopt;
    }
    return CivilDate{static_cast<int>(*year), static_cast<int>(*month), static_cast<int>(*day)};
}

}  // namespace prepay::billing
