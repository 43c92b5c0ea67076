#pragma once

#include <optional>
#include <string>

#include "devices/domain/driver_pack.h"
#include "devices/domain/meter.h"

namespace prepay::metering {

/// Which meters there are. Thread-safe.
class MeterDirectory {
public:
    virtual ~MeterDirectory() = default;
    [[nodiscard]] virtual std::optional<MeterConfig> find_meter(
        const std::string& meter_id) const = 0;
    /// Nothing when the pack is not installed here.
    [[nodiscard]] virtual const DriverPack* pack_of(const MeterConfig& config) const = 0;
};

}  // namespace prepay::metering
