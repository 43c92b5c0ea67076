#include <memory>

#include "adapters/grpc_gateway_client.h"
#include "adapters/grpc_scheduler_service.h"
#include "adapters/kafka_command_results.h"
#include "adapters/pg_task_store.h"
#include "app/dispatch_items.h"
#include "app/resolve_sent.h"
#include "config.h"
#include "runtime/service.h"
#include "scheduler_migrations.h"

namespace prepay::scheduler {
namespace {

constexpr std::chrono::milliseconds kIdlePause{200};

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
    service.every("plan", kIdlePause,
                  [&parts] { return start_due_tasks(parts.store, parts.clock, parts.metrics); });
    for (int i = 1; i <= config.dispatch_thread_count; ++i) {
        const auto dispatch = std::make_shared<ItemDispatch>(
            parts.store, parts.gateway, config.dispatch, parts.clock, parts.metrics);
        service.repeat("dispatch-" + std::to_string(i), kIdlePause,
                       [dispatch] { return dispatch->run_once(); });
    }
    const auto resolution =
        std::make_shared<SentResolution>(parts.store, parts.gateway, config.resolve, parts.clock);
    service.repeat("resolve", kIdlePause, [resolution] { return resolution->run_once(); });
}

Status wire(runtime::Service& service, const SchedulerConfig& config,
            std::unique_ptr<Parts>& parts) {
    parts = std::make_unique<Parts>(service, config);
    parts->grpc.register_with(service.server());
    service.subscribe(handlers(config, parts->clock, parts->metrics));
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
