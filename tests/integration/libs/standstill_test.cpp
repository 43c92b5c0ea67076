#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <utility>

#include "core/ids.h"
#include "outbox/outbox.h"
#include "pg/row.h"
#include "support/mock_broker.h"
#include "support/outbox_parts.h"
#include "support/pg_cluster.h"
#include "support/test_database.h"
#include "support/until.h"

namespace prepay::test {
namespace {

constexpr const char* kTopic = "prepay.test.facts.v1";
constexpr int kPartitionCount = 4;

const std::vector<pg::Migration> kFacts = {{"0001_facts.sql", "CREATE TABLE facts (value bigint)"}};
const std::vector<pg::Migration> kSeen = {
    {"0001_seen.sql", "CREATE TABLE seen (message_key text, value bigint)"}};

Status record(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    for (const kafka::Message& message : messages) {
        tx.exec_params("INSERT INTO seen VALUES ($1, $2)", message.key,
                       std::stoll(message.payload));
    }
    return absl::OkStatus();
}

std::int64_t seen_count(pg::Database& database) {
    const Result<std::int64_t> count = database.read([](pqxx::work& tx) -> Result<std::int64_t> {
        return tx.exec1("SELECT count(DISTINCT value) FROM seen")[0].as<std::int64_t>();
    });
    return count.ok() ? *count : -1;
}

/// An owner with its database, a broker that may be replaced, and a consumer's database.
struct Site {
    explicit Site(const std::string& target_server = "")
        : source("source", kFacts), target("target", kSeen, target_server) {}

    const TestDatabase source;
    const TestDatabase target;
    const std::unique_ptr<pg::Database> database = source.open();
    const std::unique_ptr<pg::Database> reader = target.open();
    const outbox::Outbox outbox{kPartitionCount};

    void append(int from, int to) const {
        REQUIRE(database
                    ->transact([&](pqxx::work& tx) {
                        for (int i = from; i < to; ++i) {
                            const std::string text = std::to_string(i);
                            tx.exec_params("INSERT INTO facts VALUES ($1)", i);
                            outbox.append(tx, kTopic, text, text);
                        }
                        return absl::OkStatus();
                    })
                    .ok());
    }
    void publish(const MockBroker& broker) const {
        const auto relay = new_relay(source.options(), broker.brokers());
        const auto counting = source.open(1);
        REQUIRE(publish_all(*relay, *counting));
    }
    /// Published long ago, to a broker that is gone, and no longer kept.
    void append_and_forget(int from, int to) const {
        append(from, to);
        MockBroker old;
        old.create_topic(kTopic, kPartitionCount);
        publish(old);
        REQUIRE(database
                    ->transact([](pqxx::work& tx) {
                        tx.exec("DELETE FROM outbox");
                        return absl::OkStatus();
                    })
                    .ok());
    }
    /// All facts of the partition, in pieces of three.
    Result<std::int64_t> snapshot(
        const std::string& topic, int partition, std::int64_t after,
        const std::function<Status(std::vector<kafka::Message>)>& take) const {
        std::vector<kafka::Message> piece;
        const auto source_of_facts = [&](pqxx::work& tx, const outbox::SnapshotRequest& request,
                                         const outbox::EmitEvent& emit) -> Status {
            for (const auto& row : tx.exec("SELECT value::text AS value FROM facts")) {
                const auto value = row["value"].as<std::string>();
                if (partition_of(value, request.partition_count) == request.partition) {
                    PREPAY_RETURN_IF_ERROR(emit({request.topic, value, value}));
                }
            }
            return absl::OkStatus();
        };
        const auto hand_over = [&]() -> Status {
            return piece.empty() ? absl::OkStatus() : take(std::exchange(piece, {}));
        };
        PREPAY_ASSIGN_OR_RETURN(
            const std::int64_t sequence,
            outbox::take_snapshot(*database, {topic, partition, kPartitionCount, after},
                                  source_of_facts, [&](const outbox::NewMessage& event) -> Status {
                                      kafka::Message message;
                                      message.topic = event.topic;
                                      message.partition = partition;
                                      message.sequence = outbox::kSnapshotSequence;
                                      message.key = event.key;
                                      message.payload = event.payload;
                                      piece.push_back(message);
                                      return piece.size() < 3 ? absl::OkStatus() : hand_over();
                                  }));
        PREPAY_RETURN_IF_ERROR(hand_over());
        return sequence;
    }
    [[nodiscard]] outbox::OwnerCalls owner() const {
        outbox::OwnerCalls calls;
        calls.replay = [this](const std::string& topic, int partition, std::int64_t from,
                              std::int64_t to) {
            return outbox::read_stored(*database, topic, partition, from, to, 3);
        };
        calls.ask_heads = [this](const std::vector<std::string>& topics) {
            const Result<outbox::OutboxHead> head = outbox::read_head(*database, topics);
            return head.ok() ? std::vector<outbox::OutboxHead>{*head}
                             : std::vector<outbox::OutboxHead>{};
        };
        calls.fetch_snapshot = [this](const std::string& topic, int partition, std::int64_t after,
                                      const auto& take) {
            return snapshot(topic, partition, after, take);
        };
        return calls;
    }
};

outbox::SubscriberOptions options_for(const MockBroker& broker) {
    outbox::SubscriberOptions options;
    options.brokers = broker.brokers();
    options.group = "prepay-reader";
    options.topics = {kTopic};
    options.poll_wait = std::chrono::milliseconds(50);
    options.progress = {std::chrono::milliseconds(100), std::chrono::milliseconds(200),
                        std::chrono::milliseconds(5000), std::chrono::milliseconds(10000)};
    return options;
}

/// A site whose first facts nobody keeps any more, and a broker that has those behind them.
struct AgedSite : Site {
    AgedSite(int forgotten, int kept) {
        broker.create_topic(kTopic, kPartitionCount);
        append_and_forget(0, forgotten);
        append(forgotten, forgotten + kept);
        publish(broker);
    }
    MockBroker broker;
};

/// A subscriber with its two threads.
struct Consumption {
    Consumption(const Site& site, const MockBroker& broker, outbox::OwnerCalls owner)
        : subscriber(options_for(broker), *site.reader, site.outbox, std::move(owner), record) {}

    outbox::Subscriber subscriber;
    std::atomic<int> given_up{0};
    std::jthread consumer{[this](const std::stop_token& stop) { subscriber.run(stop); }};
    std::jthread watcher{[this](const std::stop_token& stop) {
        subscriber.watch(stop, [this](const std::string&) { ++given_up; });
    }};
};

void execute(pg::Database& database, const std::string& sql) {
    REQUIRE(database
                .transact([&](pqxx::work& tx) {
                    tx.exec(sql);
                    return absl::OkStatus();
                })
                .ok());
}

/// Every value once.
std::int64_t row_count(pg::Database& database) {
    return *database.read([](pqxx::work& tx) -> Result<std::int64_t> {
        return tx.exec1("SELECT count(*) FROM seen")[0].as<std::int64_t>();
    });
}

}  // namespace

TEST_CASE("I-28 partitions given out while PostgreSQL is away are consumed once it is back") {
    SKIP_WITHOUT_POSTGRES();
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    PgCluster cluster;
    cluster.start();
    const Site site(cluster.url());
    // Nobody watches: the client itself must get over it.
    outbox::Subscriber subscriber(options_for(broker), *site.reader, site.outbox,
                                  {no_replay(), {}, {}}, record);
    const std::jthread consumer([&](const std::stop_token& stop) { subscriber.run(stop); });
    site.append(0, 20);
    site.publish(broker);
    REQUIRE(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) == 20; }));

    cluster.kill();
    broker.expire_members();
    // Long enough for the group to give the partitions out again, to nobody who can take them.
    until(std::chrono::seconds(8), [] { return false; });
    CHECK(error_reason(subscriber.readiness()) == "NOT_ASSIGNED");
    site.append(20, 40);
    site.publish(broker);
    cluster.start();
    CHECK(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) == 40; }));
    CHECK(until(std::chrono::seconds(5), [&] { return subscriber.readiness().ok(); }));
}

TEST_CASE("I-18 the last messages of each partition come although the broker has lost them") {
    SKIP_WITHOUT_POSTGRES();
    const Site site;
    site.append(0, 20);
    {
        MockBroker first;
        first.create_topic(kTopic, kPartitionCount);
        site.publish(first);
        const Consumption consumption(site, first, site.owner());
        REQUIRE(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) == 20; }));
    }
    {
        MockBroker lost;
        lost.create_topic(kTopic, kPartitionCount);
        site.append(20, 40);
        site.publish(lost);
    }  // Twenty acknowledged messages are gone, and nothing comes behind them.
    MockBroker second;
    second.create_topic(kTopic, kPartitionCount);
    const Consumption consumption(site, second, site.owner());
    REQUIRE(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) == 40; }));
    CHECK(row_count(*site.reader) == 40);
    // Counted when its transaction is over.
    CHECK(until(std::chrono::seconds(10),
                [&] { return consumption.subscriber.state().replayed_count == 20; }));
    CHECK(until(std::chrono::seconds(10), [&] {
        return consumption.subscriber.state().lag_messages == 0 &&
               consumption.subscriber.readiness().ok();
    }));
}

TEST_CASE("I-28 a consumer that fetches nothing says so, joins anew and at last gives up") {
    SKIP_WITHOUT_POSTGRES();
    const Site site;
    site.append(0, 20);
    {
        MockBroker first;
        first.create_topic(kTopic, kPartitionCount);
        site.publish(first);
    }
    MockBroker empty;
    empty.create_topic(kTopic, kPartitionCount);
    outbox::OwnerCalls owner = site.owner();
    owner.replay = [](const std::string&, int, std::int64_t,
                      std::int64_t) -> Result<std::vector<kafka::Message>> {
        return failed_precondition("BROKEN", "nothing comes, whatever is tried");
    };
    const Consumption consumption(site, empty, std::move(owner));
    REQUIRE(until(std::chrono::seconds(30), [&] { return consumption.given_up > 0; }));
    CHECK(error_reason(consumption.subscriber.readiness()) == "INBOX_STALLED");
    // Why is known from its next try on; a new client has made none yet.
    CHECK(until(std::chrono::seconds(15), [&] {
        return error_message(consumption.subscriber.readiness()).find("BROKEN") !=
               std::string::npos;
    }));
    const outbox::InboxState state = consumption.subscriber.state();
    CHECK(state.stalled);
    CHECK(state.rebuild_count > 0);
    CHECK(state.lag_messages == 20);
    CHECK(state.lag_age >= std::chrono::seconds(2));
}

TEST_CASE("a consumer without history beyond the retention starts from a snapshot, exactly") {
    SKIP_WITHOUT_POSTGRES();
    const AgedSite site(40, 10);
    const MockBroker& broker = site.broker;
    const Consumption consumption(site, broker, site.owner());
    CHECK(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) == 50; }));
    CHECK(row_count(*site.reader) == 50);  // `record` knows no doubles: state and sequence fit.
    CHECK(until(std::chrono::seconds(5),
                [&] { return consumption.subscriber.state().snapshot_count == kPartitionCount; }));
    site.append(50, 60);
    site.publish(broker);
    CHECK(until(std::chrono::seconds(30), [&] { return row_count(*site.reader) == 60; }));
    CHECK(seen_count(*site.reader) == 60);
}

TEST_CASE("a snapshot waits for the sequences of what is committed") {
    SKIP_WITHOUT_POSTGRES();
    const Site site;
    site.append(0, 40);
    const auto nothing = [](std::vector<kafka::Message>) { return absl::OkStatus(); };
    CHECK(error_reason(site.snapshot(kTopic, 0, 0, nothing).status()) == "SNAPSHOT_NOT_YET");
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    site.publish(broker);
    std::int64_t total = 0;
    std::size_t emitted = 0;
    for (int partition = 0; partition < kPartitionCount; ++partition) {
        total += site.snapshot(kTopic, partition, 0,
                               [&](std::vector<kafka::Message> piece) {
                                   emitted += piece.size();
                                   return absl::OkStatus();
                               })
                     .value();
    }
    CHECK(total == 40);
    CHECK(emitted == 40);
}

TEST_CASE("I-28 an owner that lost what was applied, or was made anew, is told loudly") {
    SKIP_WITHOUT_POSTGRES();
    const Site site;
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    site.append(0, 40);
    site.publish(broker);
    auto consumption = std::make_unique<Consumption>(site, broker, site.owner());
    const auto reason = [&] { return error_reason(consumption->subscriber.readiness()); };
    REQUIRE(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) == 40; }));
    REQUIRE(until(std::chrono::seconds(10), [&] { return reason().empty(); }));
    // The watch has noted whose sequences these are.
    REQUIRE(until(std::chrono::seconds(10), [&] {
        return site.reader
            ->read([](pqxx::work& tx) -> Result<bool> {
                return pg::only<bool>(tx.exec1(
                    "SELECT count(*) > 0 FROM inbox_positions WHERE owner_stream_id <> ''"));
            })
            .value_or(false);
    }));
    SECTION("restored from a backup") {
        execute(*site.database,
                "UPDATE outbox_positions SET next_sequence = 2, published_sequence = 1");
    }
    SECTION("made anew") {
        execute(*site.database, "UPDATE outbox_identity SET stream_id = 'another'");
    }
    CHECK(until(std::chrono::seconds(10), [&] { return reason() == "OWNER_WENT_BACK"; }));
    // Its numbers pass ours, and nothing would show any more what is missing: it is remembered.
    execute(*site.database,
            "UPDATE outbox_positions SET next_sequence = 200, published_sequence = 199");
    consumption.reset();
    {
        // It joins nothing: who leaves in the middle of joining keeps the next one waiting.
        outbox::Subscriber restarted(options_for(broker), *site.reader, site.outbox, site.owner(),
                                     record);
        const std::jthread watcher(
            [&](const std::stop_token& stop) { restarted.watch(stop, [](const std::string&) {}); });
        CHECK(until(std::chrono::seconds(10),
                    [&] { return error_reason(restarted.readiness()) == "OWNER_WENT_BACK"; }));
    }
    // A person takes it as it is: its state is applied, its numbers count from there.
    execute(*site.reader, "DELETE FROM seen");
    outbox::Subscriber stopped(options_for(broker), *site.reader, site.outbox, site.owner(),
                               record);
    CHECK(stopped.resync().value() == kPartitionCount);  // Not only where it was seen first.
    CHECK(stopped.resync().value() == 0);
    CHECK(seen_count(*site.reader) > 0);
    CHECK(row_count(*site.reader) == seen_count(*site.reader));
    site.append(40, 60);
    site.publish(broker);
    consumption = std::make_unique<Consumption>(site, broker, site.owner());
    CHECK(until(std::chrono::seconds(30), [&] {
        return site.reader
                   ->read([](pqxx::work& tx) -> Result<std::int64_t> {
                       return pg::only<std::int64_t>(
                           tx.exec1("SELECT count(*) FROM seen WHERE value >= 40"));
                   })
                   .value_or(0) == 20;
    }));
    CHECK(until(std::chrono::seconds(10), [&] { return reason().empty(); }));
}

TEST_CASE("a snapshot that takes longer than a standstill may is none") {
    SKIP_WITHOUT_POSTGRES();
    const AgedSite site(60, 10);
    const MockBroker& broker = site.broker;
    outbox::SubscriberOptions options = options_for(broker);
    options.progress = {std::chrono::milliseconds(100), std::chrono::milliseconds(200),
                        std::chrono::milliseconds(800), std::chrono::milliseconds(1600)};
    outbox::Subscriber subscriber(options, *site.reader, site.outbox, site.owner(),
                                  [](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                                      tx.exec("SELECT pg_sleep(0.3)");
                                      return record(tx, messages);
                                  });
    const std::jthread consumer([&](const std::stop_token& stop) { subscriber.run(stop); });
    // Joining takes its time; nobody watches that here.
    REQUIRE(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) > 0; }));
    std::atomic<int> given_up{0};
    bool was_stalled = false;
    const std::jthread watcher([&](const std::stop_token& stop) {
        subscriber.watch(stop, [&](const std::string&) { ++given_up; });
    });
    const auto start = std::chrono::steady_clock::now();
    CHECK(until(std::chrono::seconds(30), [&] {
        was_stalled = was_stalled || error_reason(subscriber.readiness()) == "INBOX_STALLED";
        return seen_count(*site.reader) == 70;
    }));
    CHECK(std::chrono::steady_clock::now() - start > options.progress.end_after);
    CHECK_FALSE(was_stalled);
    CHECK(given_up == 0);
    CHECK(row_count(*site.reader) == 70);
}

TEST_CASE("a second process that joins while the first takes a long snapshot loses nothing") {
    SKIP_WITHOUT_POSTGRES();
    const AgedSite site(24, 6);
    const MockBroker& broker = site.broker;
    std::atomic<bool> is_slow{true};
    std::atomic<int> of_first{0};
    std::atomic<int> of_second{0};
    const auto apply = [&is_slow](std::atomic<int>& count) {
        return [&](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
            if (is_slow) {
                tx.exec("SELECT pg_sleep(0.5)");
            } else {
                count += static_cast<int>(messages.size());
            }
            return record(tx, messages);
        };
    };
    outbox::Subscriber first(options_for(broker), *site.reader, site.outbox, site.owner(),
                             apply(of_first));
    const std::jthread first_runs([&](const std::stop_token& stop) { first.run(stop); });
    REQUIRE(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) > 0; }));
    outbox::Subscriber second(options_for(broker), *site.reader, site.outbox, site.owner(),
                              apply(of_second));
    const std::jthread second_runs([&](const std::stop_token& stop) { second.run(stop); });
    CHECK(until(std::chrono::seconds(60), [&] { return seen_count(*site.reader) == 30; }));
    is_slow = false;
    // Only what the snapshot tells may come twice, when a partition changes hands in the middle.
    int end = 30;
    CHECK(until(std::chrono::seconds(60), [&] {
        site.append(end, end + 20);
        site.publish(broker);
        end += 20;
        return until(std::chrono::seconds(2), [&] { return of_first > 0 && of_second > 0; });
    }));
    CHECK(until(std::chrono::seconds(30), [&] { return seen_count(*site.reader) == end; }));
    const std::int64_t later = *site.reader->read([](pqxx::work& tx) -> Result<std::int64_t> {
        return pg::only<std::int64_t>(tx.exec1("SELECT count(*) FROM seen WHERE value >= 30"));
    });
    CHECK(later == end - 30);
}

TEST_CASE("a snapshot of sums takes the place of what was added up, whoever dies in between") {
    SKIP_WITHOUT_POSTGRES();
    const Site site;
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    site.append(0, 40);
    site.publish(broker);
    execute(*site.reader, "CREATE TABLE sums (partition integer, fresh boolean, total bigint)");
    outbox::SubscriberOptions options = options_for(broker);
    const auto run = [](const std::string& sql) {
        return [sql](pqxx::work& tx, int partition) -> Status {
            tx.exec_params(sql, partition);
            return absl::OkStatus();
        };
    };
    options.swaps[kTopic] = {run("DELETE FROM sums WHERE fresh AND partition = $1"),
                             run("WITH old AS (DELETE FROM sums WHERE NOT fresh AND partition = $1)"
                                 " UPDATE sums SET fresh = false WHERE fresh AND partition = $1")};
    int left = 5;  // Messages until it dies for the first time.
    const auto add = [&](pqxx::work& tx, const std::vector<kafka::Message>& messages) -> Status {
        for (const kafka::Message& message : messages) {
            if (left > 0 && --left == 0) {
                return make_error(absl::StatusCode::kInternal, "DIED", "in the middle");
            }
            tx.exec_params("INSERT INTO sums VALUES ($1, $2, $3)", message.partition,
                           message.sequence == outbox::kSnapshotSequence,
                           std::stoll(message.payload));
        }
        return absl::OkStatus();
    };
    // Some of it is there already, with one message set aside.
    outbox::Subscriber subscriber(options, *site.reader, site.outbox, site.owner(), add);
    left = 0;
    for (int partition = 0; partition < kPartitionCount; ++partition) {
        REQUIRE(subscriber.claim(kTopic, partition).ok());
        REQUIRE(subscriber.catch_up(kTopic, partition, 2).ok());
    }
    execute(*site.reader,
            "INSERT INTO dead_letters (topic, partition, message_offset, sequence, message_key,"
            " payload, reason) VALUES ('prepay.test.facts.v1', 0, 0, 1, 'a', '1', 'test')");
    execute(*site.database, "DELETE FROM outbox");  // As after seven days.
    left = 5;
    std::map<int, std::int64_t> ends;
    for (const outbox::HighWater& mark : site.owner().ask_heads({kTopic}).front().partitions) {
        ends[mark.partition] = mark.published;
    }
    for (int partition = 0; partition < kPartitionCount; ++partition) {
        bool is_there = false;
        for (int tries = 0; tries < 3 && !is_there; ++tries) {
            is_there = subscriber.catch_up(kTopic, partition, ends[partition]).ok();
        }
        CHECK(is_there);
    }
    CHECK(left == 0);
    const auto total = [&](const char* sql) {
        return *site.reader->read([&](pqxx::work& tx) -> Result<std::int64_t> {
            return pg::only<std::int64_t>(tx.exec1(sql));
        });
    };
    CHECK(total("SELECT sum(total)::bigint FROM sums WHERE NOT fresh") == 40 * 39 / 2);
    CHECK(total("SELECT count(*) FROM sums WHERE fresh") == 0);
    CHECK(total("SELECT count(*) FROM dead_letters WHERE redrive_time IS NULL") == 0);
    CHECK(subscriber.redrive().value() == 0);
}

TEST_CASE("a snapshot is told from when on the consumer lacks anything") {
    SKIP_WITHOUT_POSTGRES();
    const Site site;
    execute(*site.database,
            "INSERT INTO outbox_marks VALUES ('prepay.test.facts.v1', 0, 100, '2026-01-10Z'),"
            " ('prepay.test.facts.v1', 0, 200, '2026-01-20Z'),"
            " ('prepay.test.facts.v1', 1, 150, '2026-01-15Z')");
    const auto since = [&](std::int64_t after) {
        Instant told;
        REQUIRE(
            outbox::take_snapshot(
                *site.database, {kTopic, 0, kPartitionCount, after},
                [&](pqxx::work&, const outbox::SnapshotRequest& request, const outbox::EmitEvent&) {
                    told = request.since;
                    return absl::OkStatus();
                },
                [](const outbox::NewMessage&) { return absl::OkStatus(); })
                .ok());
        return told == Instant{} ? "" : format_time(told);
    };
    CHECK(since(0).empty());
    CHECK(since(99).empty());
    CHECK(since(100) == "2026-01-09T23:00:00Z");
    CHECK(since(199) == "2026-01-09T23:00:00Z");
    CHECK(since(5000) == "2026-01-19T23:00:00Z");
}

TEST_CASE("what the outbox gives up after seven days leaves a mark a week") {
    SKIP_WITHOUT_POSTGRES();
    const Site site;
    MockBroker broker;
    broker.create_topic(kTopic, kPartitionCount);
    site.append(0, 40);
    site.publish(broker);
    execute(*site.database,
            "UPDATE outbox SET create_time = now() - interval '20 days' + sequence * interval '1 "
            "day'");
    const auto count = [&](const char* sql) {
        return *site.database->read([&](pqxx::work& tx) -> Result<std::int64_t> {
            return pg::only<std::int64_t>(tx.exec1(sql));
        });
    };
    const auto relay = new_relay(site.source.options(), broker.brokers());
    const std::jthread thread([&](const std::stop_token& stop) { relay->run(stop); });
    REQUIRE(
        until(std::chrono::seconds(10), [&] { return count("SELECT count(*) FROM outbox") == 0; }));
    CHECK(count("SELECT count(*) FROM outbox_marks") == kPartitionCount);
    // Each says when its very message was written.
    CHECK(
        count("SELECT count(*) FROM outbox_marks WHERE abs(extract(epoch FROM now() - create_time)"
              " - 86400 * (20 - sequence)) > 600") == 0);
}

}  // namespace prepay::test
