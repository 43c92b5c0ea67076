#include "telemetry/health.h"

#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>

#include "telemetry/log.h"

namespace prepay::telemetry {

namespace {

constexpr std::chrono::seconds kAnswerTimeout{1};
constexpr int kThreadCount = 4;

// Not httplib's default, which lets a second process share the port unnoticed.
void set_reuse_address(socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

}  // namespace

// Each check has a thread of its own, in which it runs when somebody asks: one that hangs shows as
// such and hides no other.
struct HealthServer::State {
    struct Checked {
        HealthCheck check;
        std::uint64_t answered_round = 0;
        std::string problem;
    };

    httplib::Server server;
    std::thread thread;
    std::mutex mutex;
    std::condition_variable_any asked;
    std::condition_variable answered;
    std::uint64_t asked_round = 0;
    std::vector<Checked> checks;
    std::vector<std::jthread> checkers;

    void run(const std::stop_token& stop, Checked& one) {
        std::unique_lock lock(mutex);
        while (asked.wait(lock, stop, [&] { return asked_round > one.answered_round; })) {
            const std::uint64_t round = asked_round;
            lock.unlock();
            const Status status = one.check.second();
            lock.lock();
            one.problem = status.ok() ? "" : one.check.first + ": " + describe(status) + "\n";
            one.answered_round = round;
            answered.notify_all();
        }
    }

    std::string ask() {
        std::unique_lock lock(mutex);
        const std::uint64_t round = ++asked_round;
        asked.notify_all();
        const auto is_answered = [round](const Checked& one) {
            return one.answered_round >= round;
        };
        answered.wait_for(lock, kAnswerTimeout,
                          [&] { return std::all_of(checks.begin(), checks.end(), is_answered); });
        std::string problems;
        for (const Checked& one : checks) {
            problems += is_answered(one)
                            ? one.problem
                            : one.check.first + ": CHECK_HANGS: no answer within a second\n";
        }
        return problems;
    }
};

HealthServer::HealthServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HealthServer::~HealthServer() {
    for (std::jthread& checker : state_->checkers) {
        checker.request_stop();
    }
    state_->server.stop();
    if (state_->thread.joinable()) {
        state_->thread.join();
    }
}

Result<std::unique_ptr<HealthServer>> HealthServer::start(const std::string& listen,
                                                          const Metrics& metrics,
                                                          std::vector<HealthCheck> checks) {
    auto state = std::make_unique<State>();
    for (HealthCheck& check : checks) {
        state->checks.push_back({std::move(check), 0, ""});
    }
    State* raw = state.get();
    raw->server.new_task_queue = [] { return new httplib::ThreadPool(kThreadCount); };
    raw->server.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
        response.set_content(metrics.render(), "text/plain; version=0.0.4");
    });
    raw->server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("ok\n", "text/plain");
    });
    raw->server.Get("/readyz", [raw](const httplib::Request&, httplib::Response& response) {
        const std::string problems = raw->ask();
        response.status = problems.empty() ? 200 : 503;
        response.set_content(problems.empty() ? "ready\n" : problems, "text/plain");
    });
    raw->server.set_socket_options(set_reuse_address);
    const auto colon = listen.rfind(':');
    const std::string host = listen.substr(0, colon);
    const int port = std::stoi(listen.substr(colon + 1));
    if (!raw->server.bind_to_port(host.c_str(), port)) {
        return unavailable("ADDRESS_IN_USE", "cannot listen on " + listen +
                                                 " for metrics and health; is another instance "
                                                 "running? Change listen.http.");
    }
    raw->thread = std::thread([raw] { raw->server.listen_after_bind(); });
    for (State::Checked& one : raw->checks) {
        raw->checkers.emplace_back(
            [raw, &one](const std::stop_token& stop) { raw->run(stop, one); });
    }
    return std::unique_ptr<HealthServer>(new HealthServer(std::move(state)));
}

}  // namespace prepay::telemetry
