#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <catch2/catch.hpp>
#include <future>
#include <latch>
#include <thread>

#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/common/v1/reflection.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "support/token_keys.h"
#include "support/until.h"

namespace prepay::rpc {
namespace {

using account::v1::HandleWechatNoticeRequest;
using account::v1::HandleWechatNoticeResponse;
using account::v1::PaymentCallbackService;

constexpr std::chrono::seconds kLong{20};
constexpr std::chrono::milliseconds kShort{300};

/// A server with one worker, whose handler waits until it is let go or its caller has gone.
struct OneWorker {
    OneWorker() {
        ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.public_key_pem = keys.public_pem();
        options.worker_count = 1;
        server = std::make_unique<Server>(options, metrics, clock);
        server->unary("prepay.account.v1.PaymentCallbackService/HandleWechatNotice", this,
                      &OneWorker::handle);
        REQUIRE(server->start().ok());
    }

    Result<HandleWechatNoticeResponse> handle(const CallContext& context,
                                              const HandleWechatNoticeRequest& request) {
        handled.push_back(request.nonce());
        begun.count_down();
        test::until(kLong, [&] { return let_go || context.is_cancelled(); });
        saw_cancel = context.is_cancelled();
        return HandleWechatNoticeResponse();
    }

    Result<HandleWechatNoticeResponse> call(const std::string& nonce,
                                            std::chrono::milliseconds timeout) const {
        const Client client({"127.0.0.1:" + std::to_string(server->port()),
                             keys.token(Role::kService, "prepay-test"), timeout});
        const auto stub = PaymentCallbackService::NewStub(client.channel());
        HandleWechatNoticeRequest request;
        request.set_nonce(nonce);
        return client.call(*stub, &PaymentCallbackService::StubInterface::HandleWechatNotice,
                           request);
    }

    /// Until the server has answered so many calls with a code.
    bool answered(const std::string& code, int count) const {
        const std::string line = "prepay_rpc_requests_total{code=\"" + code +
                                 "\",method=\"prepay.account.v1.PaymentCallbackService/"
                                 "HandleWechatNotice\"} " +
                                 std::to_string(count);
        return test::until(kLong, [&] { return metrics.render().find(line) != std::string::npos; });
    }

    SystemClock clock;
    telemetry::Metrics metrics;
    const test::TokenKeys keys;
    std::vector<std::string> handled;  ///< By the one worker.
    std::latch begun{1};
    std::atomic<bool> let_go{false};
    std::atomic<bool> saw_cancel{false};
    std::unique_ptr<Server> server;
};

}  // namespace

TEST_CASE("a call past its deadline ends for the caller, and its handler is told") {
    OneWorker one;
    const auto answer = one.call("late", kShort);
    CHECK(answer.status().code() == absl::StatusCode::kDeadlineExceeded);
    REQUIRE(one.answered("OK", 1));
    CHECK(one.saw_cancel);
    CHECK_FALSE(one.let_go);
}

TEST_CASE("a call whose deadline passed while it waited for a worker is never begun") {
    OneWorker one;
    auto first = std::async(std::launch::async, [&] { return one.call("first", kLong); });
    one.begun.wait();
    const auto second = one.call("second", kShort);
    CHECK(second.status().code() == absl::StatusCode::kDeadlineExceeded);
    one.let_go = true;
    CHECK(first.get().ok());
    REQUIRE(one.answered("DEADLINE_EXCEEDED", 1));
    CHECK_FALSE(one.saw_cancel);
    CHECK(one.handled == std::vector<std::string>{"first"});
}

TEST_CASE("reflection answers only when it is switched on") {
    const bool on = GENERATE(true, false);
    CAPTURE(on);
    const SystemClock clock;
    telemetry::Metrics metrics;
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.reflection = on;
    Server server(options, metrics, clock);
    REQUIRE(server.start().ok());
    const Client client({"127.0.0.1:" + std::to_string(server.port()), "", kLong});
    grpc::GenericStub stub(client.channel());
    common::v1::ReflectionRequest list;
    list.set_list_services("*");
    grpc::ByteBuffer sent;
    bool own = false;
    REQUIRE(grpc::GenericSerialize<grpc::ProtoBufferWriter, common::v1::ReflectionRequest>(
                list, &sent, &own)
                .ok());
    for (const char* version : {"v1alpha", "v1"}) {
        grpc::ClientContext context;
        client.prepare(context);
        grpc::ByteBuffer received;
        std::promise<grpc::Status> ended;
        stub.UnaryCall(
            &context,
            std::string("/grpc.reflection.") + version + ".ServerReflection/ServerReflectionInfo",
            {}, &sent, &received, [&](const grpc::Status& status) { ended.set_value(status); });
        const grpc::Status status = ended.get_future().get();
        CHECK(status.error_code() == (on ? grpc::StatusCode::OK : grpc::StatusCode::UNIMPLEMENTED));
        CHECK((received.Length() > 0) == on);
    }
}

}  // namespace prepay::rpc
