#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace prepay::test {

/// librdkafka's in-memory Kafka cluster. Its memory is gone with it, which is how broker data loss
/// is tested.
class MockBroker {
public:
    MockBroker();
    ~MockBroker();
    MockBroker(const MockBroker&) = delete;
    MockBroker& operator=(const MockBroker&) = delete;

    /// bootstrap.servers
    [[nodiscard]] std::string brokers() const;
    void create_topic(const std::string& topic, int partition_count);
    /// The group's members are unknown at their next heartbeat, as after a stop that was longer
    /// than their session.
    void expire_members();
    /// The `prepay-sequence` of every message it holds, in the order of each topic partition.
    [[nodiscard]] std::map<std::pair<std::string, int>, std::vector<std::int64_t>> sequences(
        const std::vector<std::string>& topics, int partition_count) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::test
