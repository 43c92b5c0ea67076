#pragma once

#include "tariffs/adapters/yaml_values.h"

namespace prepay::billing {

/// The seasons of a tariff file with their days and slots; throws.
void parse_seasons(const YAML::Node& root, TariffDefinition& definition, FieldMarks& marks);
/// Its holidays; throws.
void parse_holidays(const YAML::Node& root, TariffDefinition& definition, FieldMarks& marks);

}  // namespace prepay::billing
