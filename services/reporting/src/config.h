#pragma once

#include <chrono>

#include "config/config.h"

namespace prepay::reporting {

/// The service's own keys.
struct ReportingConfig {
    std::chrono::milliseconds wall_refresh_interval{250};  ///< How stale the wall may get.
    std::chrono::milliseconds watch_heartbeat_interval{5000};
    int export_row_max = 200'000;  ///< Rows of one CSV.
};

ReportingConfig read_config(config::Reader& reader);

}  // namespace prepay::reporting
