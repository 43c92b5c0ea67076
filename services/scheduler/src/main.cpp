#include <memory>

#include "adapters/grpc_gateway_client.h"
#include "adapters/grpc_scheduler_service.h"
#include "adapters/kafka_command_results.h"
#include "adapters/pg_task_store.h"
#include "app/dispatch_items.h"
#include "app/resolve_sent.h"
#include "config.h"
#include "core/anchored_clock.h"
#include "core/pause.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& scheduler_migrations();
}

namespace prepay::scheduler {
namespace {

constexpr std::chrono::milliseconds kIdlePause{200};
constexpr std::chrono::seconds kErrorPause{2};

// Repeats a round until stopped: at once while there is work, else after a pause.
template <typename Round>
void repeat(const std::stop_token& stop, const char* what, const Round& round) {
    while (!stop.stop_requested()) {
        const Result<int> done = round();
        if (!done.ok()) {
            telemetry::log_warning("will go on later",
                                   {{"work", what}, {"error", telemetry::describe(done.status())}});
            pause(stop, kErrorPause);
        } else if (*done == 0) {
            pause(stop, kIdlePause);
        }
    }
}

// Everything the service is made of; lives as long as the process.
struct Parts {
    Parts(runtime::Service& service, const SchedulerConfig& config)
        : metrics(service.metrics()),
          clock(service.clock()),
          store(service.database(), config, metrics),
          gateway(service.peer("metering")),
          grpc(service.database(), config, clock) {}

    SchedulerMetrics metrics;
    const Clock& clock;
    PgTaskStore store;
    GrpcGateway gateway;
    GrpcSchedulerService grpc;
};

void spawn_threads(runtime::Service& service, const SchedulerConfig& config, Parts& parts) {
    service.spawn("plan", [&parts](const std::stop_token& stop) {
        repeat(stop, "plan", [&]() -> Result<int> {
            if (is_in_doubt(parts.clock)) {
                return 0;  // Nobody knows what is due.
            }
            PREPAY_ASSIGN_OR_RETURN(const int count, parts.store.start_due(parts.clock.now()));
            parts.metrics.started(count);
            return 0;
        });
    });
    for (int i = 1; i <= config.dispatch_thread_count; ++i) {
        service.spawn(
            "dispatch-" + std::to_string(i), [&parts, &config](const std::stop_token& stop) {
                ItemDispatch dispatch(parts.store, parts.gateway, config.dispatch, parts.clock,
                                      parts.metrics);
                repeat(stop, "dispatch", [&]() -> Result<int> {
                    return is_in_doubt(parts.clock) ? Result<int>(0) : dispatch.run_once();
                });
            });
    }
    service.spawn("resolve", [&parts, &config](const std::stop_token& stop) {
        SentResolution resolution(parts.store, parts.gateway, config.resolve, parts.clock);
        repeat(stop, "resolve", [&] { return resolution.run_once(); });
    });
}

Status wire(runtime::Service& service, const SchedulerConfig& config,
            std::unique_ptr<Parts>& parts) {
    parts = std::make_unique<Parts>(service, config);
    parts->grpc.register_with(service.server());
    service.subscribe(
        {kCommandResultsTopic},
        [&parts = *parts, &config](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
            return take_command_results(tx, messages, config, parts.clock, parts.metrics);
        });
    spawn_threads(service, config, *parts);
    return absl::OkStatus();
}

}  // namespace
}  // namespace prepay::scheduler

int main(int argc, char** argv) {
    prepay::scheduler::SchedulerConfig config;
    std::unique_ptr<prepay::scheduler::Parts> parts;
    prepay::runtime::Program program;
    program.name = "scheduler";
    program.schema = "scheduler";
    program.peers = {"metering"};
    program.migrations = prepay::scheduler_migrations();
    program.configure = [&](prepay::config::Reader& reader) {
        prepay::scheduler::read_config(reader, config);
    };
    program.wire = [&](prepay::runtime::Service& service) {
        return prepay::scheduler::wire(service, config, parts);
    };
    return prepay::runtime::run_main(argc, argv, program);
}
