#pragma once

#include <signal.h>

#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/anchored_clock.h"
#include "runtime/outbox_rpc.h"
#include "runtime/service.h"
#include "runtime/service_token.h"
#include "runtime/session_follower.h"

namespace prepay::runtime {

/// What a Service is made of; order of members = order of construction.
struct Service::State {
    State(std::string service_name, CommonConfig common);

    std::string name;
    CommonConfig config;
    SystemClock machine_clock;
    AnchoredClock clock{machine_clock};
    telemetry::Metrics metrics;
    pg::Database database;
    outbox::Outbox outbox;
    rpc::Server server;
    OutboxRpc outbox_rpc;
    ServiceToken token;
    std::map<std::string, std::unique_ptr<rpc::Client>> peers;
    std::unique_ptr<outbox::Subscriber> subscriber;
    std::unique_ptr<outbox::Relay> relay;
    std::unique_ptr<SessionFollower> session_follower;  ///< None in the console itself.
    std::vector<telemetry::HealthCheck> checks;
    std::vector<std::pair<std::string, std::function<void(const std::stop_token&)>>> bodies;
    std::vector<std::function<void()>> stop_hooks;
};

/// SIGTERM and SIGINT.
sigset_t stop_signals();

/// Takes a wired service from start to the end of its drain.
class Runner {
public:
    Runner(const Program& program, Service& service) : program_(program), service_(service) {}

    /// Migrates, wires, serves until a signal, drains. UNAVAILABLE when PostgreSQL was away before
    /// serving began; the process then starts again from scratch.
    Status run();
    /// Applies dead letters again instead of serving.
    Result<int> redrive();
    /// Takes owners that went back as they are instead of serving.
    Result<int> resync();

private:
    Status prepare();
    Result<outbox::Subscriber*> prepare_consumer();
    Status start_relay();
    void follow_sessions();
    void start_threads(std::vector<std::jthread>& threads);
    void publish_metrics(const std::stop_token& stop);
    /// Asks the database for the time and tells when the clocks do not agree.
    void check_clock();
    void watch_clock(const std::stop_token& stop);
    void forget_answers(const std::stop_token& stop);

    const Program& program_;
    Service& service_;
    ClockVerdict clock_verdict_ = ClockVerdict::kRight;  ///< Of the last check.
};

}  // namespace prepay::runtime
