#include "telemetry/health.h"

#include <httplib.h>

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

// The checks run one after the other in a thread of their own, when somebody asks: one that hangs
// shows as such and holds up nothing else.
struct HealthServer::State {
    httplib::Server server;
    std::thread thread;
    std::mutex mutex;
    std::condition_variable_any asked;
    std::condition_variable answered;
    std::vector<HealthCheck> checks;
    std::uint64_t asked_round = 0;
    std::uint64_t answered_round = 0;
    std::string running;
    std::string problems;
    std::jthread checker;

    void run_checks(const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        while (asked.wait(lock, stop, [this] { return asked_round > answered_round; })) {
            const std::uint64_t round = asked_round;
            std::string found;
            for (const auto& [name, check] : checks) {
                running = name;
                lock.unlock();
                const Status status = check();
                lock.lock();
                if (!status.ok()) {
                    found += name + ": " + describe(status) + "\n";
                }
            }
            problems = found;
            answered_round = round;
            answered.notify_all();
        }
    }

    std::string ask() {
        std::unique_lock lock(mutex);
        const std::uint64_t round = ++asked_round;
        asked.notify_one();
        if (!answered.wait_for(lock, kAnswerTimeout, [&] { return answered_round >= round; })) {
            return running + ": CHECK_HANGS: no answer within a second\n";
        }
        return problems;
    }
};

HealthServer::HealthServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HealthServer::~HealthServer() {
    state_->checker.request_stop();
    state_->server.stop();
    if (state_->thread.joinable()) {
        state_->thread.join();
    }
}

Result<std::unique_ptr<HealthServer>> HealthServer::start(const std::string& listen,
                                                          const Metrics& metrics,
                                                          std::vector<HealthCheck> checks) {
    auto state = std::make_unique<State>();
    state->checks = std::move(checks);
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
    raw->checker = std::jthread([raw](const std::stop_token& stop) { raw->run_checks(stop); });
    return std::unique_ptr<HealthServer>(new HealthServer(std::move(state)));
}

}  // namespace prepay::telemetry
