#include "runtime/service.h"

#include <algorithm>

#include "core/assert.h"
#include "core/pause.h"
#include "runtime/runner.h"
#include "telemetry/log.h"

namespace prepay::runtime {
namespace {

constexpr int kWarningsMax = 3;

}  // namespace

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

void Service::every(const std::string& name, std::chrono::milliseconds interval,
                    std::function<Status()> work) {
    spawn(name, [name, interval, work = std::move(work)](const std::stop_token& stop) {
        int failures = 0;
        while (!stop.stop_requested()) {
            const Status status = work();
            failures = status.ok() ? 0 : failures + 1;
            if (failures > 0) {
                const auto log =
                    failures < kWarningsMax ? telemetry::log_warning : telemetry::log_error;
                log("will be tried again",
                    {{"work", name}, {"error", telemetry::describe(status)}});
            }
            pause(stop, status.ok() ? interval : std::max(interval, kErrorPause));
        }
    });
}

void Service::repeat(const std::string& name, std::chrono::milliseconds idle,
                     std::function<Result<int>()> work) {
    spawn(name, [name, idle, work = std::move(work)](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            const Result<int> done = work();
            if (!done.ok()) {
                telemetry::log_warning(
                    "will go on later",
                    {{"work", name}, {"error", telemetry::describe(done.status())}});
                pause(stop, kErrorPause);
            } else if (*done == 0) {
                pause(stop, idle);
            }
        }
    });
}

void Service::subscribe(outbox::Handlers handlers,
                        std::map<std::string, outbox::SnapshotSwap> swaps) {
    PREPAY_ASSERT(!state_->subscriber);
    outbox::SubscriberOptions options;
    for (const auto& [topic, handler] : handlers) {
        PREPAY_ASSERT(state_->peers.count(owner_of(topic)) == 1);
        options.topics.push_back(topic);
    }
    options.brokers = state_->config.kafka_brokers;
    options.group = "prepay-" + state_->name;
    options.progress = state_->config.progress;
    options.swaps = std::move(swaps);
    state_->subscriber = std::make_unique<outbox::Subscriber>(
        options, state_->database, state_->outbox,
        owner_calls([this](const std::string& owner) -> const rpc::Client& { return peer(owner); }),
        [handlers = std::move(handlers)](pqxx::work& tx,
                                         const std::vector<kafka::Message>& messages) {
            return outbox::handle(handlers, tx, messages);
        });
}

void Service::add_snapshot(const std::string& topic, outbox::SnapshotSource source) {
    state_->outbox_rpc.add_snapshot(topic, std::move(source));
}

}  // namespace prepay::runtime
