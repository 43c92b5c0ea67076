#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include <catch2/catch.hpp>

#include "prepay/common/v1/common.pb.h"
#include "prepay/common/v1/reflection.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"

namespace prepay::rpc {
namespace {

using common::v1::ReflectionRequest;
using common::v1::ReflectionResponse;

// One reflection stream, as grpcurl opens it: several questions, one after the other.
class ReflectionStream {
public:
    explicit ReflectionStream(int port)
        : client_(ClientOptions{"127.0.0.1:" + std::to_string(port), "", {}}),
          stub_(client_.channel()),
          call_(stub_.PrepareCall(&context_,
                                  "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                                  &queue_)) {
        context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
        call_->StartCall(nullptr);
        REQUIRE(is_done());
    }
    ~ReflectionStream() {
        grpc::Status status;
        context_.TryCancel();
        call_->Finish(&status, nullptr);
        is_done();
        queue_.Shutdown();
        void* tag = nullptr;
        bool ok = false;
        while (queue_.Next(&tag, &ok)) {
        }
    }

    ReflectionResponse ask(const ReflectionRequest& request) {
        grpc::ByteBuffer sent;
        bool own = false;
        REQUIRE(
            grpc::GenericSerialize<grpc::ProtoBufferWriter, ReflectionRequest>(request, &sent, &own)
                .ok());
        call_->Write(sent, nullptr);
        REQUIRE(is_done());
        grpc::ByteBuffer received;
        call_->Read(&received, nullptr);
        REQUIRE(is_done());
        ReflectionResponse response;
        REQUIRE(grpc::GenericDeserialize<grpc::ProtoBufferReader, ReflectionResponse>(&received,
                                                                                      &response)
                    .ok());
        return response;
    }

private:
    bool is_done() {
        void* tag = nullptr;
        bool ok = false;
        return queue_.Next(&tag, &ok) && ok;
    }

    Client client_;
    grpc::GenericStub stub_;
    grpc::ClientContext context_;
    grpc::CompletionQueue queue_;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

}  // namespace

TEST_CASE("a reflection stream answers question after question") {
    const SystemClock clock;
    telemetry::Metrics metrics;
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.reflection = true;
    Server server(options, metrics, clock);
    const auto nothing = [](const CallContext&, const google::protobuf::Message&,
                            RawStreamWriter&) { return absl::OkStatus(); };
    server.add_stream("prepay.common.v1.OutboxService/Replay",
                      common::v1::ReplayRequest::default_instance(), nothing);
    server.add_stream("prepay.common.v1.OutboxService/Snapshot",
                      common::v1::SnapshotRequest::default_instance(), nothing);
    server.add_unary(
        "prepay.common.v1.OutboxService/GetHighWater",
        common::v1::GetHighWaterRequest::default_instance(),
        [](const CallContext&,
           const google::protobuf::Message&) -> Result<std::unique_ptr<google::protobuf::Message>> {
            return std::make_unique<common::v1::GetHighWaterResponse>();
        });
    REQUIRE(server.start().ok());
    ReflectionStream stream(server.port());
    ReflectionRequest list;
    list.set_list_services("*");
    for (int i = 0; i < 3; ++i) {
        const ReflectionResponse response = stream.ask(list);
        REQUIRE(response.list_services_response().service_size() == 1);
        CHECK(response.list_services_response().service(0).name() ==
              "prepay.common.v1.OutboxService");
    }
    ReflectionRequest symbol;
    symbol.set_file_containing_symbol("prepay.common.v1.OutboxService");
    google::protobuf::FileDescriptorProto file;
    REQUIRE(file.ParseFromString(
        stream.ask(symbol).file_descriptor_response().file_descriptor_proto(0)));
    CHECK(file.name() == "prepay/common/v1/common.proto");
    CHECK(file.message_type(0).field(1).json_name() == "occurTime");
    symbol.set_file_containing_symbol("prepay.no.Such");
    CHECK(stream.ask(symbol).error_response().error_code() == grpc::StatusCode::NOT_FOUND);
}

}  // namespace prepay::rpc
