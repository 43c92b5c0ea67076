#include <memory>

#include "adapters/event_folder.h"
#include "adapters/grpc_reporting_service.h"
#include "adapters/pg_wall_source.h"
#include "core/pause.h"
#include "reporting_migrations.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay::reporting {
namespace {

constexpr std::chrono::hours kHousekeepingInterval{1};

// What lives as long as the process.
struct Parts {
    Parts(runtime::Service& service, const ReportingConfig& config)
        : metrics(service.metrics()),
          folder(metrics),
          wall_source(service.database(), service.clock(), wall),
          reports(service.database()),
          rpc(wall, reports, service.clock(), config, metrics) {}

    ReportingMetrics metrics;
    EventFolder folder;
    WallImage wall;
    PgWallSource wall_source;
    PgReportStore reports;
    GrpcReportingService rpc;
};

Status wire(runtime::Service& service, const ReportingConfig& config,
            std::unique_ptr<Parts>& parts) {
    parts = std::make_unique<Parts>(service, config);
    PREPAY_RETURN_IF_ERROR(parts->wall_source.refresh());
    parts->rpc.register_with(service.server());
    service.subscribe(parts->folder.handlers(), EventFolder::swaps());
    service.every("wall", config.wall_refresh_interval, [&parts = *parts] {
        const Status status = parts.wall_source.refresh();
        parts.metrics.set_wall_rooms(parts.wall.room_count());
        return status;
    });
    service.every("housekeeping", kHousekeepingInterval, [&service] {
        return forget_old_events(service.database(), service.clock().now());
    });
    return absl::OkStatus();
}

}  // namespace
}  // namespace prepay::reporting

int main(int argc, char** argv) {
    prepay::reporting::ReportingConfig config;
    std::unique_ptr<prepay::reporting::Parts> parts;
    prepay::runtime::Program program;
    program.name = "reporting";
    program.schema = "reporting";
    program.peers = {"account", "metering"};
    program.migrations = prepay::reporting_migrations();
    program.configure = [&](prepay::config::Reader& reader) {
        config = prepay::reporting::read_config(reader);
    };
    program.wire = [&](prepay::runtime::Service& service) {
        return prepay::reporting::wire(service, config, parts);
    };
    return prepay::runtime::run_main(argc, argv, program);
}
