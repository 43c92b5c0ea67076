#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <set>
#include <string>

#include "tariffs/domain/tariff.h"

// The keys and single values of a tariff file.
namespace prepay::billing {

/// What is wrong in a tariff file, and where. Thrown, and caught in yaml_tariff.cpp.
struct TariffFileProblem {
    YAML::Mark mark;
    std::string field;
    std::string reason;
    std::string message;
};

/// Where each field of the definition was written, for the messages of validate().
class FieldMarks {
public:
    void mark(const std::string& field, const YAML::Node& node) {
        marks_.emplace(field, node.Mark());
    }
    /// Of the nearest enclosing field that has a place; `root` when there is none.
    [[nodiscard]] YAML::Mark nearest(std::string field, const YAML::Mark& root) const;

private:
    std::map<std::string, YAML::Mark> marks_;
};

[[noreturn]] void fail(const YAML::Node& node, const std::string& field,
                       const std::string& message);
/// Whether a node is a map of none but the known keys, each of them once; throws.
void check_keys(const YAML::Node& node, const std::string& field,
                const std::set<std::string>& known);
/// A key's value, which must be there; throws.
YAML::Node required_value(const YAML::Node& node, const std::string& key);
/// A key's text, empty without the key; throws.
std::string optional_text(const YAML::Node& node, const std::string& key);
/// The node itself, which must be a list; throws.
const YAML::Node& checked_list(const YAML::Node& node, const std::string& field);
/// A scalar that is not empty; throws.
std::string text_of(const YAML::Node& node, const std::string& field);
/// "sharp" .. "deep_valley".
std::optional<RatePeriod> period_of(const std::string& text);
/// "HH:MM", 00:00 .. 24:00, as minutes of the day.
std::optional<int> minute_of(const std::string& text);
/// "YYYY-MM-DD"; any numbers.
std::optional<CivilDate> date_of(const std::string& text);

}  // namespace prepay::billing
