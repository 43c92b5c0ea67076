#include "config.h"

namespace prepay::reporting {

ReportingConfig read_config(config::Reader& reader) {
    using std::chrono::milliseconds;
    ReportingConfig config;
    config.wall_refresh_interval =
        reader.duration("wall.refresh_interval", config.wall_refresh_interval, milliseconds(50),
                        milliseconds(1000));
    config.watch_heartbeat_interval =
        reader.duration("wall.heartbeat_interval", config.watch_heartbeat_interval,
                        milliseconds(1000), milliseconds(9000));
    config.export_row_max =
        static_cast<int>(reader.integer("export.row_max", config.export_row_max, 1, 1'000'000));
    return config;
}

}  // namespace prepay::reporting
