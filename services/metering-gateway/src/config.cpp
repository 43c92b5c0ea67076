#include "config.h"

namespace prepay::metering {

void GatewayConfig::read(config::Reader& reader) {
    using std::chrono::milliseconds;
    packs_dir = reader.path("packs_dir", false);
    // A simulator that runs n times faster than real meters needs n times the margin.
    limits.margin_percent = static_cast<int>(
        reader.integer("plausibility.power_margin_percent", 150, 100, 100'000'000));
    limits.future_max = reader.duration("plausibility.future_max", milliseconds(120'000),
                                        milliseconds(1000), milliseconds(3'600'000));
    limits.age_max =
        std::chrono::hours(24 * reader.integer("plausibility.history_days_max", 7305, 1, 36'525));
    commands.attempts_max = static_cast<int>(reader.integer("commands.attempts_max", 3, 1, 10));
    commands.settle_time = reader.duration("commands.settle_time", milliseconds(2000),
                                           milliseconds(10), milliseconds(60'000));
    commands.verify_window = reader.duration("commands.verify_window", milliseconds(30'000),
                                             milliseconds(100), milliseconds(600'000));
    commands.permit_age_max = reader.duration("commands.permit_age_max", milliseconds(1000),
                                              milliseconds(100), milliseconds(10'000));
    commands.late_horizon = reader.duration("commands.late_horizon", milliseconds(15 * 60'000),
                                            milliseconds(1000), milliseconds(86'400'000));
    lines_stalled_after = reader.duration("lines.stalled_after", milliseconds(60'000),
                                          milliseconds(30'000), milliseconds(3'600'000));
    spool_readings_max = reader.integer("spool.readings_max", 200'000, 1'000, 10'000'000);
}

}  // namespace prepay::metering
