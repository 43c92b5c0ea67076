#include "lines/adapters/park_load.h"

namespace prepay::metering {
namespace {

constexpr int kPageSize = 1000;

}  // namespace

Status load_park(PgRegistryStore& registry, LinePark& park) {
    std::string after;
    while (true) {
        PREPAY_ASSIGN_OR_RETURN(const auto lines, registry.list_lines(after, kPageSize));
        for (const LineConfig& line : lines) {
            park.put_line(line);
            after = line.line_id;
        }
        if (static_cast<int>(lines.size()) < kPageSize) {
            break;
        }
    }
    after.clear();
    while (true) {
        PREPAY_ASSIGN_OR_RETURN(const auto meters, registry.list_meters(after, kPageSize, "", {}));
        for (const auto& meter : meters) {
            park.put_meter(meter.config, meter.memory);
            after = meter.config.meter_id;
        }
        if (static_cast<int>(meters.size()) < kPageSize) {
            return absl::OkStatus();
        }
    }
}

Status submit_open(PgCommandStore& commands, OrderLines& lines, Duration age) {
    PREPAY_ASSIGN_OR_RETURN(const auto open, commands.list_open(age));
    for (const Command& command : open) {
        lines.submit(command, command.state == CommandState::kSending);
    }
    return absl::OkStatus();
}

}  // namespace prepay::metering
