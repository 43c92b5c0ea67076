#pragma once

#include "tariffs/adapters/yaml_values.h"

namespace prepay::billing {

/// The month, quarter or year that a tariff file's tiers count in; throws.
void parse_tier_span(const YAML::Node& root, TariffDefinition& definition, FieldMarks& marks);
/// Its prices, in tiers or without; throws.
void parse_tiers(const YAML::Node& root, Resource resource, TariffDefinition& definition,
                 FieldMarks& marks);

}  // namespace prepay::billing
