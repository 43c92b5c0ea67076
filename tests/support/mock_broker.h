#pragma once

#include <memory>
#include <string>

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

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::test
