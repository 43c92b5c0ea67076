#include "support/mock_broker.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <stdexcept>

namespace prepay::test {

struct MockBroker::State {
    rd_kafka_t* handle = nullptr;
    rd_kafka_mock_cluster_t* cluster = nullptr;
};

MockBroker::MockBroker() : state_(std::make_unique<State>()) {
    std::array<char, 256> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "client.id", "mock-broker", error.data(), error.size());
    state_->handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
    if (state_->handle == nullptr) {
        throw std::runtime_error(error.data());
    }
    state_->cluster = rd_kafka_mock_cluster_new(state_->handle, 1);
}

MockBroker::~MockBroker() {
    rd_kafka_mock_cluster_destroy(state_->cluster);
    rd_kafka_destroy(state_->handle);
}

std::string MockBroker::brokers() const {
    return rd_kafka_mock_cluster_bootstraps(state_->cluster);
}

void MockBroker::create_topic(const std::string& topic, int partition_count) {
    rd_kafka_mock_topic_create(state_->cluster, topic.c_str(), partition_count, 1);
}

}  // namespace prepay::test
