#include <catch2/catch.hpp>
#include <thread>

#include "outbox/outbox.h"
#include "support/mock_broker.h"
#include "support/number_of.h"
#include "support/test_database.h"
#include "support/until.h"

namespace prepay::test {
namespace {

constexpr const char* kTopic = "prepay.test.facts.v1";

kafka::Message message(const std::string& key, const std::string& payload, std::int64_t sequence) {
    kafka::Message made;
    made.topic = kTopic;
    made.partition = 0;
    made.key = key;
    made.payload = payload;
    made.sequence = sequence;
    return made;
}

// A subscriber that takes "good" only, run until `done`.
template <typename Done>
void consume_until(const MockBroker& broker, pg::Database& database, const Done& done) {
    const outbox::Outbox outbox(1);
    outbox::SubscriberOptions options;
    options.brokers = broker.brokers();
    options.group = "prepay-reader";
    options.topics = {kTopic};
    options.poll_wait = std::chrono::milliseconds(20);
    outbox::Subscriber subscriber(
        options, database, outbox, {},
        [](pqxx::work& tx, const std::vector<kafka::Message>& messages) -> Status {
            for (const kafka::Message& one : messages) {
                if (one.payload != "good") {
                    return outbox::bad_message("it says " + one.payload);
                }
                tx.exec("INSERT INTO seen DEFAULT VALUES");
            }
            return absl::OkStatus();
        });
    std::jthread thread([&](const std::stop_token& stop) { subscriber.run(stop); });
    const bool is_done = until(std::chrono::seconds(40), done);
    thread.request_stop();
    thread.join();
    REQUIRE(is_done);
}

}  // namespace

TEST_CASE("a message of any bytes is set aside once, and those behind it go on") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch(
        "reader", {{"0001_seen.sql", "CREATE TABLE seen (at timestamptz DEFAULT now())"}});
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto database = scratch.open(2);
    kafka::ProducerOptions options;
    options.brokers = broker.brokers();
    options.client_id = "test";
    const auto producer = kafka::Producer::create(options).value();
    const std::string bytes("\xff\xfe\0A\xc3", 5);
    kafka::Message strange = message(bytes, bytes, 2);
    strange.trace_id = bytes;
    REQUIRE(producer
                ->produce_all({message("key", "good", 1), strange, message("key", "good", 3),
                               message(bytes, "no sequence", 0)})
                .ok());
    const auto dead = [&] { return number_of(*database, "SELECT count(*) FROM dead_letters"); };
    consume_until(broker, *database, [&] { return dead() == 2; });
    CHECK(number_of(*database, "SELECT count(*) FROM seen") == 2);
    CHECK(number_of(*database,
                    "SELECT count(*) FROM dead_letters WHERE payload = '\\xfffe0041c3'") == 1);
    CHECK(number_of(*database, "SELECT count(*) FROM outbox WHERE topic = '" + std::string(kTopic) +
                                   ".dlq.reader'") == 2);

    // The next member of the group reads the last message again, and knows it.
    REQUIRE(producer->produce_all({message("key", "good", 4)}).ok());
    consume_until(broker, *database,
                  [&] { return number_of(*database, "SELECT count(*) FROM seen") == 3; });
    CHECK(dead() == 2);

    const outbox::Outbox outbox(1);
    outbox::SubscriberOptions redriven;
    redriven.group = "prepay-reader";
    redriven.topics = {kTopic};
    outbox::Subscriber subscriber(
        redriven, *database, outbox, {},
        [](pqxx::work&, const std::vector<kafka::Message>&) { return absl::OkStatus(); });
    INFO("what has no place in its producer's stream stays refused");
    CHECK(*subscriber.redrive() == 1);
}

}  // namespace prepay::test
