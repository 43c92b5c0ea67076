#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <thread>

#include "core/pause.h"
#include "outbox/outbox.h"
#include "support/child_process.h"
#include "support/crash.h"
#include "support/mock_broker.h"
#include "support/number_of.h"
#include "support/outbox_parts.h"
#include "support/test_database.h"

namespace prepay::test {
namespace {

constexpr const char* kTopic = "prepay.test.facts.v1";
const std::chrono::milliseconds kLeaseTime = outbox::RelayOptions().lease_time;

std::unique_ptr<outbox::Relay> relay_to(const TestDatabase& scratch, const std::string& brokers) {
    return new_relay(scratch.options(), brokers, "prepay-test", std::chrono::milliseconds(500));
}

std::int64_t published_sequence(pg::Database& database) {
    return number_of(database,
                     "SELECT coalesce(sum(published_sequence), 0)::bigint FROM outbox_positions");
}

void append(pg::Database& database, const std::string& payload) {
    REQUIRE(database
                .transact([&](pqxx::work& tx) {
                    outbox::Outbox(1).append(tx, kTopic, "key", payload);
                    return absl::OkStatus();
                })
                .ok());
}

}  // namespace

TEST_CASE("I-19 a relay that takes over publishes what the dead leader had numbered only") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("takeover");
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto database = scratch.open(2);
    // The leader numbers a row, but its broker cannot be reached.
    auto leader = relay_to(scratch, "127.0.0.1:1");
    append(*database, "1");
    // A row is taken once no older transaction of the whole server is open.
    bool failed = false;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!failed && std::chrono::steady_clock::now() < give_up) {
        failed = !leader->run_once().ok();
    }
    REQUIRE(failed);
    // A standby that has looked already, and not got the lead.
    const auto standby = relay_to(scratch, broker.brokers());
    append(*database, "2");
    REQUIRE(*standby->run_once() == 0);
    REQUIRE(*standby->run_once() == 0);
    REQUIRE(published_sequence(*database) == 0);
    leader.reset();
    REQUIRE(publish_all(*standby, *database));
    CHECK(published_sequence(*database) == 2);
}

TEST_CASE("I-19 a leader past its lease neither publishes nor advances") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("takeover");
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto database = scratch.open(2);
    const auto first = relay_to(scratch, broker.brokers());
    append(*database, "payload");
    while (published_sequence(*database) < 1) {
        REQUIRE(first->run_once().ok());
    }
    const auto second = relay_to(scratch, broker.brokers());
    append(*database, "payload");
    REQUIRE(*second->run_once() == 0);
    REQUIRE(published_sequence(*database) == 1);
    pause(std::stop_token(), kLeaseTime + std::chrono::milliseconds(100));  // It was stopped.
    while (published_sequence(*database) < 2) {
        REQUIRE(second->run_once().ok());
    }
    append(*database, "payload");
    for (int round = 0; round < 5; ++round) {
        CHECK(first->run_once().value_or(0) == 0);
    }
    CHECK(published_sequence(*database) == 2);
    while (published_sequence(*database) < 3) {
        REQUIRE(second->run_once().ok());
    }
    CHECK(broker.sequences({kTopic}, 1).at({kTopic, 0}) == std::vector<std::int64_t>{1, 2, 3});
}

namespace {

constexpr const char* kChild = "[.relay-child]";

}  // namespace

// Not a test: the process that is stopped.
TEST_CASE("relay child", kChild) {
    pg::DatabaseOptions options;
    options.url = environment("PREPAY_RELAY_URL");
    options.schema = "takeover";
    const auto relay = new_relay(options, environment("PREPAY_RELAY_BROKERS"));
    relay->run(std::stop_token());
}

TEST_CASE("I-19 leaders stopped in the middle leave the sequences gap-free and in order") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("takeover");
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto database = scratch.open(4);
    const outbox::Outbox outbox(1);
    std::jthread writer([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            CHECK(database
                      ->transact([&](pqxx::work& tx) {
                          outbox.append(tx, kTopic, "key", "payload");
                          return absl::OkStatus();
                      })
                      .ok());
            pause(stop, std::chrono::milliseconds(2));
        }
    });
    const std::string log =
        (std::filesystem::temp_directory_path() / ("relay-child-" + std::to_string(getpid())))
            .string();
    ChildProcess child(
        {"/proc/self/exe", kChild}, log,
        {{"PREPAY_RELAY_URL", scratch.options().url}, {"PREPAY_RELAY_BROKERS", broker.brokers()}});
    const auto moves = [&] {
        const std::int64_t before = published_sequence(*database);
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (published_sequence(*database) < before + 50) {
            REQUIRE(std::chrono::steady_clock::now() < deadline);
            pause(std::stop_token(), std::chrono::milliseconds(10));
        }
    };
    for (int round = 0; round < 3; ++round) {
        moves();
        child.signal(SIGSTOP);
        const auto standby = new_relay(scratch.options(), broker.brokers());
        std::jthread waiting([&](const std::stop_token& stop) { standby->run(stop); });
        moves();
        child.signal(SIGCONT);
        moves();
    }
    writer = {};
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto total = number_of(*database, "SELECT count(*) FROM outbox");
    while (published_sequence(*database) < total && std::chrono::steady_clock::now() < deadline) {
        pause(std::stop_token(), std::chrono::milliseconds(10));
    }
    child.kill();
    CHECK(published_sequence(*database) == total);
    CHECK(number_of(*database, "SELECT max(sequence) FROM outbox") == total);
    CHECK(number_of(*database, "SELECT epoch FROM outbox_relay_lease") >= 7);
    CHECK(number_of(
              *database,
              "SELECT count(*) FROM (SELECT sequence, row_number() OVER (ORDER BY xid, outbox_id)"
              " AS place FROM outbox) AS o WHERE sequence IS DISTINCT FROM place") == 0);
    std::int64_t last = 0;
    const auto published = broker.sequences({kTopic}, 1);
    for (const std::int64_t sequence : published.at({kTopic, 0})) {
        CHECK(sequence <= last + 1);  // Repetitions only, no gap.
        last = std::max(last, sequence);
    }
    CHECK(last == total);
    std::filesystem::remove(log);
}

}  // namespace prepay::test
