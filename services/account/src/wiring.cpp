#include "wiring.h"

#include "core/pause.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

constexpr Duration kPartitionsInterval = std::chrono::hours(1);
constexpr Duration kQueriesIdle = std::chrono::milliseconds(200);

// Runs `work` again and again, with a pause after a run that failed or gives 0.
void repeat(runtime::Service& service, const std::string& name, Duration idle,
            std::function<Result<int>()> work) {
    service.spawn(name, [name, idle, work = std::move(work)](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const Result<int> done = work();
            if (!done.ok()) {
                telemetry::log_warning(name + " failed",
                                       {{"error", telemetry::describe(done.status())}});
            }
            if (!done.ok() || *done == 0) {
                pause(stop, std::chrono::duration_cast<std::chrono::milliseconds>(idle));
            }
        }
    });
}

void every(runtime::Service& service, const std::string& name, Duration interval,
           std::function<Status()> work) {
    repeat(service, name, interval, [work = std::move(work)]() -> Result<int> {
        PREPAY_RETURN_IF_ERROR(work());
        return 0;
    });
}

/// For consumers that are further behind than the outbox reaches.
void offer_snapshots(runtime::Service& service, Rooms& rooms) {
    using outbox::EmitEvent;
    using outbox::SnapshotRequest;
    service.add_snapshot(
        "prepay.account.rooms.v1",
        [&rooms](pqxx::work& tx, const SnapshotRequest& request, const EmitEvent& emit) {
            return rooms.tenancy.rooms.tell_rooms(tx, request, emit);
        });
    service.add_snapshot(
        "prepay.account.occupancies.v1",
        [&rooms](pqxx::work& tx, const SnapshotRequest& request, const EmitEvent& emit) {
            return rooms.tenancy.rooms.tell_occupancies(tx, request, emit);
        });
    service.add_snapshot(
        "prepay.account.balance-changes.v1",
        [&rooms](pqxx::work& tx, const SnapshotRequest& request, const EmitEvent& emit) {
            return rooms.books.book.tell_balances(tx, request, emit);
        });
    service.add_snapshot(
        "prepay.account.switch-intents.v1",
        [&rooms](pqxx::work& tx, const SnapshotRequest& request, const EmitEvent& emit) {
            return rooms.switches.tell_ready(tx, request, emit);
        });
    service.add_snapshot(
        "prepay.account.payments.v1",
        [&rooms](pqxx::work& tx, const SnapshotRequest& request, const EmitEvent& emit) {
            return rooms.payments.orders.tell_payments(tx, request, emit);
        });
    service.add_snapshot(
        "prepay.account.charge-postings.v1",
        [&rooms](pqxx::work& tx, const SnapshotRequest& request, const EmitEvent& emit) {
            return rooms.books.snapshot.tell(tx, request, emit);
        });
}

}  // namespace

Rooms::Rooms(runtime::Service& service, const AccountConfig& config,
             std::unique_ptr<PaymentProvider> provider)
    : metrics(service.metrics()),
      bills(service.peer("billing")),
      switches(service.outbox(), service.clock(), metrics),
      books(
          service, metrics,
          [this](pqxx::work& tx, const std::vector<LockedAccount>& accounts, Instant now) {
              switches.reconcile(tx, accounts, now);
          },
          [this](const std::vector<std::string>& ids) { return bills.charges(ids); }),
      credit(service, books, switches, config.claim_timeout, config.full_sweep_interval),
      payments(service, books, metrics, std::move(provider), config.payment_times),
      cash(service, books, payments.orders, bills),
      tenancy(
          service, books,
          [this](pqxx::work& tx, const rpc::CallContext& context, const std::string& account_id,
                 Money amount) { return cash.grpc.first_top_up(tx, context, account_id, amount); }),
      intake(books.book, books.posting, switches, service.outbox(), service.clock(), metrics) {}

Status wire(runtime::Service& service, const AccountConfig& config, std::unique_ptr<Rooms>& rooms) {
    PREPAY_ASSIGN_OR_RETURN(auto provider, make_provider(config, service.clock()));
    rooms = std::make_unique<Rooms>(service, config, std::move(provider));
    Rooms& made = *rooms;
    made.books.grpc.register_with(service.server());
    made.tenancy.grpc.register_with(service.server());
    made.credit.grpc.register_with(service.server());
    made.cash.grpc.register_with(service.server());
    made.payments.grpc->register_with(service.server());
    offer_snapshots(service, made);
    service.subscribe(EventIntake::topics(),
                      [&made](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                          return made.intake.apply(tx, messages);
                      });
    every(service, "partitions", kPartitionsInterval,
          [&] { return made.books.make_partitions(service); });
    every(service, "credit-sweep", config.sweep_interval, [&made] { return made.credit.sweep(); });
    if (made.payments.payments) {
        repeat(service, "order-query", kQueriesIdle,
               [&made] { return made.payments.payments->query_due(); });
    }
    return absl::OkStatus();
}

}  // namespace prepay::account
