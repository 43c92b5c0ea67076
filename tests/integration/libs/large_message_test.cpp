#include <google/protobuf/descriptor.pb.h>

#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "core/ids.h"
#include "outbox/outbox.h"
#include "outbox/parts.h"
#include "support/mock_broker.h"
#include "support/number_of.h"
#include "support/outbox_parts.h"
#include "support/test_database.h"
#include "support/until.h"

namespace prepay::test {
namespace {

constexpr const char* kTopic = "prepay.test.facts.v1";
constexpr std::size_t kBrokerBytesMax = 100'000;

const std::vector<pg::Migration> kSeen = {
    {"0001_seen.sql",
     "CREATE TABLE seen (place bigint GENERATED ALWAYS AS IDENTITY, partition int, bytes bigint)"}};

Status append(pg::Database& database, const outbox::Outbox& outbox,
              const std::vector<outbox::NewMessage>& messages) {
    return database.transact([&](pqxx::work& tx) {
        outbox.append_all(tx, messages);
        return absl::OkStatus();
    });
}

}  // namespace

TEST_CASE("append refuses what no broker takes, and nothing of it is committed") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("large");
    const auto database = scratch.open();
    const outbox::Outbox outbox(1);
    const std::string most(outbox::kAppendBytesMax - 3, 'x');
    CHECK(append(*database, outbox, {{kTopic, "key", most}}).ok());
    CHECK(error_reason(
              append(*database, outbox, {{kTopic, "key", "1"}, {kTopic, "key", most + "x"}})) ==
          "MESSAGE_TOO_LARGE");
    CHECK(error_reason(database->transact([&](pqxx::work& tx) {
              outbox.append(tx, kTopic, "key", "1");
              outbox.append(tx, kTopic, "key", most + "x");
              return absl::OkStatus();
          })) == "MESSAGE_TOO_LARGE");
    CHECK(number_of(*database, "SELECT count(*) FROM outbox") == 1);
    // What append takes, the producer takes.
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto relay = new_relay(scratch.options(), broker.brokers());
    publish_all(*relay, *database);
    CHECK(number_of(*database, "SELECT published_sequence FROM outbox_positions") == 1);
    CHECK(number_of(*database, "SELECT count(*) FROM outbox_set_aside") == 0);
}

TEST_CASE("an event is cut by its size, in order, each part with a header of its own") {
    // Any message with a repeated message in it will do.
    google::protobuf::FileDescriptorProto event;
    event.set_package("kept");
    for (int i = 0; i < 50; ++i) {
        event.add_message_type()->set_name(std::string(i == 20 ? 5000 : 300, 'a') +
                                           std::to_string(i));
    }
    int header_count = 0;
    const auto parts = outbox::in_parts(
        kTopic, "key", event, &google::protobuf::FileDescriptorProto::mutable_message_type,
        [&](google::protobuf::FileDescriptorProto& part) {
            part.set_name("header-" + std::to_string(++header_count));
        },
        2000);
    int next = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        google::protobuf::FileDescriptorProto part;
        REQUIRE(part.ParseFromString(parts[i].payload));
        CHECK((parts[i].payload.size() <= 2000 || part.message_type_size() == 1));
        CHECK(part.name() == "header-" + std::to_string(i + 1));
        CHECK(part.package() == "kept");
        for (const auto& item : part.message_type()) {
            CHECK(item.name() == event.message_type(next++).name());
        }
    }
    CHECK(next == 50);
    CHECK(parts.size() >= 9);
    CHECK(parts.size() <= 13);
    CHECK(outbox::in_parts(kTopic, "key", google::protobuf::FileDescriptorProto(),
                           &google::protobuf::FileDescriptorProto::mutable_message_type,
                           [](google::protobuf::FileDescriptorProto&) {})
              .empty());
}

TEST_CASE("a message that the broker refuses for its size holds nobody up and arrives by Replay") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase source("source");
    const TestDatabase target("target", kSeen);
    const auto database = source.open(4);
    const auto reader = target.open();
    const outbox::Outbox outbox(4);
    MockBroker broker;
    broker.create_topic(kTopic, 4);
    std::vector<outbox::NewMessage> messages;
    for (int i = 0; i < 200; ++i) {
        const bool is_large = i == 17 || i == 18 || i == 90;
        messages.push_back({kTopic, "key-" + std::to_string(i % 16),
                            std::string(is_large ? 300'000 : 1000 + i, 'x')});
    }
    REQUIRE(append(*database, outbox, messages).ok());

    kafka::ProducerOptions options;
    options.brokers = broker.brokers();
    options.linger = std::chrono::milliseconds(1);
    options.message_bytes_max = kBrokerBytesMax;
    outbox::Relay relay(source.open(2), kafka::Producer::create(options).value(),
                        {.producer_name = "prepay-test"});
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (number_of(*database,
                     "SELECT coalesce(sum(published_sequence), 0) FROM outbox_positions") < 200 &&
           std::chrono::steady_clock::now() < give_up) {
        const auto round = relay.run_once();
        INFO(error_message(round.status()));
        CHECK(round.ok());
    }
    CHECK(number_of(*database, "SELECT sum(published_sequence) FROM outbox_positions") == 200);
    const outbox::Backlog backlog = outbox::measure_backlog(*database).value();
    CHECK(backlog.message_count == 0);
    CHECK(backlog.set_aside_count == 3);
    CHECK(number_of(*database,
                    "SELECT count(*) FROM outbox_set_aside a JOIN outbox o"
                    " USING (topic, partition, sequence) WHERE octet_length(o.payload) = 300000") ==
          3);
    // The next message of each partition shows the gap.
    for (int i = 0; i < 16; ++i) {
        REQUIRE(append(*database, outbox, {{kTopic, "key-" + std::to_string(i), "end"}}).ok());
    }
    publish_all(relay, *database);
    outbox::SubscriberOptions reading;
    reading.brokers = broker.brokers();
    reading.group = "prepay-reader";
    reading.topics = {kTopic};
    outbox::Subscriber subscriber(
        reading, *reader, outbox,
        {[&](const std::string& topic, int partition, std::int64_t from, std::int64_t to) {
             return outbox::read_stored(*database, topic, partition, from, to, 1000);
         },
         {},
         {}},
        [](pqxx::work& tx, const std::vector<kafka::Message>& found) {
            for (const kafka::Message& message : found) {
                tx.exec_params("INSERT INTO seen (partition, bytes) VALUES ($1, $2)",
                               message.partition, message.payload.size());
            }
            return absl::OkStatus();
        });
    {
        const std::jthread thread([&](const std::stop_token& stop) { subscriber.run(stop); });
        CHECK(until(std::chrono::seconds(40),
                    [&] { return number_of(*reader, "SELECT count(*) FROM seen") >= 216; }));
    }
    // All of them, each once, in the order they were appended in.
    std::map<int, std::vector<std::int64_t>> wanted;
    for (const outbox::NewMessage& message : messages) {
        wanted[partition_of(message.key, 4)].push_back(
            static_cast<std::int64_t>(message.payload.size()));
    }
    for (int i = 0; i < 16; ++i) {
        wanted[partition_of("key-" + std::to_string(i), 4)].push_back(3);
    }
    std::map<int, std::vector<std::int64_t>> seen;
    REQUIRE(reader
                ->read([&](pqxx::work& tx) {
                    for (const auto& row :
                         tx.exec("SELECT partition, bytes FROM seen ORDER BY place")) {
                        seen[row[0].as<int>()].push_back(row[1].as<std::int64_t>());
                    }
                    return absl::OkStatus();
                })
                .ok());
    CHECK(seen == wanted);
}

}  // namespace prepay::test
