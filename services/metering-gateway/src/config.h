#pragma once

#include <cstdint>
#include <string>

#include "commands/app/command_runner.h"
#include "config/config.h"
#include "readings/domain/plausibility.h"

namespace prepay::metering {

/// The gateway's own settings; the common ones are read by libs/runtime.
struct GatewayConfig {
    std::string packs_dir;  ///< Folder of driver packs.
    PlausibilityLimits limits;
    CommandSettings commands;
    std::chrono::milliseconds lines_stalled_after{60'000};
    std::int64_t spool_readings_max = 0;

    void read(config::Reader& reader);
};

}  // namespace prepay::metering
