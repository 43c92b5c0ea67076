#include "outbox/outbox.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "support/mock_broker.h"
#include "support/number_of.h"
#include "support/outbox_parts.h"
#include "support/test_database.h"
#include "support/until.h"

namespace prepay::test {
namespace {

constexpr const char* kTopic = "prepay.test.facts.v1";
constexpr int kPartitionCount = 4;

const std::vector<pg::Migration> kSeen = {{"0001_seen.sql",
                                           "CREATE TABLE seen (place bigint GENERATED ALWAYS AS "
                                           "IDENTITY, message_key text, value bigint)"}};

Status record(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    for (const kafka::Message& message : messages) {
        if (message.payload == "poison") {
            return outbox::bad_message("poison");
        }
        tx.exec_params("INSERT INTO seen (message_key, value) VALUES ($1, $2)", message.key,
                       std::stoll(message.payload));
    }
    return absl::OkStatus();
}

/// Facts from one service's database, over a broker, into another's.
struct Pipe {
    const TestDatabase source{"source"};
    const TestDatabase target{"target", kSeen};
    const std::unique_ptr<pg::Database> database = source.open(8);
    const std::unique_ptr<pg::Database> reader = target.open();
    const outbox::Outbox outbox{kPartitionCount};

    void append(const std::string& key, const std::string& payload) const {
        REQUIRE(database
                    ->transact([&](pqxx::work& tx) {
                        outbox.append(tx, kTopic, key, payload);
                        return absl::OkStatus();
                    })
                    .ok());
    }
    void append_numbers(int from, int to) const {
        for (int i = from; i < to; ++i) {
            append("a", std::to_string(i));
        }
    }
    void publish(const MockBroker& broker) const {
        const auto counting = source.open(1);
        REQUIRE(publish_all(*new_relay(source.options(), broker.brokers()), *counting));
    }
    [[nodiscard]] outbox::Subscriber subscriber(const MockBroker& broker,
                                                outbox::Replay replay = no_replay()) const {
        outbox::SubscriberOptions options;
        options.brokers = broker.brokers();
        options.group = "prepay-reader";
        options.topics = {kTopic};
        options.poll_wait = std::chrono::milliseconds(50);
        return outbox::Subscriber(options, *reader, outbox, {std::move(replay), {}, {}}, record);
    }
    /// Gives at most `count_max` stored messages at a time.
    [[nodiscard]] outbox::Replay replay(int count_max) const {
        return [this, count_max](const std::string& topic, int partition, std::int64_t from,
                                 std::int64_t to) {
            return outbox::read_stored(*database, topic, partition, from, to, count_max);
        };
    }
};

std::map<std::string, std::vector<int>> seen(pg::Database& database) {
    std::map<std::string, std::vector<int>> values;
    const Status status = database.read([&](pqxx::work& tx) {
        for (const auto& row : tx.exec("SELECT message_key, value FROM seen ORDER BY place")) {
            values[row[0].as<std::string>()].push_back(row[1].as<int>());
        }
        return absl::OkStatus();
    });
    REQUIRE(status.ok());
    return values;
}

// Runs a subscriber until `count` values are there.
void consume_until(outbox::Subscriber& subscriber, pg::Database& database, std::size_t count) {
    std::jthread thread([&](const std::stop_token& stop) { subscriber.run(stop); });
    std::size_t total = 0;
    until(std::chrono::seconds(40), [&] {
        total = 0;
        for (const auto& [key, values] : seen(database)) {
            total += values.size();
        }
        return total >= count;
    });
    thread.request_stop();
    thread.join();
    REQUIRE(total == count);
}

std::vector<int> ascending(int count) {
    std::vector<int> values;
    for (int i = 0; i < count; ++i) {
        values.push_back(i);
    }
    return values;
}

}  // namespace

TEST_CASE("I-19 every committed row is published, none uncommitted, in order per key") {
    SKIP_WITHOUT_POSTGRES();
    const Pipe pipe;
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    const auto relay = new_relay(pipe.source.options(), broker.brokers());
    const auto second_relay = new_relay(pipe.source.options(), broker.brokers());

    std::vector<std::thread> writers;
    for (const char* key : {"a", "b", "c", "d"}) {
        writers.emplace_back([&, key] {
            for (int i = 0; i < 60; ++i) {
                // Every third transaction is rolled back and tried again.
                for (const bool commit : {i % 3 != 0, true}) {
                    const Status status = pipe.database->transact([&](pqxx::work& tx) -> Status {
                        pipe.outbox.append(tx, kTopic, key, std::to_string(i));
                        return commit ? absl::OkStatus() : failed_precondition("NO", "rolled back");
                    });
                    if (status.ok()) {
                        break;
                    }
                }
            }
        });
    }
    std::jthread publisher([&](const std::stop_token& stop) { relay->run(stop); });
    std::jthread rival([&](const std::stop_token& stop) { second_relay->run(stop); });
    for (std::thread& writer : writers) {
        writer.join();
    }
    outbox::Subscriber subscriber = pipe.subscriber(broker, pipe.replay(1000));
    consume_until(subscriber, *pipe.reader, 240);
    for (const auto& [key, values] : seen(*pipe.reader)) {
        CAPTURE(key);
        REQUIRE(values == ascending(60));
    }
}

TEST_CASE("I-18 a broker that loses acknowledged messages loses no fact") {
    SKIP_WITHOUT_POSTGRES();
    const Pipe pipe;
    pipe.append_numbers(0, 10);
    {
        MockBroker first;
        first.create_topic(kTopic, kPartitionCount);
        pipe.publish(first);
        outbox::Subscriber subscriber = pipe.subscriber(first, pipe.replay(3));
        consume_until(subscriber, *pipe.reader, 10);
        pipe.append_numbers(10, 20);
        pipe.publish(first);
    }  // Ten acknowledged messages are gone.
    pipe.append_numbers(20, 30);
    MockBroker second;
    second.create_topic(kTopic, kPartitionCount);
    pipe.publish(second);
    outbox::Subscriber subscriber = pipe.subscriber(second, pipe.replay(3));
    consume_until(subscriber, *pipe.reader, 30);
    REQUIRE(seen(*pipe.reader).at("a") == ascending(30));
}

TEST_CASE("a message that can never be applied is set aside, and redriven by command") {
    SKIP_WITHOUT_POSTGRES();
    const Pipe pipe;
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    pipe.append("a", "0");
    pipe.append("a", "poison");
    pipe.append("a", "1");
    pipe.publish(broker);
    outbox::Subscriber subscriber = pipe.subscriber(broker);
    consume_until(subscriber, *pipe.reader, 2);
    REQUIRE(seen(*pipe.reader).at("a") == ascending(2));
    REQUIRE(subscriber.dead_letter_count().value() == 1);
    REQUIRE(subscriber.redrive().value() == 0);  // Still poison.
    REQUIRE(pipe.reader
                ->transact([](pqxx::work& tx) {
                    tx.exec("UPDATE dead_letters SET payload = '2'");
                    return absl::OkStatus();
                })
                .ok());
    REQUIRE(subscriber.redrive().value() == 1);
    REQUIRE(subscriber.redrive().value() == 0);
    REQUIRE(subscriber.dead_letter_count().value() == 0);
    REQUIRE(seen(*pipe.reader).at("a") == ascending(3));
}

TEST_CASE("I-3 messages that come again change nothing, and a replaced consumer cannot write") {
    SKIP_WITHOUT_POSTGRES();
    const Pipe pipe;
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    pipe.append_numbers(0, 20);
    pipe.publish(broker);
    // The relay dies before it saves its position: everything is sent again.
    REQUIRE(pipe.database
                ->transact([](pqxx::work& tx) {
                    tx.exec("UPDATE outbox_positions SET published_sequence = 0");
                    return absl::OkStatus();
                })
                .ok());
    pipe.publish(broker);
    pipe.append_numbers(20, 21);
    pipe.publish(broker);
    outbox::Subscriber subscriber = pipe.subscriber(broker);
    consume_until(subscriber, *pipe.reader, 21);
    REQUIRE(seen(*pipe.reader).at("a") == ascending(21));
}

namespace {

outbox::Subscriber new_worker(pg::Database& database, outbox::Handler handler) {
    static const outbox::Outbox outbox(kPartitionCount);
    return outbox::Subscriber({}, database, outbox, {no_replay(), {}, {}}, std::move(handler));
}

/// As the broker gives them: offsets from 0, sequences from 1, the value is the offset.
std::vector<kafka::Message> messages_of(int from, int to) {
    std::vector<kafka::Message> messages;
    for (int i = from; i < to; ++i) {
        kafka::Message message;
        message.topic = kTopic;
        message.offset = i;
        message.sequence = i + 1;
        message.key = "a";
        message.payload = std::to_string(i);
        messages.push_back(std::move(message));
    }
    return messages;
}

std::string position(pg::Database& database) {
    return *database.read([](pqxx::work& tx) -> Result<std::string> {
        const auto row = tx.exec1("SELECT next_offset, last_sequence, epoch FROM inbox_positions");
        return row[0].as<std::string>() + " " + row[1].as<std::string>() + " " +
               row[2].as<std::string>();
    });
}

}  // namespace

TEST_CASE("a backlog is applied in transactions whose answer fits one message") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase target("target", kSeen);
    const auto database = target.open();
    std::vector<std::size_t> sizes;
    std::int64_t applied = 0;
    outbox::Subscriber worker =
        new_worker(*database, [&](pqxx::work&, const std::vector<kafka::Message>& messages) {
            std::size_t bytes = 0;
            for (const kafka::Message& message : messages) {
                bytes += message.payload.size();
                CHECK(message.sequence == ++applied);
            }
            sizes.push_back(bytes);
            return absl::OkStatus();
        });
    REQUIRE(worker.claim(kTopic, 0).ok());
    std::vector<kafka::Message> backlog = messages_of(0, 30);
    for (kafka::Message& message : backlog) {
        message.payload.resize(300'000);
    }
    backlog[7].payload.resize(3'000'000);  // Larger than a transaction takes: goes alone.
    REQUIRE(worker.apply(backlog).ok());
    CHECK(applied == 30);
    for (const std::size_t bytes : sizes) {
        CHECK((bytes <= 2 << 20 || bytes == 3'000'000));
    }
    CHECK(sizes.size() < 10);
    CHECK(position(*database) == "30 30 1");
}

TEST_CASE(
    "I-3 a worker whose partition another one took over writes nothing, and a replay from"
    " offset 0 applies nothing twice") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase target("target", kSeen);
    const auto database = target.open();
    int zombie_calls = 0;
    outbox::Subscriber zombie =
        new_worker(*database, [&](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
            ++zombie_calls;
            return record(tx, messages);
        });
    REQUIRE(zombie.claim(kTopic, 0).value() == 0);
    REQUIRE(zombie.apply(messages_of(0, 5)).ok());
    REQUIRE(zombie_calls == 1);
    outbox::Subscriber heir = new_worker(*database, record);
    REQUIRE(heir.claim(kTopic, 0).value() == 5);
    // Before the heir did anything, and after.
    CHECK(error_reason(zombie.apply(messages_of(5, 8))) == "FENCED");
    CHECK(position(*database) == "5 5 2");
    REQUIRE(heir.apply(messages_of(5, 10)).ok());
    CHECK(error_reason(zombie.apply(messages_of(5, 12))) == "FENCED");
    // A poisoned message cannot be set aside by a zombie either.
    std::vector<kafka::Message> poison = messages_of(5, 6);
    poison.front().payload = "poison";
    CHECK(error_reason(zombie.apply(poison)) == "FENCED");
    CHECK(zombie_calls == 1);
    CHECK(position(*database) == "10 10 2");
    CHECK(seen(*database).at("a") == ascending(10));
    // The topic from its beginning, once more, by the heir and by a new one.
    REQUIRE(heir.apply(messages_of(0, 10)).ok());
    outbox::Subscriber late = new_worker(*database, record);
    REQUIRE(late.claim(kTopic, 0).value() == 10);
    for (int start = 0; start < 12; start += 3) {
        REQUIRE(late.apply(messages_of(0, start + 3)).ok());
    }
    CHECK(seen(*database).at("a") == ascending(12));
    CHECK(position(*database) == "12 12 3");
    CHECK(*database->read([](pqxx::work& tx) -> Result<int> {
        return tx.exec1("SELECT count(*) FROM dead_letters")[0].as<int>();
    }) == 0);
}

TEST_CASE(
    "I-3 who takes over while the other is in the middle begins after what that one commits") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase target("target", kSeen);
    const auto database = target.open();
    std::mutex mutex;
    std::condition_variable changed;
    bool inside = false;
    bool go_on = false;
    outbox::Subscriber slow =
        new_worker(*database, [&](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
            std::unique_lock lock(mutex);
            inside = true;
            changed.notify_all();
            changed.wait(lock, [&] { return go_on; });
            return record(tx, messages);
        });
    REQUIRE(slow.claim(kTopic, 0).value() == 0);
    std::jthread worker([&] { CHECK(slow.apply(messages_of(0, 5)).ok()); });
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return inside; });
    }
    outbox::Subscriber heir = new_worker(*database, record);
    std::int64_t start = -1;
    std::jthread taker([&] { start = heir.claim(kTopic, 0).value(); });
    // The claim waits for the row that the slow one holds.
    REQUIRE(until(std::chrono::seconds(40), [&] {
        return number_of(*database, "SELECT count(*) FROM pg_locks WHERE NOT granted") > 0;
    }));
    CHECK(start == -1);
    {
        const std::lock_guard lock(mutex);
        go_on = true;
        changed.notify_all();
    }
    worker.join();
    taker.join();
    CHECK(start == 5);
    CHECK(error_reason(slow.apply(messages_of(5, 6))) == "FENCED");
    REQUIRE(heir.apply(messages_of(0, 7)).ok());
    CHECK(seen(*database).at("a") == ascending(7));
}

}  // namespace prepay::test
