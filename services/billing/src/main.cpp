#include <memory>

#include "billing_migrations.h"
#include "charges/adapters/grpc_charges.h"
#include "intake/adapters/event_handler.h"
#include "rating/adapters/grpc_rating.h"
#include "rating/adapters/pg_pending.h"
#include "rating/adapters/rate_command.h"
#include "runtime/service.h"
#include "tariffs/adapters/grpc_tariffs.h"

namespace {

using namespace prepay;

/// Everything the service is made of, in the order it is built.
struct Parts {
    explicit Parts(runtime::Service& s) : service(s) {}

    void wire() {
        tariffs_rpc.add_to(service.server());
        charges_rpc.add_to(service.server());
        rating_rpc.add_to(service.server());
        service.add_snapshot("prepay.billing.charges.v1",
                             [this](auto&&... arguments) { return events_out.tell(arguments...); });
        service.subscribe(events_in.handlers());
        service.every("pending-gauge", std::chrono::seconds(5), [this] { return count_pending(); });
    }

    Status count_pending() {
        PREPAY_ASSIGN_OR_RETURN(const std::int64_t count,
                                service.database().read([](pqxx::work& tx) -> Result<std::int64_t> {
                                    return billing::count_pending(tx);
                                }));
        metrics.set_pending(count);
        return absl::OkStatus();
    }

    runtime::Service& service;
    billing::BillingMetrics metrics{service.metrics()};
    billing::ChargeEvents events_out{service.outbox(), service.clock()};
    billing::RatingTransaction rating{events_out, metrics, service.clock()};
    billing::EventHandler events_in{rating, service.outbox()};
    billing::GrpcTariffs tariffs_rpc{service.database(), service.clock()};
    billing::GrpcCharges charges_rpc{service.database()};
    billing::GrpcRating rating_rpc{service.database(), rating, service.clock()};
};

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
        parts->wire();
        return absl::OkStatus();
    };
    program.add_subcommands = billing::add_rate_command;
    return runtime::run_main(argc, argv, program);
}
