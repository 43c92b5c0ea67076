#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "books/adapters/pg_journal.h"
#include "books/adapters/pg_posting.h"
#include "books/adapters/pg_statements.h"
#include "cash/adapters/pg_cash.h"
#include "credit/adapters/pg_credit.h"
#include "credit/adapters/pg_terms.h"
#include "intake/adapters/event_intake.h"
#include "payments/adapters/pg_suspense.h"
#include "payments/app/payments.h"
#include "payments/providers/wechat/wechat_pay.h"
#include "prepay/account/v1/account.pb.h"
#include "support/provider/provider.h"
#include "support/test_database.h"
#include "tenancy/adapters/pg_accounts.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace prepay::account::test {

/// Real time plus a shift that tests move.
class ShiftedClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override {
        return system_.now() + Duration(shift_micros_.load());
    }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return system_.steady() + Duration(shift_micros_.load());
    }
    void advance(Duration by) { shift_micros_ += by.count(); }

private:
    SystemClock system_;
    std::atomic<std::int64_t> shift_micros_{0};
};

inline constexpr std::int64_t kYuan = 1'000'000;

struct TestCharge {
    std::int64_t charge_id = 0;
    std::string account_id;
    std::int64_t amount_micros = 0;
    std::string reversal_of;
    std::string site_id = "park-1";
};

/// The service's parts over a database of their own, without Kafka and gRPC.
class World {
public:
    explicit World(int pool_size = 8, const std::string& database_url = "",
                   int partition_count = 8);

    /// A site "park-1".
    void make_site();
    /// A room with meters, id "<name>"; meters "<name>-m1" ….
    void make_room(const std::string& name, int meter_count = 1);
    /// Opens an account in a room, with money in it. Gives the account id.
    std::string open(const std::string& room, std::int64_t top_up_micros);
    std::string make_account(const std::string& room, std::int64_t top_up_micros);

    Status charge(const std::vector<TestCharge>& charges);
    static kafka::Message charge_message(const std::vector<TestCharge>& charges);
    Status deliver(const kafka::Message& message);
    static kafka::Message result_message(const std::string& intent_id, const std::string& meter_id,
                                         metering::v1::CommandState state, Instant finish_time);
    Status command_result(const std::string& intent_id, const std::string& meter_id,
                          metering::v1::CommandState state);
    Status meter_state(const std::string& meter_id, bool online, metering::v1::RelayState relay,
                       bool money_holds = false);
    Result<Order> top_up(const std::string& account_id, std::int64_t micros);
    Result<Order> refund(const std::string& account_id, std::int64_t micros);
    bool claim(const std::string& intent_id, const std::string& claimant = "gateway-1");
    v1::Account account(const std::string& account_id);
    std::vector<v1::SwitchIntent> intents(const std::string& account_id);
    std::int64_t count(const std::string& sql);
    /// Messages in the outbox of a topic.
    template <typename Event>
    std::vector<Event> published(const std::string& topic) {
        std::vector<Event> events;
        for (const std::string& payload : payloads(topic)) {
            events.emplace_back().ParseFromString(payload);
        }
        return events;
    }
    /// Zero sum, and every balance and version equal to what the entries say (I-1, I-2).
    std::string audit();
    /// A line a table: rows and a hash of their content.
    std::string checksum();
    /// Rows of a query as text.
    std::string show(const std::string& sql);
    /// The account opened in a room.
    std::string account_of(const std::string& room);

    std::unique_ptr<prepay::test::TestDatabase> scratch;
    std::unique_ptr<pg::Database> database;
    ShiftedClock clock;
    telemetry::Metrics registry;
    AccountMetrics metrics{registry};
    outbox::Outbox outbox;
    PgAccountBook book{outbox, clock};
    PgLedger ledger{metrics};
    PgSwitches switches{outbox, clock, metrics};
    PgPosting posting{book, ledger,
                      [this](pqxx::work& tx, const std::vector<LockedAccount>& locked,
                             Instant now) { switches.reconcile(tx, locked, now); },
                      clock};
    PgAccountViews views;
    PgStatements statements{book, clock};
    PgRooms rooms{book, outbox, clock};
    PgAccounts accounts{book, posting, rooms, clock};
    PgTerms terms{book, views, posting, clock};
    std::unique_ptr<PgOrders> orders;
    std::unique_ptr<PgSuspense> suspense;
    std::unique_ptr<PgCash> cash;
    std::unique_ptr<PgCredit> credit;
    EventIntake intake{book, posting, switches, outbox, clock, metrics};

private:
    std::vector<std::string> payloads(const std::string& topic);
};

/// The payment half: a provider with keys of its own, in this process, and the service's client of
/// it.
class PayWorld {
public:
    /// With `kept_folder` keys and orders of the provider outlive it.
    explicit PayWorld(World& world, const PaymentTimes& times = {},
                      const std::string& kept_folder = "");
    ~PayWorld();

    /// A payment started for an account; gives the order id.
    Result<Payments::Started> start(const std::string& account_id, std::int64_t micros,
                                    const std::string& request_id = "");
    SignedNotice notice(const std::string& order_id);
    std::string order_state(const std::string& order_id);
    /// One more client with the keys of the folder as they are now.
    std::unique_ptr<wechat::WechatPay> make_client();
    /// Until the provider's own notices came in so often, answered or refused.
    bool wait_for_deliveries(int count);

    std::string folder;
    std::unique_ptr<provider::Provider> provider;
    std::unique_ptr<wechat::WechatPay> client;
    std::unique_ptr<Payments> payments;

private:
    void take_delivery(const httplib::Request& request, httplib::Response& response);

    World& world_;
    bool temporary_ = false;
    int port_ = 0;
    struct Http;
    std::unique_ptr<Http> http_;
};

}  // namespace prepay::account::test
