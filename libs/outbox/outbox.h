#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "core/status.h"
#include "kafka/kafka.h"
#include "pg/database.h"
#include "pg/migrate.h"

namespace prepay::outbox {

/// The tables of this library, to be migrated before the service's own.
pg::MigrationSet migrations();

/// A message to be published.
struct NewMessage {
    std::string topic;
    std::string key;
    std::string payload;
};

/// Writes messages into the outbox of the transaction that makes the fact true.
class Outbox {
public:
    /// `partition_count` is the same for all topics and fixed for their life.
    explicit Outbox(int partition_count) : partition_count_(partition_count) {}

    /// Appends one message; its partition is the key's. The trace id of the thread goes with it.
    void append(pqxx::work& tx, const std::string& topic, const std::string& key,
                const std::string& payload) const;
    /// Several at once, in one round trip, in this order.
    void append_all(pqxx::work& tx, const std::vector<NewMessage>& messages) const;

    [[nodiscard]] int partition_count() const { return partition_count_; }

private:
    int partition_count_;
};

/// Publishes committed outbox rows: one leader per schema (advisory lock), gap-free sequences per
/// topic partition, at least once, in order. Rows are taken only below the oldest running
/// transaction, so none is skipped.
class Relay {
public:
    /// `database` must have a pool of one connection that nobody else uses (it holds the lock).
    Relay(std::unique_ptr<pg::Database> database, std::unique_ptr<kafka::Producer> producer,
          std::string producer_name);

    /// Until stopped. Errors are logged and retried.
    void run(const std::stop_token& stop);
    /// Makes run() look at once. Cheap; any thread. Set it as the commit hook.
    void wake();
    /// One round; the number of messages published. For tests and run().
    Result<std::size_t> run_once();

    /// Age of the oldest row not yet published as of the last round; for metrics.
    [[nodiscard]] std::chrono::milliseconds oldest_age() const;

private:
    Result<std::vector<kafka::Message>> assign_sequences();
    Status save_published(const std::vector<kafka::Message>& messages);
    void delete_expired();

    std::unique_ptr<pg::Database> database_;
    std::unique_ptr<kafka::Producer> producer_;
    std::string producer_name_;
    std::mutex mutex_;
    std::condition_variable woken_;
    bool wake_requested_ = false;
    int session_ = 0;
    bool leader_ = false;
    bool recovered_ = false;  // Nothing of an earlier leader waits to be published again.
    bool blocked_ = false;    // Rows wait, but an older transaction is still running.
    std::chrono::steady_clock::time_point next_cleanup_;
    std::atomic<std::int64_t> oldest_age_ms_{0};
};

/// Reads stored messages for Replay, at most `count_max`, from a sequence on. Reason REPLAY_TOO_OLD
/// when the first one is no longer kept.
Result<std::vector<kafka::Message>> read_stored(pg::Database& database, const std::string& topic,
                                                int partition, std::int64_t from_sequence,
                                                std::int64_t to_sequence, int count_max);

/// Fetches lost messages [from, to) of a partition from their owner.
using Replay = std::function<Result<std::vector<kafka::Message>>(
    const std::string& topic, int partition, std::int64_t from_sequence, std::int64_t to_sequence)>;

/// Applies messages of one topic partition inside the transaction that also moves the position.
/// Reason BAD_MESSAGE (INVALID_ARGUMENT) = this message can never be applied: dead letter. Every
/// other error rolls back and is retried with the same messages.
using Handler = std::function<Status(pqxx::work& tx, const std::vector<kafka::Message>& messages)>;

struct SubscriberOptions {
    std::string brokers;
    std::string group;  ///< "prepay-billing"
    std::vector<std::string> topics;
    std::size_t batch_max = 500;  ///< Messages a transaction.
    std::chrono::milliseconds poll_wait{200};
};

/// Consumes topics exactly once into the database: positions are kept in `inbox_positions`, known
/// sequences are dropped, gaps are filled by Replay, a replaced consumer is fenced off by its
/// epoch.
class Subscriber {
public:
    Subscriber(SubscriberOptions options, pg::Database& database, const Outbox& outbox,
               Replay replay, Handler handler);
    ~Subscriber();

    /// Until stopped: claims what the group assigns to it and applies what it polls.
    void run(const std::stop_token& stop);

    /// Takes a partition over: from now on whoever had it before can no longer write. Gives the
    /// offset of the next message wanted. Not beside run().
    Result<std::int64_t> claim(const std::string& topic, int partition);
    /// Applies messages of one claimed partition, in their order, each at most once. Reason FENCED
    /// when another subscriber has claimed it since: then nothing is written. Not beside run().
    Status apply(const std::vector<kafka::Message>& messages);

    [[nodiscard]] bool is_assigned() const;
    [[nodiscard]] std::int64_t lag() const;
    /// Dead letters that wait for redrive.
    [[nodiscard]] Result<std::int64_t> dead_letter_count() const;

    /// Applies stored dead letters of this subscriber's topics again; how many went through.
    Result<int> redrive();

private:
    struct Position;
    struct State;
    Status apply_in_transaction(const Position& position,
                                const std::vector<kafka::Message>& messages);
    Status bury(const Position& position, const kafka::Message& message, const std::string& reason);
    Result<std::vector<kafka::Message>> select_new(const Position& position,
                                                   const std::vector<kafka::Message>& messages);
    std::unique_ptr<State> state_;
};

/// The status a handler returns for a message that can never be applied.
Status bad_message(const std::string& message);

/// Puts a message into `dead_letters` and the group's dead-letter topic, in the transaction of the
/// caller. A handler that applies the good part of a message gives the bad part as a message of its
/// own: the same message, but for the payload. A part that holds nothing good is a BAD_MESSAGE.
void set_aside(pqxx::work& tx, const Outbox& outbox, const std::string& group,
               const kafka::Message& message, const std::string& reason);

}  // namespace prepay::outbox
