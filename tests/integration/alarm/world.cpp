#include "integration/alarm/world.h"

#include "core/ids.h"
#include "core/proto_time.h"
#include "support/number_of.h"

namespace prepay::alarm::test {
namespace {

AlarmConfig config_of(const std::string& smtp_url) {
    AlarmConfig config;
    config.smtp = {smtp_url, "energy@park.example", "", "", "none"};
    config.send_timeout = std::chrono::milliseconds(400);
    config.retry = {4, std::chrono::seconds(1), std::chrono::seconds(10)};
    config.pay_url = "http://pay.example/m/";
    return config;
}

}  // namespace

account::v1::BalanceChange change_of(std::int64_t version, std::int64_t balance_yuan,
                                     const std::string& account_id) {
    account::v1::BalanceChange change;
    change.set_account_id(account_id);
    change.set_site_id("park-1");
    change.set_version(version);
    change.set_balance_micros(balance_yuan * 1'000'000);
    change.add_room_ids("room-3-201");
    change.add_room_names("3-201");
    change.mutable_customer()->set_display_name("陈明");
    change.mutable_customer()->set_email("chen@example.com");
    change.set_state(account::v1::ACCOUNT_STATE_OPEN);
    change.mutable_alarm_levels()->set_level_1_micros(50'000'000);
    change.mutable_alarm_levels()->set_level_2_micros(20'000'000);
    change.mutable_alarm_levels()->set_level_3_micros(5'000'000);
    return change;
}

World::World(std::unique_ptr<pg::Database> the_database, const std::string& smtp_url)
    : database(std::move(the_database)),
      config(config_of(smtp_url)),
      store(*database, config, clock),
      email(config.smtp, config.send_timeout, clock),
      webhook(rules, config.send_timeout, clock),
      writer(outbox, config, clock, metrics),
      sending(store, senders, links, config.pay_url, config.retry, config.send_timeout, clock,
              metrics),
      grpc(*database, store, senders, rules, config, clock) {
    REQUIRE(ensure_default_channel(*database).ok());
}

Status World::deliver(const std::vector<account::v1::BalanceChange>& changes) {
    account::v1::BalancesChanged event;
    set_time(*event.mutable_header()->mutable_occur_time(), clock.now());
    for (const auto& change : changes) {
        *event.add_changes() = change;
    }
    kafka::Message message;
    message.topic = kBalanceChangesTopic;
    message.payload = event.SerializeAsString();
    return database->transact(
        [&](pqxx::work& tx) { return take_balance_changes(writer, tx, {message}); });
}

int World::send_all() {
    for (int count = 0;; ++count) {
        const Result<int> sent = sending.run_once();
        REQUIRE(sent.ok());
        if (!*sent) {
            return count;
        }
    }
}

void World::send_to_the_end() {
    for (int round = 0; round < 20 && store.count_waiting().value() > 0; ++round) {
        send_all();
        clock.time += std::chrono::seconds(11);
    }
    REQUIRE(store.count_waiting().value() == 0);
}

void World::put_webhook(const std::string& url) {
    v1::PutChannelRequest request;
    request.mutable_channel()->set_channel_id("hook");
    request.mutable_channel()->set_kind(v1::CHANNEL_KIND_WEBHOOK);
    request.mutable_channel()->set_enabled(true);
    request.mutable_channel()->set_target(url);
    request.mutable_channel()->set_secret("secret-of-16-byte");
    rpc::CallContext context;
    context.request_id = new_id(clock);
    context.identity = {"user:admin", rpc::Role::kAdmin, ""};
    REQUIRE(grpc.put_channel(context, request).ok());
}

std::string World::notifications() {
    return database
        ->read([](pqxx::work& tx) -> Result<std::string> {
            std::string text;
            for (const auto& row : tx.exec(
                     "SELECT level || ' ' || lower(channel_kind) || ' ' || lower(state) || ' ' ||"
                     " attempt_count || ' ' || failure_reason FROM notifications"
                     " ORDER BY level, channel_kind, recipient, nth, notification_seq")) {
                std::string line = row[0].as<std::string>();
                line.erase(line.find_last_not_of(' ') + 1);
                text += line + "\n";
            }
            return text;
        })
        .value();
}

std::int64_t World::count(const std::string& from_where) {
    return prepay::test::number_of(*database, "SELECT count(*) FROM " + from_where);
}

void wipe(const prepay::test::TestDatabase& scratch) {
    const auto database = scratch.open(1);
    REQUIRE(database
                ->transact([](pqxx::work& tx) {
                    tx.exec("DELETE FROM notifications");
                    for (const char* table :
                         {"episodes", "accounts", "channels", "request_answers", "outbox"}) {
                        tx.exec(std::string("DELETE FROM ") + table);
                    }
                    return absl::OkStatus();
                })
                .ok());
}

}  // namespace prepay::alarm::test
