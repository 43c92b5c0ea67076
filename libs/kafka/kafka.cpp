#include "kafka/kafka.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafkacpp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "core/anchored_clock.h"
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

/// Waits for a queue of librdkafka by the kernel's own timer. librdkafka's waits end at a time of
/// the wall clock: set back by an hour, they last an hour longer.
class QueueWait {
public:
    /// Takes over the queue.
    explicit QueueWait(rd_kafka_queue_t* queue)
        : queue_(queue), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        static const std::uint64_t kOne = 1;
        rd_kafka_queue_io_event_enable(queue_, event_, &kOne, sizeof kOne);
    }
    ~QueueWait() {
        rd_kafka_queue_io_event_enable(queue_, -1, nullptr, 0);
        rd_kafka_queue_destroy(queue_);
        ::close(event_);
    }
    QueueWait(const QueueWait&) = delete;
    QueueWait& operator=(const QueueWait&) = delete;

    /// Until something is put into the empty queue.
    void wait(std::chrono::milliseconds time) const {
        pollfd waited{event_, POLLIN, 0};
        if (::poll(&waited, 1, static_cast<int>(time.count())) > 0) {
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t got = ::read(event_, &count, sizeof count);
        }
    }

private:
    rd_kafka_queue_t* queue_;
    int event_;
};

/// Whether the wall clock was set since it was last asked. librdkafka's threads may then wait for
/// a time that is far away: a new client's do not.
class ClockStep {
public:
    bool happened() {
        const auto offset = difference();
        const bool stepped = std::chrono::abs(offset - offset_) > kClockStep;
        offset_ = stepped ? offset : offset_;
        return stepped;
    }

private:
    static Duration difference() {
        const SystemClock clock;
        return clock.now().time_since_epoch() -
               std::chrono::duration_cast<Duration>(clock.steady().time_since_epoch());
    }

    Duration offset_ = difference();
};

// For the group's answer. A join that was swallowed on the way would be waited for five minutes
// (max.poll.interval.ms, which a long snapshot needs): a new client asks again. A member that died
// keeps the others waiting for its session of 6 s, so not sooner.
constexpr std::chrono::seconds kJoinMax{12};
// For a client to take leave; the broker forgets it after its session of 6 s anyway.
constexpr std::chrono::seconds kLeaveMax{7};

constexpr int kQueryTimeoutMs = 2000;
// A connection on which nothing comes back is closed and made anew after it. librdkafka's own 60 s
// would let a cut connection keep a consumer away for a minute. Above the broker's longest answer
// (fetch.wait.max.ms, and a batch of 4 MiB on a slow line).
constexpr const char* kSocketTimeoutMs = "6000";
constexpr std::chrono::milliseconds kClaimPause{500};  // After a position could not be had.

}  // namespace

struct Producer::State final : RdKafka::DeliveryReportCb {
    ProducerOptions options;
    EventLogger events;
    std::unique_ptr<RdKafka::Producer> producer;
    std::unique_ptr<QueueWait> reports;
    ClockStep step;
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
                    {"socket.timeout.ms", kSocketTimeoutMs},
                    {"socket.keepalive.enable", "true"},
                    {"queue.buffering.max.messages", "200000"}}));
        std::string text;
        conf->set("event_cb", &events, text);
        conf->set("dr_cb", static_cast<RdKafka::DeliveryReportCb*>(this), text);
        producer.reset(RdKafka::Producer::create(conf.get(), text));
        if (!producer) {
            return broker_unavailable(text);
        }
        reports = std::make_unique<QueueWait>(rd_kafka_queue_get_main(producer->c_ptr()));
        return absl::OkStatus();
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
            if (producer->poll(0) == 0) {
                reports->wait(std::chrono::milliseconds(100));
            }
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
        reports.reset();
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
        state_->reports.reset();
    }
}

Result<std::unique_ptr<Producer>> Producer::create(const ProducerOptions& options) {
    auto state = std::make_unique<State>();
    state->options = options;
    PREPAY_RETURN_IF_ERROR(state->connect());
    return std::unique_ptr<Producer>(new Producer(std::move(state)));
}

Status Producer::produce_all(const std::vector<Message>& messages) {
    if (state_->producer && state_->step.happened()) {
        state_->abandon();
    }
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

void Producer::renew() {
    if (state_->producer) {
        state_->abandon();
    }
}

namespace {

// The group's word is taken in the callback, positions are asked for afterwards: librdkafka takes a
// refusal inside the callback (unassign and leave) as the end of the membership and heartbeats for
// ever as nobody. So a partition is accepted at once, and fetched as soon as it has a position.
class Member final : public RdKafka::RebalanceCb {
public:
    using Place = std::pair<std::string, int>;

    Member(ConsumerOptions wanted, Consumer::OnAssign asked)
        : options(std::move(wanted)), on_assign(std::move(asked)) {}

    const ConsumerOptions options;
    const Consumer::OnAssign on_assign;
    EventLogger events;
    std::unique_ptr<RdKafka::KafkaConsumer> consumer;
    std::unique_ptr<QueueWait> arrivals;
    std::chrono::steady_clock::time_point asked_at;  // When it last asked for its partitions.
    bool given = false;                              // The group has answered.
    std::set<Place> waiting;                         // Given, without a position yet.
    std::map<Place, std::int64_t> claimed;           // Given, with the offset to start at.
    std::set<Place> reading;                         // Given and fetched.
    std::chrono::steady_clock::time_point next_claim;

    Status connect() {
        const std::unique_ptr<RdKafka::Conf> conf(
            RdKafka::Conf::create(RdKafka::Conf::CONF_GLOBAL));
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
                                {"socket.timeout.ms", kSocketTimeoutMs},
                                {"socket.keepalive.enable", "true"},
                                {"allow.auto.create.topics", "false"}}));
        std::string error;
        conf->set("event_cb", &events, error);
        conf->set("rebalance_cb", static_cast<RdKafka::RebalanceCb*>(this), error);
        consumer.reset(RdKafka::KafkaConsumer::create(conf.get(), error));
        if (!consumer) {
            return broker_unavailable(error);
        }
        arrivals = std::make_unique<QueueWait>(rd_kafka_queue_get_consumer(consumer->c_ptr()));
        asked_at = std::chrono::steady_clock::now();
        const auto code = consumer->subscribe(options.topics);
        return code == RdKafka::ERR_NO_ERROR ? absl::OkStatus()
                                             : broker_unavailable(RdKafka::err2str(code));
    }

    // Waits for the broker's word, in some states of the group for ever.
    void leave() {
        arrivals.reset();
        if (consumer) {
            consumer->close();
        }
        consumer.reset();
    }

    void rebalance_cb(RdKafka::KafkaConsumer* member, RdKafka::ErrorCode code,
                      std::vector<RdKafka::TopicPartition*>& partitions) override {
        waiting.clear();
        claimed.clear();
        reading.clear();
        given = code == RdKafka::ERR__ASSIGN_PARTITIONS;
        asked_at = std::chrono::steady_clock::now();
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

}  // namespace

struct Consumer::State {
    ConsumerOptions options;
    OnAssign on_assign;
    ClockStep step;
    std::unique_ptr<Member> member;

    Status connect() {
        member = std::make_unique<Member>(options, on_assign);
        return member->connect();
    }

    // Why the client has to be replaced; empty = it need not.
    std::string fault() {
        if (!member || !member->consumer) {
            return "there is none";
        }
        if (step.happened()) {
            return "the wall clock was set";
        }
        return !member->given && std::chrono::steady_clock::now() - member->asked_at > kJoinMax
                   ? "the group has not answered"
                   : "";
    }

    Status ensure_connected() {
        const std::string why = fault();
        if (why.empty()) {
            return absl::OkStatus();
        }
        telemetry::log_warning("joining anew", {{"group", options.group}, {"why", why}});
        leave();
        return connect();
    }

    void leave() {
        if (!member) {
            return;
        }
        std::future<void> left =
            std::async(std::launch::async,
                       [old = std::shared_ptr<Member>(std::move(member))] { old->leave(); });
        if (left.wait_for(kLeaveMax) != std::future_status::ready) {
            telemetry::log_error("a Kafka client does not end, going on without it",
                                 {{"group", options.group}});
            // Never destroyed: that would wait for it.
            static auto* const stuck = new std::vector<std::future<void>>;
            static std::mutex mutex;
            const std::lock_guard lock(mutex);
            stuck->push_back(std::move(left));
        }
    }
};

Consumer::Consumer(std::unique_ptr<State> state) : state_(std::move(state)) {}

Consumer::~Consumer() {
    if (state_) {
        state_->leave();
    }
}

Result<std::unique_ptr<Consumer>> Consumer::create(const ConsumerOptions& options,
                                                   OnAssign on_assign) {
    auto state = std::make_unique<State>();
    state->options = options;
    state->on_assign = std::move(on_assign);
    PREPAY_RETURN_IF_ERROR(state->connect());
    return std::unique_ptr<Consumer>(new Consumer(std::move(state)));
}

std::vector<Message> Consumer::poll(std::size_t count_max, std::chrono::milliseconds wait) {
    std::vector<Message> messages;
    if (const Status status = state_->ensure_connected(); !status.ok()) {
        telemetry::log_warning("cannot join", {{"error", telemetry::describe(status)}});
        state_->leave();
        std::this_thread::sleep_for(wait);
        return messages;
    }
    Member& member = *state_->member;
    member.claim_waiting();
    bool has_waited = false;
    while (messages.size() < count_max) {
        const std::unique_ptr<RdKafka::Message> raw(member.consumer->consume(0));
        if (raw->err() == RdKafka::ERR__TIMED_OUT && messages.empty() && !has_waited) {
            member.arrivals->wait(wait);
            has_waited = true;
            continue;
        }
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
    if (!state_->member || !state_->member->consumer) {
        return broker_unavailable("there is no client at the moment");
    }
    const std::unique_ptr<RdKafka::TopicPartition> target(
        RdKafka::TopicPartition::create(topic, partition, offset));
    const auto code = state_->member->consumer->seek(*target, 1000);
    return code == RdKafka::ERR_NO_ERROR ? absl::OkStatus()
                                         : broker_unavailable(RdKafka::err2str(code));
}

const std::set<std::pair<std::string, int>>& Consumer::partitions() const {
    static const std::set<std::pair<std::string, int>> none;
    return state_->member ? state_->member->reading : none;
}

bool Consumer::is_assigned() const {
    return state_->member && state_->member->given && state_->member->waiting.empty();
}

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
