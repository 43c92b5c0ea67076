#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "outbox/outbox.h"
#include "runtime/runner.h"
#include "support/mock_broker.h"
#include "support/outbox_parts.h"
#include "support/test_database.h"
#include "telemetry/log.h"

namespace prepay::test {
namespace {

constexpr const char* kTopic = "prepay.test.facts.v1";

struct Collector final : rpc::RawStreamWriter {
    bool write(const google::protobuf::Message& message) override {
        traces.push_back(static_cast<const common::v1::ReplayResponse&>(message).trace_id());
        return true;
    }
    [[nodiscard]] bool is_cancelled() const override { return false; }
    std::vector<std::string> traces;
};

}  // namespace

TEST_CASE("A trace id goes through outbox, broker, subscriber and replay") {
    if (!TestDatabase::available()) {
        WARN("SKIPPED: no PREPAY_TEST_PG_URL");
        return;
    }
    const TestDatabase producer_side("producer");
    const TestDatabase consumer_side("consumer");
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const outbox::Outbox outbox(1);
    const auto database = producer_side.open(2);
    REQUIRE(database
                ->transact([&](pqxx::work& tx) {
                    const telemetry::TraceScope trace("0123456789abcdef0123456789abcdef");
                    outbox.append(tx, kTopic, "key", "one");
                    return absl::OkStatus();
                })
                .ok());
    kafka::ProducerOptions options;
    options.brokers = broker.brokers();
    outbox::Relay relay(producer_side.open(1), kafka::Producer::create(options).value(),
                        {.producer_name = "test"});
    const auto counting = producer_side.open(1);
    REQUIRE(publish_all(relay, *counting));

    std::mutex mutex;
    std::condition_variable applied;
    std::string seen;
    outbox::SubscriberOptions reading;
    reading.brokers = broker.brokers();
    reading.group = "prepay-reader";
    reading.topics = {kTopic};
    const auto reader = consumer_side.open(2);
    outbox::Subscriber subscriber(reading, *reader, outbox, {},
                                  [&](pqxx::work&, const std::vector<kafka::Message>&) -> Status {
                                      const std::lock_guard lock(mutex);
                                      seen = telemetry::current_trace_id();
                                      applied.notify_all();
                                      return absl::OkStatus();
                                  });
    {
        std::jthread thread([&](const std::stop_token& stop) { subscriber.run(stop); });
        std::unique_lock lock(mutex);
        applied.wait_for(lock, std::chrono::seconds(40), [&] { return !seen.empty(); });
    }
    CHECK(seen == "0123456789abcdef0123456789abcdef");

    runtime::OutboxRpc replay(*database, 1);
    common::v1::ReplayRequest request;
    request.set_topic(kTopic);
    request.set_from_sequence(1);
    Collector collector;
    rpc::StreamWriter<common::v1::ReplayResponse> writer(collector);
    REQUIRE(replay.replay({}, request, writer).ok());
    CHECK(collector.traces == std::vector<std::string>{"0123456789abcdef0123456789abcdef"});
}

}  // namespace prepay::test
