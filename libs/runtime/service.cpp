#include "runtime/service.h"

#include <atomic>
#include <thread>

#include "core/assert.h"
#include "prepay/common/v1/common.grpc.pb.h"
#include "runtime/runner.h"
#include "telemetry/log.h"

namespace prepay::runtime {

Service::Service(std::string name, CommonConfig config)
    : state_(std::make_unique<State>(std::move(name), std::move(config))) {}

Service::~Service() = default;

const Clock& Service::clock() { return state_->clock; }
telemetry::Metrics& Service::metrics() { return state_->metrics; }
pg::Database& Service::database() { return state_->database; }
const outbox::Outbox& Service::outbox() { return state_->outbox; }
rpc::Server& Service::server() { return state_->server; }
const CommonConfig& Service::config() const { return state_->config; }

const rpc::Client& Service::peer(const std::string& name) {
    const auto found = state_->peers.find(name);
    PREPAY_ASSERT(found != state_->peers.end());
    return *found->second;
}

void Service::add_check(const std::string& name, std::function<Status()> check) {
    state_->checks.emplace_back(name, std::move(check));
}

void Service::spawn(const std::string& name, std::function<void(const std::stop_token&)> body) {
    state_->bodies.emplace_back(name, std::move(body));
}

void Service::on_stop(std::function<void()> hook) { state_->stop_hooks.push_back(std::move(hook)); }

namespace {

// "prepay.account.occupancies.v1" is owned by the peer "account".
std::string owner_of(const std::string& topic) {
    const auto start = topic.find('.') + 1;
    return topic.substr(start, topic.find('.', start) - start);
}

Result<std::vector<kafka::Message>> replay_from(const rpc::Client& client, const std::string& topic,
                                                int partition, std::int64_t from_sequence,
                                                std::int64_t to_sequence) {
    const auto stub = common::v1::OutboxService::NewStub(client.channel());
    grpc::ClientContext context;
    client.prepare_stream(context, std::chrono::seconds(30));
    common::v1::ReplayRequest request;
    request.set_topic(topic);
    request.set_partition(partition);
    request.set_from_sequence(from_sequence);
    request.set_to_sequence(to_sequence);
    const auto reader = stub->Replay(&context, request);
    std::vector<kafka::Message> messages;
    common::v1::ReplayResponse response;
    while (reader->Read(&response)) {
        kafka::Message message;
        message.topic = topic;
        message.partition = partition;
        message.sequence = response.sequence();
        message.key = response.key();
        message.payload = response.payload();
        message.trace_id = response.trace_id();
        messages.push_back(std::move(message));
    }
    if (const grpc::Status status = reader->Finish(); !status.ok()) {
        return rpc::from_grpc(status);
    }
    return messages;
}

}  // namespace

void Service::subscribe(const std::vector<std::string>& topics, outbox::Handler handler) {
    PREPAY_ASSERT(!state_->subscriber);
    for (const std::string& topic : topics) {
        PREPAY_ASSERT(state_->peers.count(owner_of(topic)) == 1);
    }
    outbox::SubscriberOptions options;
    options.brokers = state_->config.kafka_brokers;
    options.group = "prepay-" + state_->name;
    options.topics = topics;
    auto replay = [this](const std::string& topic, int partition, std::int64_t from,
                         std::int64_t to) {
        return replay_from(peer(owner_of(topic)), topic, partition, from, to);
    };
    state_->subscriber = std::make_unique<outbox::Subscriber>(
        options, state_->database, state_->outbox, replay, std::move(handler));
}

Status OutboxReplayService::replay(const rpc::CallContext&,
                                   const common::v1::ReplayRequest& request,
                                   rpc::StreamWriter<common::v1::ReplayResponse>& writer) {
    constexpr int kPageMax = 200;
    std::int64_t next = request.from_sequence();
    while (request.to_sequence() == 0 || next < request.to_sequence()) {
        PREPAY_ASSIGN_OR_RETURN(const std::vector<kafka::Message> page,
                                outbox::read_stored(database_, request.topic(), request.partition(),
                                                    next, request.to_sequence(), kPageMax));
        for (const kafka::Message& message : page) {
            common::v1::ReplayResponse response;
            response.set_sequence(message.sequence);
            response.set_key(message.key);
            response.set_payload(message.payload);
            response.set_trace_id(message.trace_id);
            if (!writer.write(response)) {
                return make_error(absl::StatusCode::kCancelled, "CANCELLED", "the client left");
            }
            next = message.sequence + 1;
        }
        if (page.size() < kPageMax) {
            break;
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::runtime
