#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "outbox/outbox.h"
#include "support/mock_broker.h"
#include "support/test_database.h"

namespace prepay::test {

/// An owner's topics as its consumers get them from it: by Replay while messages are kept, else by
/// Snapshot. Throws when a step fails.
class OwnerStream {
public:
    /// `sources`: each topic with the owner's own function that tells its state.
    OwnerStream(const TestDatabase& files, int partition_count,
                std::map<std::string, outbox::SnapshotSource> sources);

    /// Gives all that is committed its sequence.
    void publish();
    /// Eight days pass: the outbox gives up what is published. Gives those messages.
    std::vector<kafka::Message> forget();

    [[nodiscard]] std::vector<std::string> topics() const;
    [[nodiscard]] int partition_count() const { return partition_count_; }
    [[nodiscard]] std::int64_t published(const std::string& topic, int partition) const;
    [[nodiscard]] Result<std::vector<kafka::Message>> replay(const std::string& topic,
                                                             int partition, std::int64_t from,
                                                             std::int64_t to) const;
    Result<std::int64_t> snapshot(
        const std::string& topic, int partition, std::int64_t after,
        const std::function<Status(std::vector<kafka::Message>)>& take) const;

private:
    const pg::DatabaseOptions options_;
    const int partition_count_;
    const std::map<std::string, outbox::SnapshotSource> sources_;
    std::unique_ptr<pg::Database> database_;
    MockBroker broker_;
    std::unique_ptr<outbox::Relay> relay_;
};

/// A consumer's inbox over what owners have published, without Kafka: the real subscriber with the
/// handlers of a service. Throws when a step fails.
class OwnersReader {
public:
    /// All of them outlive it.
    OwnersReader(pg::Database& database, const outbox::Outbox& outbox,
                 const outbox::Handlers& handlers,
                 std::map<std::string, outbox::SnapshotSwap> swaps,
                 std::vector<OwnerStream*> owners);

    /// Takes what the owners have published of the topics that are handled, topic by topic.
    void catch_up();
    /// Messages that come once more.
    void repeat(const std::vector<kafka::Message>& messages);
    /// Partitions that were taken as a snapshot so far.
    [[nodiscard]] std::int64_t snapshot_count() const;

private:
    [[nodiscard]] OwnerStream& owner_of(const std::string& topic) const;

    const outbox::Handlers handlers_;
    const std::vector<OwnerStream*> owners_;
    std::unique_ptr<outbox::Subscriber> subscriber_;
};

}  // namespace prepay::test
