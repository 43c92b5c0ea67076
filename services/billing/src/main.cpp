#include <memory>

#include "adapters/event_handler.h"
#include "adapters/grpc_billing_service.h"
#include "adapters/pg_meters.h"
#include "adapters/rate_command.h"
#include "core/pause.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& billing_migrations();  // Generated from migrations/.
}

namespace {

using namespace prepay;

constexpr std::chrono::seconds kGaugePeriod{5};

/// Everything the service is made of, in the order it is built.
struct Parts {
    explicit Parts(runtime::Service& service)
        : metrics(service.metrics()),
          rating(service.outbox(), metrics, service.clock()),
          events(rating, service.outbox()),
          grpc(service.database(), rating, service.clock()) {}

    billing::BillingMetrics metrics;
    billing::RatingTransaction rating;
    billing::EventHandler events;
    billing::GrpcBillingService grpc;
};

void watch_pending(runtime::Service& service, const billing::BillingMetrics& metrics,
                   const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto count = service.database().read(
            [](pqxx::work& tx) -> Result<std::int64_t> { return billing::count_pending(tx); });
        if (count.ok()) {
            metrics.set_pending(*count);
        } else {
            telemetry::log_warning("cannot count waiting readings",
                                   {{"error", telemetry::describe(count.status())}});
        }
        pause(stop, kGaugePeriod);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::unique_ptr<Parts> parts;
    runtime::Program program;
    program.name = "billing";
    program.schema = "billing";
    program.peers = {"metering", "account"};  // Replay of lost messages.
    program.migrations = billing_migrations();
    program.configure = [](config::Reader&) {};
    program.wire = [&parts](runtime::Service& service) -> Status {
        parts = std::make_unique<Parts>(service);
        parts->grpc.add_to(service.server());
        service.add_snapshot("prepay.billing.charges.v1",
                             [&parts](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                      const outbox::EmitEvent& emit) {
                                 return parts->rating.tell_charges(tx, request, emit);
                             });
        service.subscribe(billing::EventHandler::topics(),
                          [&parts](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                              return parts->events.apply(tx, messages);
                          });
        service.spawn("pending-gauge", [&parts, &service](const std::stop_token& stop) {
            watch_pending(service, parts->metrics, stop);
        });
        return absl::OkStatus();
    };
    program.add_subcommands = [](CLI::App& app, int& exit_code) {
        billing::add_rate_command(app, exit_code);
    };
    return runtime::run_main(argc, argv, program);
}
