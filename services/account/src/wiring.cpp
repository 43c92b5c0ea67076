#include "wiring.h"

#include "payments/providers/wechat/wechat.h"

namespace prepay::account {
namespace {

constexpr std::chrono::hours kPartitionsInterval{1};
constexpr std::chrono::milliseconds kQueriesIdle{200};

/// The provider that is configured; null when none is. Reasons are its own.
Result<std::unique_ptr<PaymentProvider>> make_provider(const AccountConfig& config,
                                                       const Clock& clock) {
    if (config.wechat) {
        return wechat::make_provider(*config.wechat, clock);
    }
    return std::unique_ptr<PaymentProvider>();
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

void check_keys(const AccountConfig& config, config::Reader& reader) {
    if (config.wechat) {
        wechat::check_keys(*config.wechat, reader);
    }
}

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
    service.subscribe(made.intake.handlers());
    service.every("partitions", kPartitionsInterval,
                  [&] { return made.books.make_partitions(service); });
    service.every("credit-sweep", config.sweep_interval, [&made] { return made.credit.sweep(); });
    if (made.payments.payments) {
        service.repeat("order-query", kQueriesIdle,
                       [&made] { return made.payments.payments->query_due(); });
    }
    return absl::OkStatus();
}

}  // namespace prepay::account
