#include <catch2/catch.hpp>

#include "outbox/outbox.h"
#include "support/mock_broker.h"
#include "support/outbox_parts.h"
#include "support/test_database.h"

namespace prepay::test {
namespace {

constexpr const char* kTopic = "prepay.test.facts.v1";

std::unique_ptr<outbox::Relay> relay_to(const TestDatabase& scratch, const std::string& brokers) {
    return new_relay(scratch.options(), brokers, "prepay-test", std::chrono::milliseconds(500));
}

std::int64_t published_sequence(pg::Database& database) {
    return database
        .read([](pqxx::work& tx) -> Result<std::int64_t> {
            return tx
                .exec1(
                    "SELECT coalesce(sum(published_sequence), 0)::bigint FROM outbox_positions")[0]
                .as<std::int64_t>();
        })
        .value();
}

}  // namespace

TEST_CASE("I-19 a relay that takes over publishes what the dead leader had numbered only") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("takeover");
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto database = scratch.open(2);
    const outbox::Outbox outbox(1);
    const auto append = [&](const char* payload) {
        REQUIRE(database
                    ->transact([&](pqxx::work& tx) {
                        outbox.append(tx, kTopic, "key", payload);
                        return absl::OkStatus();
                    })
                    .ok());
    };
    // The leader numbers a row, but its broker cannot be reached.
    auto leader = relay_to(scratch, "127.0.0.1:1");
    append("1");
    // A row is taken once no older transaction of the whole server is open.
    bool failed = false;
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!failed && std::chrono::steady_clock::now() < give_up) {
        failed = !leader->run_once().ok();
    }
    REQUIRE(failed);
    // A standby that has looked already, and not got the lead.
    const auto standby = relay_to(scratch, broker.brokers());
    append("2");
    REQUIRE(*standby->run_once() == 0);
    REQUIRE(*standby->run_once() == 0);
    REQUIRE(published_sequence(*database) == 0);
    leader.reset();
    for (int round = 0; round < 100 && published_sequence(*database) < 2; ++round) {
        REQUIRE(standby->run_once().ok());
    }
    CHECK(published_sequence(*database) == 2);
}

}  // namespace prepay::test
