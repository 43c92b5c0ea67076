#include "wiring.h"

#include "commands/adapters/grpc_commands.h"
#include "commands/adapters/grpc_switch_permits.h"
#include "commands/adapters/intent_subscriber.h"
#include "devices/adapters/yaml_pack_loader.h"
#include "holds/adapters/grpc_holds.h"
#include "lines/adapters/grpc_lines.h"
#include "lines/adapters/park_load.h"
#include "lines/adapters/pg_snapshots.h"
#include "lines/app/line_park.h"
#include "lines/app/reading_watch.h"
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
constexpr std::chrono::seconds kWatchPeriod{2};

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
          reading_watch(
              {service.clock(), metrics, park, spool,
               [&database = service.database()] { return database.ping().ok(); },
               runtime::end_standstill("READINGS_STALLED")},
              {kWatchPeriod, config.lines_stalled_after, service.config().progress.end_after}),
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
    ReadingWatch reading_watch;
    IntentSubscriber intents;
    GrpcLines grpc_lines;
    GrpcMeters grpc_meters;
    GrpcQuarantine grpc_quarantine;
    GrpcAnomalies grpc_anomalies;
    GrpcReadings grpc_readings;
    GrpcCommands grpc_commands;
    GrpcHolds grpc_holds;
};

Status Wiring::Parts::keep_house() {
    park.publish_metrics();
    return submit_open(commands, park, kOrphanAge);
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
    PREPAY_RETURN_IF_ERROR(load_park(parts.registry, parts.park));
    PREPAY_RETURN_IF_ERROR(submit_open(parts.commands, parts.park, Duration(0)));
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
    service.every("reading-watch", kWatchPeriod, [&parts] {
        parts.reading_watch.look();
        return absl::OkStatus();
    });
    service.add_check("readings", [&parts] { return parts.reading_watch.readiness(); });
    // Lines end first, so that the spool's last round has what they read.
    service.on_stop([&parts] { parts.park.stop(); });
    return absl::OkStatus();
}

}  // namespace prepay::metering
