#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tariffs/domain/tariff.h"

namespace prepay::billing {

/// A version as it is kept.
struct StoredVersion {
    int version = 0;
    Instant effective;
    TariffDefinition definition;
    std::string create_user;
    Instant create_time;
};

struct StoredTariff {
    std::int64_t tariff_key = 0;
    std::string tariff_id;
    std::string display_name;
    Resource resource = Resource::kElectricity;
    std::vector<StoredVersion> versions;
    int assigned_meter_count = 0;
};

/// An assignment with its meter; `end` is the start of the next one.
struct StoredAssignment {
    std::string meter_id;
    std::string tariff_id;
    Instant start;
    std::optional<Instant> end;
    std::optional<Resource> meter_resource = {};    ///< Of the newest epoch.
    std::int64_t wrong_resource_reading_count = 0;  ///< Waiting ones that this tariff does not fit.
};

}  // namespace prepay::billing
