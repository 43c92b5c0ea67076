#include <catch2/catch.hpp>

#include "prepay/common/v1/common.grpc.pb.h"
#include "prepay/common/v1/status.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "support/token_keys.h"

namespace prepay::rpc {
namespace {

// A real server of OutboxService with a handler that answers what it was asked.
struct Fixture {
    Fixture() {
        ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.public_key_pem = keys.public_pem();
        server = std::make_unique<Server>(options, metrics, clock);
        server->stream("prepay.common.v1.OutboxService/Replay", this, &Fixture::replay);
        server->unary("prepay.common.v1.OutboxService/GetHighWater", this, &Fixture::get_head);
        server->stream("prepay.common.v1.OutboxService/Snapshot", this, &Fixture::snapshot);
        REQUIRE(server->start().ok());
    }

    Status replay(const CallContext& context, const common::v1::ReplayRequest& request,
                  StreamWriter<common::v1::ReplayResponse>& writer) {
        subject = context.identity.subject;
        for (std::int64_t i = request.from_sequence(); i < request.to_sequence(); ++i) {
            common::v1::ReplayResponse response;
            response.set_sequence(i);
            if (!writer.write(response)) {
                return make_error(absl::StatusCode::kCancelled, "CANCELLED", "gone");
            }
        }
        return request.topic() == "bad" ? not_found("NO_TOPIC", "no such topic") : absl::OkStatus();
    }

    Result<common::v1::GetHighWaterResponse> get_head(const CallContext&,
                                                      const common::v1::GetHighWaterRequest&) {
        return unavailable("NOT_HERE", "not asked in these tests");
    }
    Status snapshot(const CallContext&, const common::v1::SnapshotRequest&,
                    StreamWriter<common::v1::SnapshotResponse>&) {
        return unavailable("NOT_HERE", "not asked in these tests");
    }

    std::string token(Role role) const { return keys.token(role, "prepay-test"); }

    // Number of messages received, or -1 and the status.
    int call(const std::string& bearer, const std::string& topic, Status& status) const {
        ClientOptions options;
        options.address = "127.0.0.1:" + std::to_string(server->port());
        options.token = bearer;
        const Client client(options);
        const auto stub = common::v1::OutboxService::NewStub(client.channel());
        grpc::ClientContext context;
        client.prepare(context);
        common::v1::ReplayRequest request;
        request.set_topic(topic);
        request.set_from_sequence(1);
        request.set_to_sequence(1001);
        const auto reader = stub->Replay(&context, request);
        common::v1::ReplayResponse response;
        int count = 0;
        while (reader->Read(&response)) {
            ++count;
        }
        status = from_grpc(reader->Finish());
        return count;
    }

    SystemClock clock;
    telemetry::Metrics metrics;
    const test::TokenKeys keys;
    std::string subject;
    std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("a stream delivers all messages and its error with the reason") {
    Fixture fixture;
    Status status;
    REQUIRE(fixture.call(fixture.token(Role::kService), "good", status) == 1000);
    REQUIRE(status.ok());
    REQUIRE(fixture.subject == "prepay-test");
    const int count = fixture.call(fixture.token(Role::kService), "bad", status);
    INFO(status);
    REQUIRE(count == 1000);
    REQUIRE(error_reason(status) == "NO_TOPIC");
}

TEST_CASE(
    "the status of an error is google.rpc.Status on the wire, with the reason as its detail") {
    const Status status = failed_precondition("ACCOUNT_CLOSED", "closed", {{"account_id", "a-1"}});
    const grpc::Status sent = to_grpc(status);
    common::v1::RpcStatus rich;
    REQUIRE(rich.ParseFromString(sent.error_details()));
    CHECK(rich.code() == static_cast<int>(sent.error_code()));
    CHECK(rich.message() == sent.error_message());
    REQUIRE(rich.details_size() == 1);
    CHECK(rich.details(0).type_url() == "type.googleapis.com/prepay.common.v1.ErrorDetail");
    const Status received = from_grpc(sent);
    CHECK(error_reason(received) == "ACCOUNT_CLOSED");
    CHECK(error_metadata(received).at("account_id") == "a-1");
}

TEST_CASE("I-22 nobody gets in without the permission") {
    Fixture fixture;
    Status status;
    for (const Role role :
         {Role::kTenant, Role::kViewer, Role::kCashier, Role::kOperator, Role::kAdmin}) {
        REQUIRE(fixture.call(fixture.token(role), "good", status) == 0);
        REQUIRE(error_reason(status) == "PERMISSION_DENIED");
    }
    REQUIRE(fixture.call("", "good", status) == 0);
    REQUIRE(error_reason(status) == "TOKEN_MISSING");
    REQUIRE(fixture.call("x.y.z", "good", status) == 0);
    REQUIRE(error_reason(status) == "TOKEN_INVALID");
    REQUIRE(fixture.subject.empty());
}

TEST_CASE("S-3 a service with an unhandled method does not start") {
    telemetry::Metrics metrics;
    const SystemClock clock;
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    Server server(options, metrics, clock);
    server.add_unary("prepay.common.v1.OutboxService/Nonsense",
                     common::v1::ReplayRequest::default_instance(), nullptr);
    REQUIRE(error_reason(server.start()) == "METHOD_UNHANDLED");
}

}  // namespace prepay::rpc
