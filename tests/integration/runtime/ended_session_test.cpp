// A process whose port a person calls who has logged out meanwhile.

#include <atomic>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "core/pause.h"
#include "integration/runtime/program.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/console/v1/console.grpc.pb.h"
#include "rpc/client.h"
#include "support/child_process.h"
#include "support/crash.h"
#include "support/test_database.h"
#include "support/token_keys.h"

namespace prepay::test {
namespace {

namespace fs = std::filesystem;
using account::v1::AccountService;
using account::v1::ListSitesRequest;
using account::v1::ListSitesResponse;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kBound{5};

/// The only method of the process.
struct Sites {
    Result<ListSitesResponse> answer(const rpc::CallContext&, const ListSitesRequest&) {
        return ListSitesResponse();
    }
};

/// The console, as far as services ask it; `has_ended` = the session "gone" is over.
struct Console {
    Result<console::v1::ListEndedSessionsResponse> answer(
        const rpc::CallContext&, const console::v1::ListEndedSessionsRequest& request) {
        console::v1::ListEndedSessionsResponse response;
        response.set_version(has_ended ? "2" : "1");
        if (has_ended && request.known_version() != response.version()) {
            response.add_session_ids("gone");
        }
        ++asked;
        return response;
    }
    std::atomic<bool> has_ended{false};
    std::atomic<int> asked{0};
};

/// A server must have all methods of a service: those that nobody calls here.
void add_others(rpc::Server& server, const google::protobuf::ServiceDescriptor& service,
                const std::string& but) {
    auto* factory = google::protobuf::MessageFactory::generated_factory();
    for (int i = 0; i < service.method_count(); ++i) {
        const auto& method = *service.method(i);
        const std::string name = service.full_name() + "/" + method.name();
        const auto& request = *factory->GetPrototype(method.input_type());
        if (name == but) {
            continue;
        }
        if (method.server_streaming()) {
            server.add_stream(name, request,
                              [](const rpc::CallContext&, const google::protobuf::Message&,
                                 rpc::RawStreamWriter&) -> Status { return absl::OkStatus(); });
        } else {
            server.add_unary(name, request,
                             [](const rpc::CallContext&, const google::protobuf::Message&)
                                 -> Result<std::unique_ptr<google::protobuf::Message>> {
                                 return unavailable("NOT_HERE", "nobody calls it");
                             });
        }
    }
}

}  // namespace

// Not a test: the process.
TEST_CASE("the process that is called", "[.called]") {
    Sites sites;
    runtime::Program program;
    program.name = "called";
    program.schema = "called";
    program.publishes = false;
    program.wire = [&sites](runtime::Service& service) {
        const std::string name = "prepay.account.v1.AccountService/ListSites";
        service.server().unary(name, &sites, &Sites::answer);
        add_others(service.server(),
                   *ListSitesRequest::descriptor()->file()->FindServiceByName("AccountService"),
                   name);
        return absl::OkStatus();
    };
    REQUIRE(serve(program, "CALLED_CONFIG") == 0);
}

TEST_CASE("I-22 a process refuses a logged-out person's token within 5 s, others' not") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("called");
    const TokenKeys keys;
    const SystemClock clock;
    telemetry::Metrics metrics;
    Console console;
    rpc::ServerOptions options;
    options.listen = "127.0.0.1:" + std::to_string(free_port());
    options.public_key_pem = keys.public_pem();
    rpc::Server server(options, metrics, clock);
    const std::string ended = "prepay.console.v1.SessionService/ListEndedSessions";
    server.unary(ended, &console, &Console::answer);
    add_others(server,
               *console::v1::ListEndedSessionsRequest::descriptor()->file()->FindServiceByName(
                   "SessionService"),
               ended);
    REQUIRE(server.start().ok());

    const int port = free_port();
    const fs::path folder = fs::temp_directory_path() / ("prepay-called-" + std::to_string(port));
    fs::create_directories(folder);
    std::ofstream(folder / "key.pem") << keys.public_pem();
    std::ofstream(folder / "token") << keys.token(rpc::Role::kService, "prepay-called");
    std::ofstream(folder / "called.yaml")
        << "listen: {grpc: '127.0.0.1:" << port << "', http: '127.0.0.1:" << free_port() << "'}\n"
        << "database: {url: '" << scratch.options().url << "'}\n"
        << "auth: {public_key_file: " << (folder / "key.pem").string()
        << ", service_token_file: " << (folder / "token").string() << "}\n"
        << "peers: {console: '" << options.listen << "'}\n";
    ChildProcess child({"/proc/self/exe", "[.called]"}, (folder / "log").string(),
                       {{"CALLED_CONFIG", (folder / "called.yaml").string()}});

    const auto token_of = [&](const std::string& session_id) {
        rpc::TokenClaims claims;
        claims.identity = {"user:li", rpc::Role::kAdmin, "", session_id};
        claims.expire_time = clock.now() + std::chrono::hours(1);
        return *rpc::sign_token(claims, keys.private_pem(), clock.now());
    };
    const auto call = [&](const std::string& token) {
        const rpc::Client client(
            {"127.0.0.1:" + std::to_string(port), token, std::chrono::seconds(2)});
        const auto stub = AccountService::NewStub(client.channel());
        return client.call(*stub, &AccountService::StubInterface::ListSites, ListSitesRequest())
            .status();
    };
    const std::string gone = token_of("gone");
    const std::string here = token_of("here");
    const auto until = [](std::chrono::steady_clock::duration limit,
                          const std::function<bool()>& condition) {
        const auto give_up = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > give_up) {
                return false;
            }
            pause(std::stop_token(), std::chrono::milliseconds(50));
        }
        return true;
    };
    REQUIRE(until(kPatience, [&] { return call(gone).ok() && console.asked > 0; }));
    console.has_ended = true;
    CHECK(until(kBound, [&] { return error_reason(call(gone)) == "TOKEN_REVOKED"; }));
    CHECK(call(here).ok());
    child.kill();
    server.stop(std::chrono::seconds(1));
    fs::remove_all(folder);
}

}  // namespace prepay::test
