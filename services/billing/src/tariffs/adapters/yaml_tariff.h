#pragma once

#include <optional>
#include <string>

#include "core/status.h"
#include "tariffs/domain/tariff.h"

namespace prepay::billing {

/// A tariff as a person writes it (format: README.md, "Tariff files").
struct TariffFile {
    std::string tariff_id;
    std::string display_name;
    Resource resource = Resource::kElectricity;
    std::optional<Instant> effective_time;  ///< Absent = since ever.
    TariffDefinition definition;
};

/// Reads and validates a tariff file. Errors are INVALID_ARGUMENT, their message starts with
/// "<name>:<line>:<column>: ", metadata `line`, `column`, `field`; reasons TARIFF_YAML (syntax,
/// unknown or missing key, wrong type) or one of validate().
Result<TariffFile> parse_tariff_yaml(const std::string& name, const std::string& text);

}  // namespace prepay::billing
