#include "kafka/kafka.h"

#include <librdkafka/rdkafkacpp.h>

#include <algorithm>
#include <atomic>
#include <map>

#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::kafka {
namespace {

class EventLogger final : public RdKafka::EventCb {
public:
    void event_cb(RdKafka::Event& event) override {
        if (event.type() == RdKafka::Event::EVENT_ERROR) {
            telemetry::log_warning("kafka", {{"error", event.str()}});
        } else if (event.type() == RdKafka::Event::EVENT_LOG &&
                   event.severity() <= RdKafka::Event::EVENT_SEVERITY_ERROR) {
            telemetry::log_warning("kafka", {{"log", event.str()}});
        }
    }
};

Status set_options(RdKafka::Conf& conf,
                   const std::vector<std::pair<std::string, std::string>>& options) {
    std::string error;
    for (const auto& [key, value] : options) {
        if (conf.set(key, value, error) != RdKafka::Conf::CONF_OK) {
            return invalid_argument("KAFKA_CONFIG", key + "=" + value + ": " + error);
        }
    }
    return absl::OkStatus();
}

Status broker_unavailable(const std::string& error) {
    return unavailable("BROKER_UNAVAILABLE", error);
}

constexpr int kQueryTimeoutMs = 2000;
constexpr std::chrono::milliseconds kClaimPause{500};  // After a position could not be had.

}  // namespace

struct Producer::State final : RdKafka::DeliveryReportCb {
    ProducerOptions options;
    EventLogger events;
    std::unique_ptr<RdKafka::Producer> producer;
    std::map<std::string, std::unique_ptr<RdKafka::Topic>> topics;  // Those whose leaders it knows.
    std::size_t outstanding_count = 0;
    std::string error;
    bool too_large = false;

    void dr_cb(RdKafka::Message& message) override {
        --outstanding_count;
        if (message.err() != RdKafka::ERR_NO_ERROR) {
            error = message.errstr();
            too_large = too_large || message.err() == RdKafka::ERR_MSG_SIZE_TOO_LARGE;
        }
    }

    Status connect() {
        const std::unique_ptr<RdKafka::Conf> conf(
            RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
        PREPAY_RETURN_IF_ERROR(set_options(
            *conf, {{"bootstrap.servers", options.brokers},
                    {"client.id", options.client_id},
                    {"enable.idempotence", "true"},
                    {"acks", "all"},
                    {"linger.ms", std::to_string(options.linger.count())},
                    {"delivery.timeout.ms", std::to_string(options.delivery_timeout.count())},
                    {"message.max.bytes", std::to_string(options.message_bytes_max)},
                    {"compression.type", "lz4"},
                    {"reconnect.backoff.max.ms", "1000"},
                    {"queue.buffering.max.messages", "200000"}}));
        std::string text;
        conf->set("event_cb", &events, text);
        conf->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(this), text);
        producer.reset(RdKafka::Producer::create(conf.get(), text));
        return producer ? absl::OkStatus() : broker_unavailable(text);
    }

    // librdkafka looks up a new topic once a second only: its first message would wait that long.
    Status learn(const std::string& topic) {
        if (topics.count(topic) > 0) {
            return absl::OkStatus();
        }
        std::string text;
        std::unique_ptr<RdKafka::Topic> handle(
            RdKafka::Topic::create(producer.get(), topic, nullptr, text));
        if (!handle) {
            return broker_unavailable(text);
        }
        RdKafka::Metadata* metadata = nullptr;
        const auto code = producer->metadata(false, handle.get(), &metadata, kQueryTimeoutMs);
        delete metadata;
        if (code != RdKafka::ERR_NO_ERROR) {
            return broker_unavailable(RdKafka::err2str(code));
        }
        topics.emplace(topic, std::move(handle));
        return absl::OkStatus();
    }

    Status send(const Message& message) {
        PREPAY_RETURN_IF_ERROR(learn(message.topic));
        RdKafka::Headers* headers = RdKafka::Headers::create();
        headers->add("prepay-producer", message.producer);
        headers->add("prepay-sequence", std::to_string(message.sequence));
        if (!message.trace_id.empty()) {
            headers->add("prepay-trace-id", message.trace_id);
        }
        const auto code =
            producer->produce(message.topic, message.partition, RdKafka::Producer::RK_MSG_COPY,
                              const_cast<char*>(message.payload.data()), message.payload.size(),
                              message.key.data(), message.key.size(), 0, headers, nullptr);
        if (code != RdKafka::ERR_NO_ERROR) {
            delete headers;
            return code == RdKafka::ERR_MSG_SIZE_TOO_LARGE
                       ? invalid_argument("MESSAGE_TOO_LARGE", RdKafka::err2str(code))
                       : broker_unavailable(RdKafka::err2str(code));
        }
        ++outstanding_count;
        return absl::OkStatus();
    }

    Status wait_for_acks() {
        const auto deadline =
            std::chrono::steady_clock::now() + options.delivery_timeout + std::chrono::seconds(1);
        while (outstanding_count > 0 && error.empty() &&
               std::chrono::steady_clock::now() < deadline) {
            producer->poll(100);
        }
        if (outstanding_count == 0 && error.empty()) {
            return absl::OkStatus();
        }
        if (too_large) {
            return invalid_argument("MESSAGE_TOO_LARGE", error);
        }
        return broker_unavailable(error.empty() ? "no acknowledgement in time" : error);
    }

    // An idempotent producer that lost a message may not go on; a new one starts clean.
    void abandon() {
        producer->purge(RdKafka::Producer::PURGE_QUEUE | RdKafka::Producer::PURGE_INFLIGHT);
        producer->flush(1000);
        topics.clear();
        producer.reset();
        outstanding_count = 0;
        error.clear();
        too_large = false;
    }
};

Producer::Producer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Producer::~Producer() {
    if (state_ && state_->producer) {
        state_->producer->flush(1000);
        state_->topics.clear();
    }
}

Result<std::unique_ptr<Producer>> Producer::create(const ProducerOptions& options) {
    auto state = std::make_unique<State>();
    state->options = options;
    PREPAY_RETURN_IF_ERROR(state->connect());
    return std::unique_ptr<Producer>(new Producer(std::move(state)));
}

Status Producer::produce_all(const std::vector<Message>& messages) {
    if (!state_->producer) {
        PREPAY_RETURN_IF_ERROR(state_->connect());
    }
    Status status = absl::OkStatus();
    for (const Message& message : messages) {
        status = state_->send(message);
        if (!status.ok()) {
            break;
        }
    }
    if (status.ok()) {
        PREPAY_CRASH_POINT("outbox.produced");
        status = state_->wait_for_acks();
    }
    if (!status.ok()) {
        state_->abandon();
    }
    return status;
}

// The group's word is taken in the callback, positions are asked for afterwards: librdkafka takes a
// refusal inside the callback (unassign and leave) as the end of the membership and heartbeats for
// ever as nobody. So a partition is accepted at once, and fetched as soon as it has a position.
struct Consumer::State final : RdKafka::RebalanceCb {
    using Place = std::pair<std::string, int>;

    ConsumerOptions options;
    OnAssign on_assign;
    EventLogger events;
    std::unique_ptr<RdKafka::KafkaConsumer> consumer;
    bool given = false;                     // The group has answered.
    std::set<Place> waiting;                // Given, without a position yet.
    std::map<Place, std::int64_t> claimed;  // Given, with the offset to start at.
    std::set<Place> reading;                // Given and fetched.
    std::chrono::steady_clock::time_point next_claim;

    void rebalance_cb(RdKafka::KafkaConsumer* member, RdKafka::ErrorCode code,
                      std::vector<RdKafka::TopicPartition*>& partitions) override {
        waiting.clear();
        claimed.clear();
        reading.clear();
        given = code == RdKafka::ERR__ASSIGN_PARTITIONS;
        if (!given) {
            member->unassign();
            return;
        }
        for (const RdKafka::TopicPartition* partition : partitions) {
            waiting.emplace(partition->topic(), partition->partition());
        }
        member->assign({});  // Nothing to fetch yet, but a member.
        next_claim = {};
    }

    // Asks for the positions that are missing; with the last one found, fetching begins.
    void claim_waiting() {
        if (waiting.empty() || std::chrono::steady_clock::now() < next_claim) {
            return;
        }
        while (!waiting.empty()) {
            const Place place = *waiting.begin();
            const Result<std::int64_t> offset = on_assign(place.first, place.second);
            if (!offset.ok()) {
                telemetry::log_warning("no position for a partition yet",
                                       {{"topic", place.first},
                                        {"partition", std::to_string(place.second)},
                                        {"error", telemetry::describe(offset.status())}});
                next_claim = std::chrono::steady_clock::now() + kClaimPause;
                return;
            }
            claimed[place] = *offset;
            waiting.erase(waiting.begin());
        }
        start_reading();
    }

    // The last applied message is read again, so that a log that is not the one we left (a broker
    // that lost data, a topic made anew) shows by its sequence. A log that is shorter than our
    // position is out of range and read whole (auto.offset.reset); to ask the broker for its end
    // first would block for seconds a partition while topics are made anew.
    void start_reading() {
        std::vector<RdKafka::TopicPartition*> partitions;
        for (const auto& [place, offset] : claimed) {
            partitions.push_back(RdKafka::TopicPartition::create(
                place.first, place.second, std::max<std::int64_t>(offset - 1, 0)));
            reading.insert(place);
        }
        consumer->assign(partitions);
        RdKafka::TopicPartition::destroy(partitions);
        claimed.clear();
    }
};

Consumer::Consumer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Consumer::~Consumer() {
    if (state_ && state_->consumer) {
        state_->consumer->close();
    }
}

Result<std::unique_ptr<Consumer>> Consumer::create(const ConsumerOptions& options,
                                                   OnAssign on_assign) {
    auto state = std::make_unique<State>();
    state->options = options;
    state->on_assign = std::move(on_assign);
    const std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
    PREPAY_RETURN_IF_ERROR(
        set_options(*conf, {{"bootstrap.servers", options.brokers},
                            {"group.id", options.group},
                            {"client.id", options.client_id},
                            {"enable.auto.commit", "false"},
                            {"enable.auto.offset.store", "false"},
                            {"auto.offset.reset", "earliest"},
                            {"fetch.wait.max.ms", std::to_string(options.fetch_wait_ms)},
                            {"session.timeout.ms", "6000"},
                            {"heartbeat.interval.ms", "1000"},
                            {"topic.metadata.refresh.interval.ms", "5000"},
                            {"queued.max.messages.kbytes", "16384"},
                            {"reconnect.backoff.max.ms", "1000"},
                            {"allow.auto.create.topics", "false"}}));
    std::string error;
    conf->set("event_cb", &state->events, error);
    conf->set("rebalance_cb", static_cast<RdKafka::RebalanceCb*>(state.get()), error);
    state->consumer.reset(RdKafka::KafkaConsumer::create(conf.get(), error));
    if (!state->consumer) {
        return broker_unavailable(error);
    }
    const auto code = state->consumer->subscribe(options.topics);
    if (code != RdKafka::ERR_NO_ERROR) {
        return broker_unavailable(RdKafka::err2str(code));
    }
    return std::unique_ptr<Consumer>(new Consumer(std::move(state)));
}

std::vector<Message> Consumer::poll(std::size_t count_max, std::chrono::milliseconds wait) {
    std::vector<Message> messages;
    state_->claim_waiting();
    while (messages.size() < count_max) {
        const int timeout_ms = messages.empty() ? static_cast<int>(wait.count()) : 0;
        const std::unique_ptr<RdKafka::Message> raw(state_->consumer->consume(timeout_ms));
        if (raw->err() != RdKafka::ERR_NO_ERROR) {
            break;
        }
        Message message;
        message.topic = raw->topic_name();
        message.partition = raw->partition();
        message.offset = raw->offset();
        if (raw->key() != nullptr) {
            message.key = *raw->key();
        }
        message.payload.assign(static_cast<const char*>(raw->payload()), raw->len());
        if (raw->headers() != nullptr) {
            for (const auto& header : raw->headers()->get_all()) {
                const std::string value(static_cast<const char*>(header.value()),
                                        header.value_size());
                if (header.key() == "prepay-sequence") {
                    message.sequence = std::strtoll(value.c_str(), nullptr, 10);
                } else if (header.key() == "prepay-producer") {
                    message.producer = value;
                } else if (header.key() == "prepay-trace-id") {
                    message.trace_id = value;
                }
            }
        }
        messages.push_back(std::move(message));
    }
    return messages;
}

Status Consumer::seek(const std::string& topic, int partition, std::int64_t offset) {
    const std::unique_ptr<RdKafka::TopicPartition> target(
        RdKafka::TopicPartition::create(topic, partition, offset));
    const auto code = state_->consumer->seek(*target, 1000);
    return code == RdKafka::ERR_NO_ERROR ? absl::OkStatus()
                                         : broker_unavailable(RdKafka::err2str(code));
}

const std::set<std::pair<std::string, int>>& Consumer::partitions() const {
    return state_->reading;
}

bool Consumer::is_assigned() const { return state_->given && state_->waiting.empty(); }

Status check_broker(const std::string& brokers, std::chrono::milliseconds timeout) {
    const std::unique_ptr<RdKafka::Conf> conf(RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
    PREPAY_RETURN_IF_ERROR(set_options(*conf, {{"bootstrap.servers", brokers}}));
    std::string error;
    const std::unique_ptr<RdKafka::Producer> client(RdKafka::Producer::create(conf.get(), error));
    if (!client) {
        return broker_unavailable(error);
    }
    RdKafka::Metadata* metadata = nullptr;
    const auto code = client->metadata(true, nullptr, &metadata, static_cast<int>(timeout.count()));
    delete metadata;
    return code == RdKafka::ERR_NO_ERROR ? absl::OkStatus()
                                         : broker_unavailable(RdKafka::err2str(code));
}

}  // namespace prepay::kafka
