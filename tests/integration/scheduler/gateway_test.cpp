#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <map>
#include <mutex>
#include <set>

#include "adapters/grpc_gateway_client.h"
#include "convert.h"
#include "integration/scheduler/world.h"
#include "prepay/metering/v1/metering.grpc.pb.h"
#include "telemetry/log.h"

namespace prepay::scheduler::test {

using namespace metering::v1;
using prepay::test::TestDatabase;

namespace {

// A gateway in this process, over a real socket.
class FakeGatewayServer final : public MeteringService::Service {
public:
    FakeGatewayServer() {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
        builder.RegisterService(this);
        server_ = builder.BuildAndStart();
    }
    ~FakeGatewayServer() override { server_->Shutdown(); }
    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    grpc::Status SubmitCommand(grpc::ServerContext* context, const SubmitCommandRequest* request,
                               SubmitCommandResponse* response) override {
        const std::lock_guard lock(mutex_);
        const auto token = context->client_metadata().find("authorization");
        const auto trace = context->client_metadata().find("prepay-trace-id");
        if (trace != context->client_metadata().end()) {
            traces.emplace(trace->second.data(), trace->second.size());
        }
        authorized_ = token != context->client_metadata().end() && token->second == "Bearer secret";
        if (request->meter_id() == "m-2") {
            return rpc::to_grpc(not_found("METER_NOT_FOUND", "no such meter"));
        }
        const auto [stored, is_new] =
            contents_.emplace(request->request_id(), request->SerializeAsString());
        if (!is_new && stored->second != request->SerializeAsString()) {
            return rpc::to_grpc(already_exists("REQUEST_ID_REUSED", "other content"));
        }
        requests.push_back(*request);
        response->mutable_command()->set_command_id(request->request_id());
        response->mutable_command()->set_state(COMMAND_STATE_QUEUED);
        if (answers_lost > 0) {
            --answers_lost;
            return {grpc::StatusCode::UNAVAILABLE, "connection lost"};
        }
        return grpc::Status::OK;
    }
    grpc::Status GetCommand(grpc::ServerContext*, const GetCommandRequest* request,
                            GetCommandResponse* response) override {
        response->mutable_command()->set_command_id(request->command_id());
        response->mutable_command()->set_state(COMMAND_STATE_CONTRADICTED);
        response->mutable_command()->set_failure_reason("RELAY_STILL_CLOSED");
        return grpc::Status::OK;
    }
    grpc::Status CancelCommand(grpc::ServerContext*, const CancelCommandRequest*,
                               CancelCommandResponse*) override {
        return rpc::to_grpc(failed_precondition("COMMAND_ON_WIRE", "too late"));
    }

    std::vector<SubmitCommandRequest> requests;
    std::set<std::string> traces;
    int answers_lost = 0;
    bool authorized_ = false;

private:
    std::mutex mutex_;
    std::map<std::string, std::string> contents_;
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

}  // namespace

TEST_CASE("items travel to a gateway over gRPC, repeated byte by byte after a lost answer") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    FakeGatewayServer server;
    const rpc::Client client({server.address(), "secret", std::chrono::milliseconds(2000)});
    GrpcGateway gateway(client);
    ItemDispatch dispatch(world.store, gateway, world.config.dispatch, world.clock, world.metrics);
    SentResolution resolution(world.store, gateway, world.config.resolve, world.clock);

    v1::Task task;
    {
        const telemetry::TraceScope trace("trace-of-the-order");
        task = world.create(3);
    }
    server.answers_lost = 1;
    CHECK(dispatch.run_once().value() == 3);
    CHECK(world.summary(task.task_id()) == "3/3/0/0/0/0 RUNNING");
    world.clock.time += std::chrono::seconds(10);
    CHECK(dispatch.run_once().value() == 3);
    CHECK(world.summary(task.task_id()) == "3/0/2/0/1/0 RUNNING");
    CHECK(server.authorized_);
    CHECK(server.traces == std::set<std::string>{"trace-of-the-order"});
    CHECK(world.count("items WHERE failure_reason = 'METER_NOT_FOUND' AND meter_id = 'm-2'") == 1);
    REQUIRE(server.requests.size() == 3);
    CHECK(server.requests[0].SerializeAsString() == server.requests[1].SerializeAsString());
    CHECK(server.requests[0].action() == COMMAND_ACTION_TRIP);
    CHECK(server.requests[0].reason_text() ==
          "arrears (batch task " + task.task_id() + " by user:li)");
    CHECK(server.requests[0].not_after().seconds() == task.due_time().seconds() + 1800);

    v1::CancelTaskRequest cancel;
    cancel.set_task_id(task.task_id());
    REQUIRE(world.grpc.cancel_task(world.call(), cancel).ok());
    CHECK(resolution.run_once().value() == 2);  // Too late to cancel, says the gateway.
    CHECK(world.summary(task.task_id()) == "3/0/2/0/1/0 RUNNING");
    world.clock.time += std::chrono::seconds(60);
    CHECK(resolution.run_once().value() == 2);  // So it is asked how they ended.
    CHECK(world.summary(task.task_id()) == "3/0/0/0/3/0 DONE");
    CHECK(world.count("items WHERE failure_reason = 'RELAY_STILL_CLOSED'") == 2);
}

TEST_CASE("a gateway that does not listen leaves the items waiting") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const rpc::Client client({"127.0.0.1:1", "secret", std::chrono::milliseconds(500)});
    GrpcGateway gateway(client);
    ItemDispatch dispatch(world.store, gateway, world.config.dispatch, world.clock, world.metrics);
    const v1::Task task = world.create(2);
    CHECK(dispatch.run_once().value() == 2);
    CHECK(world.summary(task.task_id()) == "2/2/0/0/0/0 RUNNING");
}

}  // namespace prepay::scheduler::test
