#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "adapters/grpc_alarm_service.h"
#include "adapters/http_webhook_sender.h"
#include "adapters/kafka_balance_changes.h"
#include "adapters/pg_alarm_queries.h"
#include "adapters/pg_notification_store.h"
#include "adapters/smtp_sender.h"
#include "alarm_migrations.h"
#include "app/send_notifications.h"
#include "integration/alarm/sinks.h"
#include "support/fake_clock.h"
#include "support/test_database.h"

namespace prepay::alarm::test {

using prepay::test::FakeClock;

/// A balance change of the account "a-1" of site "park-1" in room 3-201, levels 50 / 20 / 5 / 0.
account::v1::BalanceChange change_of(std::int64_t version, std::int64_t balance_yuan,
                                     const std::string& account_id = "a-1");

/// A console that refuses every link: mails carry the plain page.
class NoPayLinks final : public PayLinks {
public:
    Result<std::string> link_of(const std::string&, const std::string&) override {
        return failed_precondition("ACCOUNT_CLOSED", "no link in this test");
    }
};

/// The service without processes and broker: events in, messages out.
struct World {
    /// `database` is the service's; the world of a crashing child gets its parent's.
    World(std::unique_ptr<pg::Database> database, const std::string& smtp_url);

    std::unique_ptr<pg::Database> database;
    FakeClock clock;
    AlarmConfig config;
    outbox::Outbox outbox{8};
    telemetry::Metrics telemetry;
    AlarmMetrics metrics{telemetry};
    TargetRules rules = TargetRules::parse({"127.0.0.1"}).value();
    PgNotificationStore store;
    SmtpSender email;
    WebhookSender webhook;
    Senders senders{email, webhook};
    NoPayLinks links;
    EpisodeWriter writer;
    NotificationSending sending;
    GrpcAlarmService grpc;

    /// One message with these changes, as the subscriber gives it.
    Status deliver(const std::vector<account::v1::BalanceChange>& changes);
    /// Sends until nothing is due now; how many attempts.
    int send_all();
    /// Lets the pauses of retries pass too, until nothing is waiting.
    void send_to_the_end();
    void put_webhook(const std::string& url);
    /// "level/kind/state/attempts/reason", sorted, one line each.
    std::string notifications();
    std::int64_t count(const std::string& from_where);
};

/// Empties the service's tables: much cheaper than another database.
void wipe(const prepay::test::TestDatabase& scratch);

}  // namespace prepay::alarm::test
