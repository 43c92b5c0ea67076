#include "telemetry/health.h"

#include <httplib.h>

#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "telemetry/log.h"

namespace prepay::telemetry {

struct HealthServer::State {
    httplib::Server server;
    std::thread thread;
    std::mutex mutex;
    std::vector<std::pair<std::string, std::function<Status()>>> checks;
};

HealthServer::HealthServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HealthServer::~HealthServer() {
    state_->server.stop();
    if (state_->thread.joinable()) {
        state_->thread.join();
    }
}

Result<std::unique_ptr<HealthServer>> HealthServer::start(const std::string& listen,
                                                          const Metrics& metrics) {
    auto state = std::make_unique<State>();
    State* raw = state.get();
    raw->server.new_task_queue = [] { return new httplib::ThreadPool(2); };
    raw->server.Get("/metrics", [&metrics](const httplib::Request&, httplib::Response& response) {
        response.set_content(metrics.render(), "text/plain; version=0.0.4");
    });
    raw->server.Get("/healthz", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("ok\n", "text/plain");
    });
    raw->server.Get("/readyz", [raw](const httplib::Request&, httplib::Response& response) {
        std::string problems;
        const std::lock_guard lock(raw->mutex);
        for (const auto& [name, check] : raw->checks) {
            if (const Status status = check(); !status.ok()) {
                problems += name + ": " + describe(status) + "\n";
            }
        }
        response.status = problems.empty() ? 200 : 503;
        response.set_content(problems.empty() ? "ready\n" : problems, "text/plain");
    });
    const auto colon = listen.rfind(':');
    const std::string host = listen.substr(0, colon);
    const int port = std::stoi(listen.substr(colon + 1));
    if (!raw->server.bind_to_port(host.c_str(), port)) {
        return unavailable("ADDRESS_IN_USE", "cannot listen on " + listen +
                                                 " for metrics and health; is another instance "
                                                 "running? Change listen.http.");
    }
    raw->thread = std::thread([raw] { raw->server.listen_after_bind(); });
    return std::unique_ptr<HealthServer>(new HealthServer(std::move(state)));
}

void HealthServer::add_check(const std::string& name, std::function<Status()> check) {
    const std::lock_guard lock(state_->mutex);
    state_->checks.emplace_back(name, std::move(check));
}

}  // namespace prepay::telemetry
