#include "support/mock_broker.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <chrono>
#include <cstdlib>
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

void MockBroker::expire_members() {
    constexpr std::int16_t kHeartbeat = 12;  // Kafka's number of the request.
    rd_kafka_mock_push_request_errors(state_->cluster, kHeartbeat, 1,
                                      RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

std::map<std::pair<std::string, int>, std::vector<std::int64_t>> MockBroker::sequences(
    const std::vector<std::string>& topics, int partition_count) const {
    std::array<char, 256> error{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    for (const auto& [key, value] :
         {std::pair<const char*, std::string>{"bootstrap.servers", brokers()},
          {"group.id", "reader"},
          {"enable.partition.eof", "true"},
          {"fetch.wait.max.ms", "20"}}) {
        rd_kafka_conf_set(conf, key, value.c_str(), error.data(), error.size());
    }
    rd_kafka_t* reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size());
    if (reader == nullptr) {
        throw std::runtime_error(error.data());
    }
    rd_kafka_poll_set_consumer(reader);
    rd_kafka_topic_partition_list_t* wanted = rd_kafka_topic_partition_list_new(1);
    for (const std::string& topic : topics) {
        for (int partition = 0; partition < partition_count; ++partition) {
            rd_kafka_topic_partition_list_add(wanted, topic.c_str(), partition)->offset =
                RD_KAFKA_OFFSET_BEGINNING;
        }
    }
    rd_kafka_assign(reader, wanted);
    rd_kafka_topic_partition_list_destroy(wanted);
    std::map<std::pair<std::string, int>, std::vector<std::int64_t>> found;
    std::size_t ends = 0;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (ends < topics.size() * static_cast<std::size_t>(partition_count) &&
           std::chrono::steady_clock::now() < deadline) {
        rd_kafka_message_t* message = rd_kafka_consumer_poll(reader, 100);
        if (message == nullptr) {
            continue;
        }
        ends += message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ? 1 : 0;
        rd_kafka_headers_t* headers = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
            rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
            rd_kafka_header_get_last(headers, "prepay-sequence", &value, &size) ==
                RD_KAFKA_RESP_ERR_NO_ERROR) {
            found[{rd_kafka_topic_name(message->rkt), message->partition}].push_back(
                std::atoll(std::string(static_cast<const char*>(value), size).c_str()));
        }
        rd_kafka_message_destroy(message);
    }
    rd_kafka_consumer_close(reader);
    rd_kafka_destroy(reader);
    return found;
}

}  // namespace prepay::test
