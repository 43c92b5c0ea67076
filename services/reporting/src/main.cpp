#include <memory>

#include "adapters/event_folder.h"
#include "adapters/grpc_reporting_service.h"
#include "adapters/pg_wall_source.h"
#include "core/pause.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& reporting_migrations();  // Generated from migrations/.
}

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

void keep_house(runtime::Service& service, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const Status status = forget_old_events(service.database(), service.clock().now());
        if (!status.ok()) {
            telemetry::log_warning("housekeeping failed", {{"error", telemetry::describe(status)}});
        }
        pause(stop, kHousekeepingInterval);
    }
}

Status wire(runtime::Service& service, const ReportingConfig& config,
            std::unique_ptr<Parts>& parts) {
    parts = std::make_unique<Parts>(service, config);
    PREPAY_RETURN_IF_ERROR(parts->wall_source.refresh());
    parts->rpc.register_with(service.server());
    service.subscribe(
        EventFolder::topics(),
        [&folder = parts->folder](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
            return folder.fold(tx, messages);
        },
        EventFolder::swaps());
    service.spawn("wall", [&parts, config](const std::stop_token& stop) {
        parts->wall_source.run(stop, config.wall_refresh_interval, parts->metrics);
    });
    service.spawn("housekeeping",
                  [&service](const std::stop_token& stop) { keep_house(service, stop); });
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
