#include <memory>

#include "adapters/asio_line_loop.h"
#include "adapters/grpc_metering_service.h"
#include "adapters/grpc_switch_permits.h"
#include "adapters/import_command.h"
#include "adapters/intent_subscriber.h"
#include "adapters/pg_snapshots.h"
#include "adapters/probe_command.h"
#include "adapters/yaml_pack_loader.h"
#include "app/line_park.h"
#include "app/reading_spool.h"
#include "config.h"
#include "core/pause.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& metering_gateway_migrations();  // Generated from migrations/.
}

namespace {

using namespace prepay;

constexpr std::chrono::seconds kHousekeepingPeriod{2};
constexpr std::chrono::seconds kOrphanAge{3};
constexpr int kPageSize = 1000;

/// Everything the service is made of, in the order it is built.
struct Parts {
    Parts(runtime::Service& service, const metering::GatewayConfig& config,
          metering::PackLibrary library)
        : packs(std::move(library)),
          metrics(service.metrics()),
          registry(service.database(), service.clock(), config.commands.late_horizon),
          readings(service.database(), service.outbox(), service.clock()),
          anomalies(service.database(), service.outbox(), service.clock(), readings),
          commands(service.database(), service.outbox(), service.clock(), signal),
          holds(service.database()),
          snapshots(service.clock()),
          permits(service.peer("account")),
          spool(readings, metrics, static_cast<std::size_t>(config.spool_readings_max)),
          loops(service.clock()),
          park({service.clock(), metrics, commands, permits, spool, board, config.limits,
                config.commands},
               packs, loops.all()),
          intents(commands, park, signal, service.clock()),
          grpc({registry, readings, anomalies, commands, park, board, signal, packs, metrics,
                service.clock(), permits, holds}) {}

    metering::PackLibrary packs;
    metering::GatewayMetrics metrics;
    metering::LatestBoard board;
    metering::CommandSignal signal;
    metering::PgRegistryStore registry;
    metering::PgReadingStore readings;
    metering::PgAnomalyStore anomalies;
    metering::PgCommandStore commands;
    metering::PgHoldList holds;
    metering::PgSnapshots snapshots;
    metering::GrpcSwitchPermits permits;
    metering::ReadingSpool spool;
    metering::AsioLineLoops loops;
    metering::LinePark park;
    metering::IntentSubscriber intents;
    metering::GrpcMeteringService grpc;
};

Status load_park(Parts& parts) {
    std::string after;
    while (true) {
        PREPAY_ASSIGN_OR_RETURN(const auto lines, parts.registry.list_lines(after, kPageSize));
        for (const metering::LineConfig& line : lines) {
            parts.park.put_line(line);
            after = line.line_id;
        }
        if (static_cast<int>(lines.size()) < kPageSize) {
            break;
        }
    }
    after.clear();
    while (true) {
        PREPAY_ASSIGN_OR_RETURN(const auto meters,
                                parts.registry.list_meters(after, kPageSize, "", {}));
        for (const auto& meter : meters) {
            parts.park.put_meter(meter.config, meter.memory);
            after = meter.config.meter_id;
        }
        if (static_cast<int>(meters.size()) < kPageSize) {
            return absl::OkStatus();
        }
    }
}

/// Hands open orders to their lines: all of them at the start, later those that their line does not
/// know because an answer of PostgreSQL was lost. What may have been sent is read back first.
Status submit_open(Parts& parts, Duration age) {
    PREPAY_ASSIGN_OR_RETURN(const auto open, parts.commands.list_open(age));
    for (const metering::Command& command : open) {
        parts.park.submit(command, command.state == metering::CommandState::kSending);
    }
    return absl::OkStatus();
}

void keep_house(Parts& parts, const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        pause(stop, kHousekeepingPeriod);
        parts.park.publish_metrics();
        if (const Status status = submit_open(parts, kOrphanAge); !status.ok()) {
            telemetry::log_warning("open commands could not be looked through",
                                   {{"error", telemetry::describe(status)}});
        }
    }
}

/// For consumers that are further behind than the outbox reaches. Anomalies have no consumer.
void offer_snapshots(runtime::Service& service, const metering::PgSnapshots& snapshots) {
    service.add_snapshot("prepay.metering.readings.v1",
                         [&snapshots](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                      const outbox::EmitEvent& emit) {
                             return snapshots.tell_readings(tx, request, emit);
                         });
    service.add_snapshot("prepay.metering.meter-states.v1",
                         [&snapshots](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                      const outbox::EmitEvent& emit) {
                             return snapshots.tell_states(tx, request, emit);
                         });
    service.add_snapshot("prepay.metering.command-results.v1",
                         [&snapshots](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                      const outbox::EmitEvent& emit) {
                             return snapshots.tell_commands(tx, request, emit);
                         });
}

Status wire(runtime::Service& service, const metering::GatewayConfig& config,
            std::unique_ptr<Parts>& parts) {
    PREPAY_ASSIGN_OR_RETURN(metering::PackLibrary packs, metering::load_packs(config.packs_dir));
    metering::allow_many_lines();
    parts = std::make_unique<Parts>(service, config, std::move(packs));
    PREPAY_RETURN_IF_ERROR(load_park(*parts));
    PREPAY_RETURN_IF_ERROR(submit_open(*parts, Duration(0)));
    parts->grpc.add_to(service.server());
    offer_snapshots(service, parts->snapshots);
    service.subscribe({"prepay.account.switch-intents.v1"},
                      [&parts](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                          return parts->intents.apply(tx, messages);
                      });
    service.spawn("reading-spool",
                  [&parts](const std::stop_token& stop) { parts->spool.run(stop); });
    service.spawn("lines", [&parts](const std::stop_token& stop) {
        parts->park.start();
        keep_house(*parts, stop);
    });
    // Lines end first, so that the spool's last round has what they read.
    service.on_stop([&parts] { parts->park.stop(); });
    return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
    metering::GatewayConfig config;
    std::unique_ptr<Parts> parts;
    runtime::Program program;
    program.name = "metering-gateway";
    program.schema = "metering";
    program.peers = {"account"};  // Claims of switch intents, and Replay of lost messages.
    program.migrations = metering_gateway_migrations();
    program.configure = [&config](config::Reader& reader) { config.read(reader); };
    program.check = [&config](config::Reader& reader) {
        if (const auto packs = metering::load_packs(config.packs_dir); !packs.ok()) {
            reader.problem("packs_dir", error_message(packs.status()));
        }
    };
    program.wire = [&config, &parts](runtime::Service& service) {
        return wire(service, config, parts);
    };
    program.add_subcommands = [](CLI::App& app, int& exit_code) {
        metering::add_probe_command(app, exit_code);
        metering::add_import_command(app, exit_code);
    };
    return runtime::run_main(argc, argv, program);
}
