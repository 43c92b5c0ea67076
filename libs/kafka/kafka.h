#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"

namespace prepay::kafka {

/// A message of the broker, its producers and what is appended to an outbox; deploy/kafka says the
/// same.
constexpr std::size_t kMessageBytesMax = 4 << 20;

/// One message as it lies in, or goes to, a topic partition.
struct Message {
    std::string topic;
    int partition = 0;
    std::int64_t offset = -1;   ///< Set by the consumer.
    std::int64_t sequence = 0;  ///< Header `prepay-sequence`; 0 = absent.
    std::string producer;       ///< Header `prepay-producer`.
    std::string trace_id;       ///< Header `prepay-trace-id`.
    std::string key;
    std::string payload;
};

struct ProducerOptions {
    std::string brokers;
    std::string client_id;
    std::chrono::milliseconds linger{5};
    std::chrono::milliseconds delivery_timeout{10'000};
    std::size_t message_bytes_max = kMessageBytesMax;
};

/// An idempotent producer with acks=all. One caller at a time.
class Producer {
public:
    static Result<std::unique_ptr<Producer>> create(const ProducerOptions& options);
    ~Producer();

    /// Sends all and waits until the broker has acknowledged all. After an error some may have been
    /// written; sending the same again is what consumers expect (they drop known sequences).
    /// Reasons: BROKER_UNAVAILABLE, MESSAGE_TOO_LARGE.
    Status produce_all(const std::vector<Message>& messages);
    /// The next messages go out by a new client.
    void renew();

private:
    struct State;
    explicit Producer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

struct ConsumerOptions {
    std::string brokers;
    std::string group;
    std::string client_id;
    std::vector<std::string> topics;
    int fetch_wait_ms = 100;  ///< The broker answers at once when there is something.
};

/// A member of a consumer group whose positions live elsewhere (PostgreSQL): it asks for the offset
/// of each partition it was given, and never commits any to Kafka. One caller at a time.
class Consumer {
public:
    /// Gives the offset of the next message wanted. Delivery starts one message before it, or at
    /// the beginning when the log is shorter: the receiver drops what it knows by its sequence.
    /// Asked by poll(), outside of the group's rebalance; after an error it is asked again, and the
    /// partition rests until then.
    using OnAssign = std::function<Result<std::int64_t>(const std::string& topic, int partition)>;

    static Result<std::unique_ptr<Consumer>> create(const ConsumerOptions& options,
                                                    OnAssign on_assign);
    ~Consumer();

    /// Up to `count_max` messages, waiting up to `wait` for the first. Broker trouble gives an
    /// empty answer and is logged by librdkafka's callbacks; it heals by itself.
    std::vector<Message> poll(std::size_t count_max, std::chrono::milliseconds wait);

    /// Reads a partition again from an offset.
    Status seek(const std::string& topic, int partition, std::int64_t offset);

    /// The partitions that it reads: given by the group, with a position.
    [[nodiscard]] const std::set<std::pair<std::string, int>>& partitions() const;
    /// Whether the group has given this member its partitions, and all of them have a position.
    [[nodiscard]] bool is_assigned() const;

private:
    struct State;
    explicit Consumer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Whether the broker answers a metadata request; reason BROKER_UNAVAILABLE.
Status check_broker(const std::string& brokers, std::chrono::milliseconds timeout);

}  // namespace prepay::kafka
