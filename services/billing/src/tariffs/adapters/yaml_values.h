#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>

#include "tariffs/domain/tariff.h"

// Single values of a tariff file.
namespace prepay::billing {

/// What is wrong in a tariff file, and where. Thrown, and caught in yaml_tariff.cpp.
struct TariffFileProblem {
    YAML::Mark mark;
    std::string field;
    std::string reason;
    std::string message;
};

[[noreturn]] void fail(const YAML::Node& node, const std::string& field,
                       const std::string& message);
/// A scalar that is not empty; throws.
std::string text_of(const YAML::Node& node, const std::string& field);
/// "sharp" .. "deep_valley".
std::optional<RatePeriod> period_of(const std::string& text);
/// "HH:MM", 00:00 .. 24:00, as minutes of the day.
std::optional<int> minute_of(const std::string& text);
/// "YYYY-MM-DD"; any numbers.
std::optional<CivilDate> date_of(const std::string& text);

}  // namespace prepay::billing
