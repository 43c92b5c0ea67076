#include <CLI/CLI.hpp>

#include "adapters/books_commands.h"
#include "adapters/grpc_account_service.h"
#include "adapters/grpc_bill_progress.h"
#include "adapters/grpc_meter_registry.h"
#include "adapters/pg_event_intake.h"
#include "adapters/pg_posting_snapshot.h"
#include "adapters/wechat_crypto.h"
#include "adapters/wechat_pay.h"
#include "config.h"
#include "core/pause.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& account_migrations();
}

namespace prepay::account {
namespace {

constexpr int kMonthsAhead = 2;

/// Everything the service is made of, in order of construction.
struct Parts {
    Parts(runtime::Service& service, const AccountConfig& config, std::unique_ptr<WechatPay> pay)
        : metrics(service.metrics()),
          book(service.outbox(), service.clock()),
          ledger(metrics),
          switches(service.outbox(), service.clock(), metrics),
          rooms(book, service.outbox(), service.clock()),
          accounts(book, rooms, switches, service.clock()),
          orders(service.database(), book, ledger, switches, service.outbox(), service.clock()),
          credit(service.database(), book, switches, service.clock(), config.claim_timeout),
          bills(service.peer("billing")),
          postings([this](const std::vector<std::string>& ids) { return bills.charges(ids); },
                   service.clock()),
          registry(service.peer("metering")),
          intake(book, ledger, switches, service.outbox(), service.clock(), metrics),
          provider(std::move(pay)) {
        if (provider) {
            payments.emplace(orders, *provider, service.clock(), metrics, config.payment_times);
        }
        grpc.emplace(AccountParts{service.database(), rooms, accounts, orders, credit,
                                  payments ? &*payments : nullptr, bills, registry});
    }

    AccountMetrics metrics;
    PgAccountBook book;
    PgLedger ledger;
    PgSwitches switches;
    PgRooms rooms;
    PgAccounts accounts;
    PgOrders orders;
    PgCredit credit;
    GrpcBillProgress bills;
    PostingSnapshot postings;
    GrpcMeterRegistry registry;
    EventIntake intake;
    std::unique_ptr<WechatPay> provider;
    std::optional<Payments> payments;
    std::optional<GrpcAccountService> grpc;
};

void run_sweeps(const std::stop_token& stop, Parts& parts, const AccountConfig& config,
                const Clock& clock) {
    auto next_full = clock.steady();
    while (!stop.stop_requested()) {
        const bool full = clock.steady() >= next_full;
        const Result<int> swept = parts.credit.sweep(full);
        if (!swept.ok()) {
            telemetry::log_warning("credit sweep failed",
                                   {{"error", telemetry::describe(swept.status())}});
        } else if (full) {
            next_full = clock.steady() + config.full_sweep_interval;
        }
        pause(stop, config.sweep_interval);
    }
}

void run_queries(const std::stop_token& stop, Payments& payments) {
    while (!stop.stop_requested()) {
        const Result<int> looked_at = payments.query_due();
        if (!looked_at.ok()) {
            telemetry::log_warning("order queries failed",
                                   {{"error", telemetry::describe(looked_at.status())}});
        }
        if (!looked_at.ok() || *looked_at == 0) {
            pause(stop, std::chrono::milliseconds(200));
        }
    }
}

void run_partitions(const std::stop_token& stop, pg::Database& database, PgLedger& ledger,
                    const Clock& clock) {
    while (!stop.stop_requested()) {
        const Status made = database.transact([&](pqxx::work& tx) {
            ledger.prepare_ahead(tx, clock.now(), kMonthsAhead);
            return absl::OkStatus();
        });
        if (!made.ok()) {
            telemetry::log_error("cannot make ledger partitions ahead",
                                 {{"error", telemetry::describe(made)}});
        }
        pause(stop, std::chrono::hours(1));
    }
}

Result<std::unique_ptr<WechatPay>> make_provider(const AccountConfig& config, const Clock& clock) {
    if (!config.wechat) {
        return std::unique_ptr<WechatPay>();
    }
    const WechatConfig& wechat = *config.wechat;
    return WechatPay::create({wechat.base_url,
                              {wechat.appid, wechat.mchid},
                              wechat.merchant_private_key_pem,
                              wechat.merchant_serial,
                              wechat.api_v3_key,
                              wechat.platform_keys_dir,
                              wechat.notify_url,
                              wechat.timeout},
                             clock);
}

void check_keys(const WechatConfig& wechat, config::Reader& reader) {
    const SystemClock clock;
    const auto own = RsaKey::private_from_pem(wechat.merchant_private_key_pem);
    if (!own.ok()) {
        reader.problem("wechat.merchant_private_key", error_message(own.status()));
    }
    const auto platform = PlatformKeys::load(wechat.platform_keys_dir, clock);
    if (!platform.ok()) {
        reader.problem("wechat.platform_keys_dir", error_message(platform.status()));
    }
}

/// For consumers that are further behind than the outbox reaches.
void offer_snapshots(runtime::Service& service, Parts& parts) {
    service.add_snapshot("prepay.account.rooms.v1",
                         [&parts](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit) {
                             return parts.rooms.tell_rooms(tx, request, emit);
                         });
    service.add_snapshot("prepay.account.occupancies.v1",
                         [&parts](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit) {
                             return parts.rooms.tell_occupancies(tx, request, emit);
                         });
    service.add_snapshot("prepay.account.balance-changes.v1",
                         [&parts](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit) {
                             return parts.book.tell_balances(tx, request, emit);
                         });
    service.add_snapshot("prepay.account.switch-intents.v1",
                         [&parts](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit) {
                             return parts.switches.tell_ready(tx, request, emit);
                         });
    service.add_snapshot("prepay.account.payments.v1",
                         [&parts](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit) {
                             return parts.orders.tell_payments(tx, request, emit);
                         });
    service.add_snapshot(
        "prepay.account.charge-postings.v1",
        [&parts](pqxx::work& tx, const outbox::SnapshotRequest& request,
                 const outbox::EmitEvent& emit) { return parts.postings.tell(tx, request, emit); });
}

Status wire(runtime::Service& service, const AccountConfig& config, std::unique_ptr<Parts>& parts) {
    PREPAY_ASSIGN_OR_RETURN(auto provider, make_provider(config, service.clock()));
    parts = std::make_unique<Parts>(service, config, std::move(provider));
    parts->grpc->register_with(service.server());
    offer_snapshots(service, *parts);
    service.subscribe(EventIntake::topics(),
                      [&parts](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                          return parts->intake.apply(tx, messages);
                      });
    service.spawn("partitions", [&](const std::stop_token& stop) {
        run_partitions(stop, service.database(), parts->ledger, service.clock());
    });
    service.spawn("credit-sweep", [&](const std::stop_token& stop) {
        run_sweeps(stop, *parts, config, service.clock());
    });
    if (parts->payments) {
        service.spawn("order-query",
                      [&](const std::stop_token& stop) { run_queries(stop, *parts->payments); });
    }
    return absl::OkStatus();
}

}  // namespace
}  // namespace prepay::account

int main(int argc, char** argv) {
    using namespace prepay;
    account::AccountConfig config;
    std::unique_ptr<account::Parts> parts;
    runtime::Program program;
    program.name = "account";
    program.schema = "account";
    program.peers = {"billing", "metering"};
    program.migrations = account_migrations();
    program.configure = [&](config::Reader& reader) { account::read_config(reader, config); };
    program.check = [&config](config::Reader& reader) {
        if (config.wechat) {
            account::check_keys(*config.wechat, reader);
        }
    };
    program.wire = [&](runtime::Service& service) { return account::wire(service, config, parts); };
    program.add_subcommands = [&](CLI::App& app, int& exit_code) {
        account::add_books_commands(app, exit_code, program);
    };
    return runtime::run_main(argc, argv, program);
}
