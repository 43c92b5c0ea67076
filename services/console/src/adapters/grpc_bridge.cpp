#include "adapters/grpc_bridge.h"

#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <future>

namespace prepay::console {
namespace {

constexpr std::size_t kAuthorizationBytesMax = 4200;  // "Bearer " and the longest token.

grpc::ByteBuffer to_buffer(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    return {&slice, 1};
}

std::string to_bytes(const grpc::ByteBuffer& buffer) {
    std::vector<grpc::Slice> slices;
    std::string bytes;
    if (buffer.Valid() && buffer.Dump(&slices).ok()) {
        for (const grpc::Slice& slice : slices) {
            bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
        }
    }
    return bytes;
}

// gRPC ends the process when it is given metadata that is not printable ASCII.
Status check(const CallHeaders& headers) {
    const auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
    const std::string& value = headers.authorization;
    if (value.size() > kAuthorizationBytesMax ||
        !std::all_of(value.begin(), value.end(), printable)) {
        return make_error(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID",
                          "the token is not valid (characters or size); log in again");
    }
    return absl::OkStatus();
}

std::string path_of(const google::protobuf::MethodDescriptor& method) {
    return "/" + method.service()->full_name() + "/" + method.name();
}

void apply(const CallHeaders& headers, grpc::ClientContext& context) {
    if (headers.timeout.count() > 0) {
        context.set_deadline(std::chrono::system_clock::now() + headers.timeout);
    }
    if (!headers.authorization.empty()) {
        context.AddMetadata("authorization", headers.authorization);
    }
    if (!headers.trace_id.empty()) {
        context.AddMetadata("prepay-trace-id", headers.trace_id);
    }
}

}  // namespace

GrpcBridge::GrpcBridge(const std::map<std::string, std::string>& addresses) {
    for (const auto& [package, address] : addresses) {
        rpc::ClientOptions options;
        options.address = address;
        stubs_[package] = std::make_unique<grpc::GenericStub>(rpc::Client(options).channel());
    }
}

bool GrpcBridge::knows(const std::string& package) const { return stubs_.count(package) == 1; }

Result<std::string> GrpcBridge::call(const google::protobuf::MethodDescriptor& method,
                                     const std::string& request, const CallHeaders& headers) {
    PREPAY_RETURN_IF_ERROR(check(headers));
    grpc::ClientContext context;
    apply(headers, context);
    const grpc::ByteBuffer request_buffer = to_buffer(request);
    grpc::ByteBuffer response_buffer;
    std::promise<grpc::Status> finished;
    stubs_.at(method.file()->package())
        ->UnaryCall(&context, path_of(method), grpc::StubOptions(), &request_buffer,
                    &response_buffer,
                    [&finished](const grpc::Status& status) { finished.set_value(status); });
    const grpc::Status status = finished.get_future().get();
    if (!status.ok()) {
        return rpc::from_grpc(status);
    }
    return to_bytes(response_buffer);
}

Result<std::unique_ptr<BridgeStream>> GrpcBridge::open(
    const google::protobuf::MethodDescriptor& method, const std::string& request,
    const CallHeaders& headers) {
    PREPAY_RETURN_IF_ERROR(check(headers));
    return std::make_unique<BridgeStream>(*stubs_.at(method.file()->package()), path_of(method),
                                          request, headers);
}

BridgeStream::BridgeStream(grpc::GenericStub& stub, const std::string& path,
                           const std::string& request, const CallHeaders& headers)
    : context_(std::make_unique<grpc::ClientContext>()), request_(to_buffer(request)) {
    CallHeaders endless = headers;
    endless.timeout = std::chrono::milliseconds(0);
    apply(endless, *context_);
    stub.PrepareBidiStreamingCall(context_.get(), path, grpc::StubOptions(), this);
    StartWriteLast(&request_, grpc::WriteOptions());
    AddHold();  // Reads start later, from the reader's thread.
    StartCall();
}

BridgeStream::~BridgeStream() {
    context_->TryCancel();
    std::unique_lock lock(mutex_);
    if (!no_more_) {
        no_more_ = true;
        lock.unlock();
        RemoveHold();
        lock.lock();
    }
    changed_.wait(lock, [this] { return done_; });
}

BridgeStream::Event BridgeStream::next(std::chrono::milliseconds wait, std::string& message) {
    std::unique_lock lock(mutex_);
    if (!reading_ && !no_more_ && !ready_) {
        reading_ = true;
        StartRead(&incoming_);
    }
    changed_.wait_for(lock, wait, [this] { return ready_.has_value() || done_; });
    if (ready_) {
        message = *std::move(ready_);
        ready_.reset();
        return Event::kMessage;
    }
    return done_ ? Event::kEnd : Event::kTimeout;
}

void BridgeStream::OnReadDone(bool ok) {
    bool release = false;
    {
        const std::lock_guard lock(mutex_);
        reading_ = false;
        if (ok) {
            ready_ = to_bytes(incoming_);
        } else if (!no_more_) {
            no_more_ = true;
            release = true;
        }
    }
    if (release) {
        RemoveHold();
    }
    changed_.notify_all();
}

void BridgeStream::OnDone(const grpc::Status& status) {
    const std::lock_guard lock(mutex_);
    status_ = status;
    done_ = true;
    changed_.notify_all();
}

}  // namespace prepay::console
