#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "core/pause.h"
#include "outbox/outbox.h"
#include "support/mock_broker.h"
#include "support/number_of.h"
#include "support/test_database.h"

namespace prepay::test {
namespace {

using std::chrono::milliseconds;

constexpr const char* kTopic = "prepay.test.facts.v1";
constexpr const char* kNobody = "127.0.0.1:1";
const outbox::ProgressOptions kQuick{milliseconds(300), milliseconds(300), milliseconds(1500),
                                     milliseconds(4000)};

bool within(std::chrono::seconds limit, const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) {
            return false;
        }
        pause(std::stop_token(), milliseconds(20));
    }
    return true;
}

/// A replica's relay with its threads, and what becomes of it.
struct Replica {
    Replica(const TestDatabase& scratch, const std::string& brokers) {
        pg::DatabaseOptions database = scratch.options();
        database.pool_size = 2;
        kafka::ProducerOptions producer;
        producer.brokers = brokers;
        producer.client_id = "prepay-test";
        producer.delivery_timeout = milliseconds(1000);
        relay = std::make_unique<outbox::Relay>(
            std::make_unique<pg::Database>(database), kafka::Producer::create(producer).value(),
            outbox::RelayOptions{.producer_name = "prepay-test",
                                 .lease_time = milliseconds(1000),
                                 .brokers = brokers,
                                 .progress = kQuick});
        rounds = std::jthread([this](const std::stop_token& stop) { relay->run(stop); });
        watch = std::jthread([this](const std::stop_token& stop) {
            relay->watch_progress(stop, [this](const std::string&) { ++given_up; });
        });
    }

    [[nodiscard]] std::string reason() const { return error_reason(relay->readiness()); }

    std::atomic<int> given_up{0};
    std::unique_ptr<outbox::Relay> relay;
    std::jthread rounds;
    std::jthread watch;
};

void append(pg::Database& database, int partition_count, int message_count) {
    const outbox::Outbox outbox(partition_count);
    REQUIRE(database
                .transact([&](pqxx::work& tx) {
                    for (int i = 0; i < message_count; ++i) {
                        outbox.append(tx, kTopic, "key " + std::to_string(i), "payload");
                    }
                    return absl::OkStatus();
                })
                .ok());
}

}  // namespace

TEST_CASE("I-28 an outbox that the broker does not take says so on each replica; its leader ends") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("standing");
    const auto database = scratch.open(2);
    MockBroker broker;
    broker.create_topic(kTopic, 1);  // Half of what will be there has no partition.
    Replica leader(scratch, broker.brokers());
    append(*database, 1, 20);
    REQUIRE(within(std::chrono::seconds(30),
                   [&] { return leader.relay->backlog().published_count == 20; }));
    Replica standby(scratch, broker.brokers());
    pause(std::stop_token(), 2 * kQuick.stalled_after);
    CHECK(leader.reason().empty());
    CHECK(standby.reason().empty());
    append(*database, 2, 20);
    REQUIRE(within(std::chrono::seconds(60), [&] { return leader.given_up > 0; }));
    CHECK(leader.reason() == "OUTBOX_STALLED");
    CHECK(standby.reason() == "OUTBOX_STALLED");
    const std::string text = error_message(leader.relay->readiness());
    INFO(text);
    CHECK(text.find("20 messages wait") != std::string::npos);
    CHECK(text.find("BROKER_UNAVAILABLE") != std::string::npos);
    CHECK(leader.relay->state().stalled);
    CHECK(leader.relay->state().rebuild_count == 1);
    CHECK(standby.relay->state().rebuild_count == 0);
    CHECK(standby.given_up == 0);
}

TEST_CASE("I-28 a leader that the broker does not answer leaves the outbox to another replica") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("standing");
    const auto database = scratch.open(2);
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    Replica cut_off(scratch, kNobody);
    append(*database, 1, 20);
    // It leads, and waits for the broker for longer than an end would take.
    pause(std::stop_token(), kQuick.end_after + kQuick.stalled_after);
    CHECK(cut_off.reason().empty());
    CHECK(cut_off.given_up == 0);
    CHECK(cut_off.relay->backlog().message_count == 20);
    Replica healthy(scratch, broker.brokers());
    CHECK(within(std::chrono::seconds(30), [&] {
        return number_of(*database,
                         "SELECT sum(published_sequence)::bigint FROM outbox_positions") == 20;
    }));
    CHECK(within(std::chrono::seconds(10), [&] { return healthy.reason().empty(); }));
    CHECK(cut_off.given_up == 0);
}

TEST_CASE("I-28 what an older transaction holds back is said, and no reason to end") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("standing");
    const auto database = scratch.open(2);
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    Replica leader(scratch, broker.brokers());
    pqxx::connection session(scratch.admin_url());
    pqxx::work old(session);
    old.exec("CREATE TEMP TABLE old (value int)");  // It has a number, and stays open.
    append(*database, 1, 20);
    REQUIRE(within(std::chrono::seconds(30), [&] { return leader.reason() == "OUTBOX_STALLED"; }));
    CHECK(error_message(leader.relay->readiness()).find("older transaction") != std::string::npos);
    pause(std::stop_token(), kQuick.end_after + kQuick.stalled_after);
    CHECK(leader.given_up == 0);
    CHECK(leader.relay->state().rebuild_count == 0);
    old.abort();
    CHECK(within(std::chrono::seconds(30), [&] { return leader.reason().empty(); }));
    CHECK(within(std::chrono::seconds(30),
                 [&] { return leader.relay->backlog().message_count == 0; }));
}

}  // namespace prepay::test
