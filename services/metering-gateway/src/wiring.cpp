#include "wiring.h"

#include "commands/adapters/grpc_commands.h"
#include "commands/adapters/grpc_switch_permits.h"
#include "commands/adapters/intent_subscriber.h"
#include "devices/adapters/yaml_pack_loader.h"
#include "holds/adapters/grpc_holds.h"
#include "lines/adapters/grpc_lines.h"
#include "lines/adapters/pg_snapshots.h"
#include "lines/app/line_park.h"
#include "meters/adapters/grpc_meters.h"
#include "meters/adapters/grpc_quarantine.h"
#include "readings/adapters/grpc_anomalies.h"
#include "readings/adapters/grpc_readings.h"
#include "readings/app/reading_spool.h"
#include "transports/adapters/asio_line_loop.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::seconds kHousekeepingPeriod{2};
constexpr std::chrono::seconds kOrphanAge{3};
constexpr int kPageSize = 1000;

}  // namespace

// In the order they are built.
struct Wiring::Parts {
    Parts(runtime::Service& service, const GatewayConfig& config, PackLibrary library)
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
          intents(commands, park, park, signal, service.clock()),
          grpc_lines({registry, park}),
          grpc_meters({registry, park, park, board, packs}),
          grpc_quarantine({registry, anomalies, park, park, park}),
          grpc_anomalies({anomalies}),
          grpc_readings({readings, anomalies, park, park, metrics, service.clock()}),
          grpc_commands({commands, park, park, signal, permits, service.clock()}),
          grpc_holds({holds}) {}

    void add_to(rpc::Server& server) {
        grpc_lines.add_to(server);
        grpc_meters.add_to(server);
        grpc_quarantine.add_to(server);
        grpc_anomalies.add_to(server);
        grpc_readings.add_to(server);
        grpc_commands.add_to(server);
        grpc_holds.add_to(server);
    }

    /// Gives the park every stored line and meter.
    Status load_park();
    /// Hands open orders to their lines: all of them at the start, later those that their line does
    /// not know because an answer of PostgreSQL was lost. What may have been sent is read back
    /// first.
    Status submit_open(Duration age);
    Status keep_house();

    PackLibrary packs;
    GatewayMetrics metrics;
    LatestBoard board;
    CommandSignal signal;
    PgRegistryStore registry;
    PgReadingStore readings;
    PgAnomalyStore anomalies;
    PgCommandStore commands;
    PgHoldList holds;
    PgSnapshots snapshots;
    GrpcSwitchPermits permits;
    ReadingSpool spool;
    AsioLineLoops loops;
    LinePark park;
    IntentSubscriber intents;
    GrpcLines grpc_lines;
    GrpcMeters grpc_meters;
    GrpcQuarantine grpc_quarantine;
    GrpcAnomalies grpc_anomalies;
    GrpcReadings grpc_readings;
    GrpcCommands grpc_commands;
    GrpcHolds grpc_holds;
};

Status Wiring::Parts::load_park() {
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

Status Wiring::Parts::submit_open(Duration age) {
    PREPAY_ASSIGN_OR_RETURN(const auto open, commands.list_open(age));
    for (const Command& command : open) {
        park.submit(command, command.state == CommandState::kSending);
    }
    return absl::OkStatus();
}

Status Wiring::Parts::keep_house() {
    park.publish_metrics();
    return submit_open(kOrphanAge);
}

namespace {

/// For consumers that are further behind than the outbox reaches. Anomalies have no consumer.
void offer_snapshots(runtime::Service& service, const PgSnapshots& snapshots) {
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

}  // namespace

Wiring::Wiring() = default;
Wiring::~Wiring() = default;

Status Wiring::wire(runtime::Service& service, const GatewayConfig& config) {
    PREPAY_ASSIGN_OR_RETURN(PackLibrary packs, load_packs(config.packs_dir));
    allow_many_lines();
    parts_ = std::make_unique<Parts>(service, config, std::move(packs));
    Parts& parts = *parts_;
    PREPAY_RETURN_IF_ERROR(parts.load_park());
    PREPAY_RETURN_IF_ERROR(parts.submit_open(Duration(0)));
    parts.add_to(service.server());
    offer_snapshots(service, parts.snapshots);
    service.subscribe({{"prepay.account.switch-intents.v1",
                        [&parts](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                            return parts.intents.apply(tx, messages);
                        }}});
    service.spawn("reading-spool",
                  [&parts](const std::stop_token& stop) { parts.spool.run(stop); });
    service.spawn("lines", [&parts](const std::stop_token&) { parts.park.start(); });
    service.every("orphans", kHousekeepingPeriod, [&parts] { return parts.keep_house(); });
    // Lines end first, so that the spool's last round has what they read.
    service.on_stop([&parts] { parts.park.stop(); });
    return absl::OkStatus();
}

}  // namespace prepay::metering
