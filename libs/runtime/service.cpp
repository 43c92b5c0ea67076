#include "runtime/service.h"

#include "core/assert.h"
#include "runtime/runner.h"

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

void Service::subscribe(const std::vector<std::string>& topics, outbox::Handler handler,
                        std::map<std::string, outbox::SnapshotSwap> swaps) {
    PREPAY_ASSERT(!state_->subscriber);
    for (const std::string& topic : topics) {
        PREPAY_ASSERT(state_->peers.count(owner_of(topic)) == 1);
    }
    outbox::SubscriberOptions options;
    options.brokers = state_->config.kafka_brokers;
    options.group = "prepay-" + state_->name;
    options.topics = topics;
    options.progress = state_->config.progress;
    options.swaps = std::move(swaps);
    state_->subscriber = std::make_unique<outbox::Subscriber>(
        options, state_->database, state_->outbox,
        owner_calls([this](const std::string& owner) -> const rpc::Client& { return peer(owner); }),
        std::move(handler));
}

void Service::add_snapshot(const std::string& topic, outbox::SnapshotSource source) {
    state_->outbox_rpc.add_snapshot(topic, std::move(source));
}

}  // namespace prepay::runtime
