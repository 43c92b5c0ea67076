// A small service as a process: its pages, and its end with a call in flight.

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include "integration/runtime/program.h"
#include "pg/database.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "rpc/client.h"
#include "support/child_process.h"
#include "support/crash.h"
#include "support/test_database.h"
#include "support/token_keys.h"
#include "support/until.h"

namespace prepay::test {
namespace {

namespace fs = std::filesystem;
using account::v1::HandleWechatNoticeRequest;
using account::v1::HandleWechatNoticeResponse;
using account::v1::PaymentCallbackService;

constexpr std::chrono::seconds kDrainMax{20};  // It is 10 s; a loaded machine adds to it.
constexpr std::chrono::seconds kPatience{30};
constexpr int kGate = 7;  // The advisory lock that holds calls up.

/// Its call passes a gate, and leaves a row.
class GateService {
public:
    explicit GateService(pg::Database& database) : database_(database) {}

    Result<HandleWechatNoticeResponse> handle(const rpc::CallContext&,
                                              const HandleWechatNoticeRequest& request) {
        return database_.transact([&](pqxx::work& tx) -> Result<HandleWechatNoticeResponse> {
            tx.exec_params("SELECT pg_advisory_xact_lock_shared($1::bigint)", kGate);
            tx.exec_params("INSERT INTO passed VALUES ($1)", request.nonce());
            return HandleWechatNoticeResponse();
        });
    }

    Status is_open() {
        return database_.read([](pqxx::work& tx) -> Status {
            return tx.exec1("SELECT open FROM gate")[0].as<bool>()
                       ? absl::OkStatus()
                       : unavailable("GATE_SHUT", "the gate is shut");
        });
    }

private:
    pg::Database& database_;
};

/// The process of the service, and what a test does to it.
struct Gate {
    Gate() {
        fs::create_directories(folder);
        std::ofstream(folder / "key.pem") << keys.public_pem();
        std::ofstream(folder / "token") << token;
        std::ofstream(folder / "gate.yaml")
            << "listen: {grpc: '127.0.0.1:" << port << "', http: '127.0.0.1:" << http_port << "'}\n"
            << "database: {url: '" << scratch.options().url << "', pool_size: 8,"
            << " lock_timeout: 60s, statement_timeout: 60s}\n"
            << "auth: {public_key_file: " << (folder / "key.pem").string()
            << ", service_token_file: " << (folder / "token").string() << "}\n"
            << "peers: {console: '127.0.0.1:1'}\n";
        child = std::make_unique<ChildProcess>(
            std::vector<std::string>{"/proc/self/exe", "[.gate]"}, (folder / "log").string(),
            std::map<std::string, std::string>{{"GATE_CONFIG", (folder / "gate.yaml").string()}});
        INFO(log());
        REQUIRE(until(kPatience, [&] { return page("/readyz").first == 200; }));
    }
    ~Gate() {
        child.reset();
        fs::remove_all(folder);
    }

    /// Status and text of a page; 0 when nobody answers.
    std::pair<int, std::string> page(const std::string& path) const {
        return read_page(http_port, path);
    }

    Status call(const std::string& nonce, std::chrono::milliseconds timeout = kPatience) const {
        const rpc::Client client({"127.0.0.1:" + std::to_string(port), token, timeout});
        const auto stub = PaymentCallbackService::NewStub(client.channel());
        HandleWechatNoticeRequest request;
        request.set_nonce(nonce);
        return client
            .call(*stub, &PaymentCallbackService::StubInterface::HandleWechatNotice, request)
            .status();
    }

    std::string log() const {
        std::ifstream stream(folder / "log");
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    int count(const std::string& what) {
        pqxx::work tx(admin);
        return tx.exec1("SELECT count(*) FROM " + what)[0].as<int>();
    }

    void execute(const std::string& sql) {
        pqxx::nontransaction session(admin);
        session.exec(sql);
    }

    /// A call that stands at the shut gate when this returns.
    std::future<Status> call_in_flight() {
        execute("SELECT pg_advisory_lock(" + std::to_string(kGate) + ")");
        auto answer = std::async(std::launch::async, [this] { return call("in-flight"); });
        REQUIRE(until(kPatience, [&] {
            return count("pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = " +
                         std::to_string(kGate)) == 1;
        }));
        return answer;
    }

    void begin_drain() {
        child->signal(SIGTERM);
        signalled = std::chrono::steady_clock::now();
        REQUIRE(until(kPatience, [&] { return log().find("draining") != std::string::npos; }));
    }

    const TestDatabase scratch{"gate"};
    pqxx::connection admin{scratch.admin_url() + "?options=-csearch_path%3Dgate"};
    const TokenKeys keys;
    const std::string token = keys.token(rpc::Role::kService, "prepay-test");
    const int port = free_port();
    const int http_port = free_port();
    const fs::path folder = fs::temp_directory_path() / ("prepay-gate-" + std::to_string(port));
    std::unique_ptr<ChildProcess> child;
    std::chrono::steady_clock::time_point signalled;
};

}  // namespace

TEST_CASE("the process that serves", "[.gate]") {
    std::unique_ptr<GateService> gate;
    runtime::Program program;
    program.name = "gate";
    program.schema = "gate";
    program.publishes = false;
    program.migrations = {{"0001_gate.sql",
                           "CREATE TABLE passed (nonce text NOT NULL); CREATE TABLE gate (open "
                           "boolean NOT NULL); INSERT INTO gate VALUES (true)"}};
    program.wire = [&](runtime::Service& service) {
        gate = std::make_unique<GateService>(service.database());
        service.server().unary("prepay.account.v1.PaymentCallbackService/HandleWechatNotice",
                               gate.get(), &GateService::handle);
        service.add_check("gate", [&gate] { return gate->is_open(); });
        return absl::OkStatus();
    };
    REQUIRE(serve(program, "GATE_CONFIG") == 0);
}

TEST_CASE("the pages of a service say how it is") {
    SKIP_WITHOUT_POSTGRES();
    Gate gate;
    CHECK(gate.page("/healthz").first == 200);
    REQUIRE(gate.call("one").ok());
    const auto [status, metrics] = gate.page("/metrics");
    CHECK(status == 200);
    CHECK(metrics.find("prepay_rpc_requests_total{code=\"OK\",method=\"prepay.account.v1."
                       "PaymentCallbackService/HandleWechatNotice\"} 1\n") != std::string::npos);
    gate.execute("UPDATE gate SET open = false");
    const auto shut = gate.page("/readyz");
    CHECK(shut.first == 503);
    CHECK(shut.second.find("gate") != std::string::npos);
    CHECK(shut.second.find("database") == std::string::npos);
    CHECK(gate.page("/healthz").first == 200);
    gate.execute("UPDATE gate SET open = true");
    CHECK(gate.page("/readyz").first == 200);
    CHECK(gate.page("/nothing").first == 404);
}

TEST_CASE("a drain takes no new call, finishes the one in flight, and ends well") {
    SKIP_WITHOUT_POSTGRES();
    Gate gate;
    auto answer = gate.call_in_flight();
    gate.begin_drain();
    CHECK(until(kPatience, [&] {
        return gate.call("new", std::chrono::milliseconds(300)).code() ==
               absl::StatusCode::kUnavailable;
    }));
    CHECK(gate.child->is_running());
    gate.execute("SELECT pg_advisory_unlock(" + std::to_string(kGate) + ")");
    const Status status = answer.get();
    INFO(error_reason(status) << ": " << error_message(status));
    CHECK(status.ok());
    CHECK(gate.child->wait(kPatience) == 0);
    CHECK(std::chrono::steady_clock::now() - gate.signalled < kDrainMax);
    CHECK(gate.count("passed WHERE nonce = 'in-flight'") == 1);
}

TEST_CASE("a call that hangs does not hold the end of the process longer than ten seconds") {
    SKIP_WITHOUT_POSTGRES();
    Gate gate;
    auto answer = gate.call_in_flight();
    gate.begin_drain();
    CHECK(gate.child->wait(kPatience) == 1);
    CHECK(std::chrono::steady_clock::now() - gate.signalled < kDrainMax);
    CHECK_FALSE(answer.get().ok());
    gate.execute("SELECT pg_advisory_unlock(" + std::to_string(kGate) + ")");
    CHECK(gate.count("passed") == 0);
}

}  // namespace prepay::test
