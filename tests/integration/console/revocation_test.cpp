#include <catch2/catch.hpp>

#include <future>
#include <thread>

#include "core/pause.h"
#include "prepay/alarm/v1/alarm.pb.h"
#include "prepay/billing/v1/billing.pb.h"
#include "prepay/metering/v1/metering.pb.h"
#include "prepay/reporting/v1/reporting.grpc.pb.h"
#include "prepay/scheduler/v1/scheduler.pb.h"
#include "runtime/session_follower.h"
#include "support/child_process.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using nlohmann::json;
using reporting::v1::ReportingService;

constexpr std::chrono::seconds kBound{5};

/// Every method of every service.
std::vector<const MethodDescriptor*> all_methods() {
    std::vector<const MethodDescriptor*> methods;
    for (const auto* file :
         {common::v1::ReplayRequest::descriptor()->file(),
          metering::v1::Meter::descriptor()->file(), billing::v1::Tariff::descriptor()->file(),
          account::v1::Account::descriptor()->file(), alarm::v1::Channel::descriptor()->file(),
          scheduler::v1::Task::descriptor()->file(), reporting::v1::WallRoom::descriptor()->file(),
          console::v1::User::descriptor()->file()}) {
        for (int i = 0; i < file->service_count(); ++i) {
            for (int j = 0; j < file->service(i)->method_count(); ++j) {
                methods.push_back(file->service(i)->method(j));
            }
        }
    }
    return methods;
}

/// One server with every method, each empty, beside the console; it follows the console's sessions
/// as every service does. Its streams stay open.
class EveryService {
public:
    explicit EveryService(World& world) : world_(world) {
        for (const MethodDescriptor* method : all_methods()) {
            add(*method);
        }
        REQUIRE(server_.start().ok());
        std::map<std::string, std::string> addresses;
        for (const MethodDescriptor* method : all_methods()) {
            addresses[method->file()->package()] = address_;
        }
        bridge_ = std::make_unique<console::GrpcBridge>(addresses);
    }

    static rpc::ServerOptions options_of(const World& world, const std::string& address) {
        rpc::ServerOptions options;
        options.listen = address;
        options.public_key_pem = world.keys.public_pem();
        return options;
    }
    rpc::ClientOptions console_options() {
        rpc::ClientOptions options;
        options.address = world_.grpc_address();
        options.token = world_.token(rpc::Role::kService);
        return options;
    }

    /// The console's and the service's own threads.
    void follow() {
        threads_.emplace_back(
            [this](const std::stop_token& stop) { world_.run_ended_sessions(stop); });
        threads_.emplace_back([this](const std::stop_token& stop) { follower_.run(stop); });
    }

    std::string reason(const MethodDescriptor& method, const std::string& token) {
        console::CallHeaders headers;
        headers.authorization = "Bearer " + token;
        std::promise<std::string> reason;
        bridge_->call(method, "", headers, [&](const Result<std::string>& answer) {
            reason.set_value(answer.ok() ? "" : error_reason(answer.status()));
        });
        return reason.get_future().get();
    }

    [[nodiscard]] const std::string& address() const { return address_; }
    rpc::Server& server() { return server_; }
    double age() const {
        const std::string text = metrics_.render();
        const auto at = text.find("\nprepay_test_ended_sessions_age_seconds ");
        return std::stod(text.substr(text.find(' ', at) + 1));
    }
    Status look() { return follower_.look(); }

private:
    void add(const MethodDescriptor& method) {
        auto* factory = google::protobuf::MessageFactory::generated_factory();
        const std::string name = method.service()->full_name() + "/" + method.name();
        const Message& request = *factory->GetPrototype(method.input_type());
        if (method.server_streaming()) {
            server_.add_stream(name, request,
                               [](const rpc::CallContext&, const Message&,
                                  rpc::RawStreamWriter& writer) -> Status {
                                   while (!writer.is_cancelled()) {
                                       pause({}, std::chrono::milliseconds(20));
                                   }
                                   return absl::OkStatus();
                               });
            return;
        }
        const Message* response = factory->GetPrototype(method.output_type());
        server_.add_unary(name, request,
                          [response](const rpc::CallContext&,
                                     const Message&) -> Result<std::unique_ptr<Message>> {
                              return std::unique_ptr<Message>(response->New());
                          });
    }

    World& world_;
    SystemClock clock_;
    telemetry::Metrics metrics_;
    std::string address_ = "127.0.0.1:" + std::to_string(free_port());
    rpc::Server server_{options_of(world_, address_), metrics_, clock_};
    runtime::SessionFollower follower_{
        console_options(), server_,
        metrics_.gauge("prepay_test_ended_sessions_age_seconds", "Of the test."), clock_};
    std::unique_ptr<console::GrpcBridge> bridge_;
    std::vector<std::jthread> threads_;
};

/// A stream of a service, opened with the token and read to its end in a thread of its own.
std::future<std::string> open_stream(const EveryService& services, const std::string& token) {
    return std::async(std::launch::async, [address = services.address(), token] {
        rpc::ClientOptions options;
        options.address = address;
        options.token = token;
        const rpc::Client client(options);
        const auto stub = ReportingService::NewStub(client.channel());
        grpc::ClientContext context;
        client.prepare_stream(context, std::chrono::seconds(30));
        const auto reader = stub->WatchWall(&context, {});
        reporting::v1::WatchWallResponse message;
        while (reader->Read(&message)) {
        }
        return error_reason(rpc::from_grpc(reader->Finish()));
    });
}

bool takes_token(const MethodDescriptor& method) {
    return rpc::required_permission(method) != common::v1::PERMISSION_PUBLIC;
}

}  // namespace

TEST_CASE("every method of every service refuses an ended session within 5 s (I-22, S-13)",
          "[I-22][S-13]") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    world.add_user("li", "correct horse", rpc::Role::kAdmin);
    world.services.answer("GetAccount", [](const Message&, Message& answer) {
        auto* found = static_cast<account::v1::GetAccountResponse&>(answer).mutable_account();
        found->mutable_customer()->set_display_name("Chen Ming");
        found->set_state(account::v1::ACCOUNT_STATE_OPEN);
        return absl::OkStatus();
    });
    EveryService services(world);
    services.follow();
    const auto log_in = [&] {
        return world.auth("LogIn", {{"userName", "li"}, {"password", "correct horse"}}).json();
    };
    const json ended = log_in();
    const json kept = log_in();
    const json link =
        world
            .auth("CreateTenantLink", {{"requestId", "make-link-1"}, {"accountId", "a-1"}},
                  world.token(rpc::Role::kCashier))
            .json();
    const auto methods = all_methods();
    REQUIRE(methods.size() > 80);
    for (const MethodDescriptor* method : methods) {
        CAPTURE(method->full_name());
        if (!method->server_streaming()) {
            CHECK(services.reason(*method, ended["accessToken"]) != "TOKEN_REVOKED");
            CHECK(services.reason(*method, link["token"]) != "TOKEN_REVOKED");
        }
    }
    std::future<std::string> stream = open_stream(services, ended["accessToken"]);
    CHECK(stream.wait_for(std::chrono::milliseconds(200)) == std::future_status::timeout);

    const auto start = std::chrono::steady_clock::now();
    world.auth("LogOut", {{"refreshToken", ended["refreshToken"]}});
    world.auth("RevokeTenantLink", {{"requestId", "take-link-1"}, {"linkId", link["linkId"]}},
               world.token(rpc::Role::kCashier));
    const MethodDescriptor& probe = *methods.back();
    await([&] {
        return services.reason(probe, ended["accessToken"]) == "TOKEN_REVOKED" &&
               services.reason(probe, link["token"]) == "TOKEN_REVOKED";
    });
    CHECK(stream.get() == "TOKEN_REVOKED");
    CHECK(std::chrono::steady_clock::now() - start < kBound);
    for (const MethodDescriptor* method : methods) {
        CAPTURE(method->full_name());
        if (takes_token(*method)) {
            CHECK(services.reason(*method, ended["accessToken"]) == "TOKEN_REVOKED");
            CHECK(services.reason(*method, link["token"]) == "TOKEN_REVOKED");
        }
        if (!method->server_streaming()) {
            CHECK(services.reason(*method, kept["accessToken"]) != "TOKEN_REVOKED");
        }
    }
}

TEST_CASE("while the console is away the last list stays and the metric says since when") {
    SKIP_WITHOUT_POSTGRES()
    auto world = std::make_unique<World>();
    world->add_user("li", "correct horse", rpc::Role::kAdmin);
    const json ended =
        world->auth("LogIn", {{"userName", "li"}, {"password", "correct horse"}}).json();
    world->auth("LogOut", {{"refreshToken", ended["refreshToken"]}});
    EveryService services(*world);
    CHECK(error_reason(services.look()) == "SESSIONS_UNKNOWN");  // The console has not looked.
    world->look_for_ended_sessions();
    REQUIRE(services.look().ok());
    REQUIRE(services.look().ok());  // The known version: nothing is sent, nothing is forgotten.
    const MethodDescriptor& probe = *all_methods().back();
    CHECK(services.reason(probe, ended["accessToken"]) == "TOKEN_REVOKED");
    services.follow();
    await([&] { return services.age() == 0; });
    world->stop_grpc();
    await([&] { return services.age() > 1; });
    CHECK(services.reason(probe, ended["accessToken"]) == "TOKEN_REVOKED");
}
