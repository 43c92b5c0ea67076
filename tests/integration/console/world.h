#pragma once

#include <httplib.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "adapters/connect_protocol.h"
#include "adapters/ended_sessions.h"
#include "adapters/grpc_auth_service.h"
#include "adapters/grpc_bridge.h"
#include "adapters/grpc_session_service.h"
#include "adapters/grpc_tenant_links.h"
#include "adapters/http_edge.h"
#include "core/anchored_clock.h"
#include "fake_services.h"
#include "support/test_database.h"
#include "support/token_keys.h"

namespace prepay::test {

/// The time of day as a test wants it; spans are real.
class SettableClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return from_micros(micros_); }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return SystemClock().steady();
    }
    void advance(Duration span) { micros_ += span.count(); }

private:
    std::atomic<std::int64_t> micros_{to_micros(SystemClock().now())};
};

/// A wall clock that somebody sets: what passes is another clock's.
class SteppedMachine final : public Clock {
public:
    explicit SteppedMachine(const Clock& passing) : passing_(passing) {}
    [[nodiscard]] Instant now() const override { return passing_.now() + Duration(step_micros_); }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return passing_.steady();
    }
    void step(Duration by) { step_micros_ += by.count(); }

private:
    const Clock& passing_;
    std::atomic<std::int64_t> step_micros_{0};
};

/// What an HTTP answer says, with the reason of a Connect error.
struct HttpAnswer {
    int status = 0;
    std::string body;
    httplib::Headers headers;
    [[nodiscard]] nlohmann::json json() const;
    /// Of a Connect error in JSON; "" when it is none.
    [[nodiscard]] std::string reason() const;
    [[nodiscard]] std::string code() const;
    [[nodiscard]] std::string header(const std::string& name) const;
};

/// The bounds of the edge under test.
struct Bounds {
    int connection_max = 256;
    int stream_max = 64;
    std::chrono::milliseconds receive_time{15'000};
    int connection_max_per_client = 100'000;
    int stream_max_per_client = 100'000;
    std::vector<std::string> trusted_proxies;
    std::string forwarded_header = "x-forwarded-for";
    int hash_at_once = 2;
    int hash_waiting_max = 16;
};

/// The whole console in this process: its edge, its log-in over a real database, and behind it fake
/// services that check tokens as the real ones do.
class World {
public:
    explicit World(const Bounds& bounds = {});
    ~World();

    static bool available();

    [[nodiscard]] int port() const { return port_; }
    /// Of the server that is console, account and reporting at once: "host:port".
    [[nodiscard]] const std::string& grpc_address() const { return grpc_address_; }
    /// A token of an hour.
    [[nodiscard]] std::string token(rpc::Role role, const std::string& account_id = "") const;
    void add_user(const std::string& name, const std::string& password, rpc::Role role);

    HttpAnswer get(const std::string& path, const httplib::Headers& headers = {}) const;
    HttpAnswer post(const std::string& path, const std::string& body, const std::string& type,
                    const httplib::Headers& headers = {}) const;
    /// A unary call in JSON of a method by its path without the leading slash.
    HttpAnswer call(const std::string& method, const nlohmann::json& request,
                    const std::string& token = "") const;
    HttpAnswer auth(const std::string& method, const nlohmann::json& request,
                    const std::string& token = "") const {
        return call("prepay.console.v1.AuthService/" + method, request, token);
    }
    /// A metric's line in the text that Prometheus reads; 0 when absent.
    double metric(const std::string& line_start) const;

    /// What the console does every few seconds.
    void look_for_ended_sessions();
    void tidy_log_ins();
    /// What it does in a thread of its own.
    void run_ended_sessions(const std::stop_token& stop);
    /// The console's gRPC goes away.
    void stop_grpc() { server_->stop(std::chrono::seconds(5)); }
    /// SQL as the superuser.
    void execute(const std::string& sql) const;

    SettableClock clock;
    SteppedMachine machine{clock};
    AnchoredClock anchored{machine, [this] { return clock.now() - Instant{}; }};
    const TokenKeys keys;
    FakeServices services;
    TestDatabase database;
    console::ConsoleConfig config;
    std::filesystem::path web_root;

private:
    void make_pages();

    std::unique_ptr<pg::Database> pool_;
    telemetry::Metrics metrics_;
    console::ConsoleMetrics console_metrics_{metrics_};
    std::unique_ptr<rpc::Server> server_;
    std::unique_ptr<rpc::Client> account_;
    std::unique_ptr<console::GrpcAuthService> auth_;
    std::unique_ptr<console::GrpcBridge> bridge_;
    std::unique_ptr<rpc::AccessControl> access_;
    std::unique_ptr<console::GrpcTenantLinks> links_;
    std::unique_ptr<console::EndedSessions> ended_sessions_;
    std::unique_ptr<console::GrpcSessionService> sessions_;
    std::unique_ptr<console::HttpEdge> edge_;
    std::string grpc_address_;
    int port_ = 0;
};

/// Waits until it is so; fails the test after 30 s.
void await(const std::function<bool()>& condition);

inline const char* const kListSites = "prepay.account.v1.AccountService/ListSites";
inline const char* const kWatchWall = "/prepay.reporting.v1.ReportingService/WatchWall";

/// The enveloped messages of a Connect stream: flags and data.
std::vector<std::pair<int, std::string>> open_envelopes(const std::string& body);

}  // namespace prepay::test
