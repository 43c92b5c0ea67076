#include "rpc/reflection.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>
#include <grpcpp/support/proto_buffer_writer.h>

#include "prepay/common/v1/reflection.pb.h"

namespace prepay::rpc {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

void add_with_dependencies(const FileDescriptor& file, std::set<std::string>& seen,
                           common::v1::ReflectionFiles& files) {
    if (!seen.insert(file.name()).second) {
        return;
    }
    google::protobuf::FileDescriptorProto proto;
    file.CopyTo(&proto);
    file.CopyJsonNameTo(&proto);  // Else clients print field names as they are in the proto file.
    files.add_file_descriptor_proto(proto.SerializeAsString());
    for (int i = 0; i < file.dependency_count(); ++i) {
        add_with_dependencies(*file.dependency(i), seen, files);
    }
}

common::v1::ReflectionResponse answer(const common::v1::ReflectionRequest& request,
                                      const std::set<std::string>& services) {
    common::v1::ReflectionResponse response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    if (request.has_list_services()) {
        for (const std::string& name : services) {
            response.mutable_list_services_response()->add_service()->set_name(name);
        }
        return response;
    }
    const DescriptorPool* pool = DescriptorPool::generated_pool();
    const FileDescriptor* file = nullptr;
    if (request.has_file_by_filename()) {
        file = pool->FindFileByName(request.file_by_filename());
    } else if (request.has_file_containing_symbol()) {
        file = pool->FindFileContainingSymbol(request.file_containing_symbol());
    }
    if (file == nullptr) {
        response.mutable_error_response()->set_error_code(grpc::StatusCode::NOT_FOUND);
        response.mutable_error_response()->set_error_message("not found");
        return response;
    }
    std::set<std::string> seen;
    add_with_dependencies(*file, seen, *response.mutable_file_descriptor_response());
    return response;
}

class ReflectionReactor final : public grpc::ServerGenericBidiReactor {
public:
    explicit ReflectionReactor(const std::set<std::string>& services) : services_(services) {
        StartRead(&request_buffer_);
    }

    void OnReadDone(bool ok) override {
        if (!ok) {
            Finish(grpc::Status::OK);
            return;
        }
        common::v1::ReflectionRequest request;
        if (!grpc::GenericDeserialize<grpc::ProtoBufferReader, common::v1::ReflectionRequest>(
                 &request_buffer_, &request)
                 .ok()) {
            Finish({grpc::StatusCode::INVALID_ARGUMENT, "not a reflection request"});
            return;
        }
        bool own = false;
        response_buffer_.Clear();  // gRPC aborts the process when it is given a used one.
        grpc::GenericSerialize<grpc::ProtoBufferWriter, common::v1::ReflectionResponse>(
            answer(request, services_), &response_buffer_, &own);
        StartWrite(&response_buffer_);
    }

    void OnWriteDone(bool ok) override {
        if (ok) {
            StartRead(&request_buffer_);
        } else {
            Finish(grpc::Status::CANCELLED);
        }
    }

    void OnDone() override { delete this; }

private:
    const std::set<std::string>& services_;
    grpc::ByteBuffer request_buffer_;
    grpc::ByteBuffer response_buffer_;
};

}  // namespace

bool is_reflection_method(const std::string& path) {
    return path == "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo" ||
           path == "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
}

grpc::ServerGenericBidiReactor* new_reflection_reactor(const std::set<std::string>& services) {
    return new ReflectionReactor(services);
}

}  // namespace prepay::rpc
