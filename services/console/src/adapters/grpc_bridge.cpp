#include "adapters/grpc_bridge.h"

#include <grpcpp/support/byte_buffer.h>

#include <algorithm>
#include <utility>

namespace prepay::console {
namespace {

constexpr const char* kAuthPackage = "prepay.console.v1";
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
    if (!headers.authorization.empty()) {
        context.AddMetadata("authorization", headers.authorization);
    }
    if (!headers.trace_id.empty()) {
        context.AddMetadata("prepay-trace-id", headers.trace_id);
    }
    if (!headers.client_address.empty()) {
        context.AddMetadata(rpc::kClientAddressKey, headers.client_address);
    }
}

}  // namespace

std::map<std::string, std::string> service_addresses(
    const std::string& own, const std::map<std::string, std::string>& peers) {
    std::map<std::string, std::string> found{{"prepay.console.v1", own}};
    for (const auto& [name, address] : peers) {
        found["prepay." + name + ".v1"] = address;
    }
    return found;
}

GrpcBridge::GrpcBridge(const std::map<std::string, std::string>& addresses,
                       std::string address_proof)
    : address_proof_(std::move(address_proof)) {
    for (const auto& [package, address] : addresses) {
        rpc::ClientOptions options;
        options.address = address;
        stubs_[package] = std::make_unique<grpc::GenericStub>(rpc::Client(options).channel());
    }
}

CallHeaders GrpcBridge::for_method(const google::protobuf::MethodDescriptor& method,
                                   CallHeaders headers) const {
    const bool own = method.file()->package() == kAuthPackage && !address_proof_.empty();
    headers.client_address = own ? address_proof_ + " " + headers.client_address : "";
    return headers;
}

bool GrpcBridge::knows(const std::string& package) const { return stubs_.count(package) == 1; }

namespace {

struct UnaryCall {
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
};

}  // namespace

void GrpcBridge::call(const google::protobuf::MethodDescriptor& method, const std::string& request,
                      const CallHeaders& headers, std::function<void(Result<std::string>)> done) {
    if (const Status status = check(headers); !status.ok()) {
        done(status);
        return;
    }
    const auto call = std::make_shared<UnaryCall>();
    apply(for_method(method, headers), call->context);
    call->context.set_deadline(std::chrono::system_clock::now() + headers.timeout);
    call->request = to_buffer(request);
    stubs_.at(method.file()->package())
        ->UnaryCall(&call->context, path_of(method), grpc::StubOptions(), &call->request,
                    &call->response, [call, done = std::move(done)](const grpc::Status& status) {
                        if (status.ok()) {
                            done(to_bytes(call->response));
                        } else {
                            done(rpc::from_grpc(status));
                        }
                    });
}

Result<std::shared_ptr<BridgeStream>> GrpcBridge::open(
    const google::protobuf::MethodDescriptor& method, const std::string& request,
    const CallHeaders& headers, std::function<void()> wake) {
    PREPAY_RETURN_IF_ERROR(check(headers));
    return BridgeStream::start(*stubs_.at(method.file()->package()), path_of(method), request,
                               for_method(method, headers), std::move(wake));
}

BridgeStream::BridgeStream(const std::string& request, std::function<void()> wake)
    : request_(to_buffer(request)), wake_(std::move(wake)) {}

std::shared_ptr<BridgeStream> BridgeStream::start(grpc::GenericStub& stub, const std::string& path,
                                                  const std::string& request,
                                                  const CallHeaders& headers,
                                                  std::function<void()> wake) {
    const std::shared_ptr<BridgeStream> stream(new BridgeStream(request, std::move(wake)));
    stream->self_ = stream;
    apply(headers, stream->context_);
    stub.PrepareBidiStreamingCall(&stream->context_, path, grpc::StubOptions(), stream.get());
    stream->StartWriteLast(&stream->request_, grpc::WriteOptions());
    stream->AddHold();  // Reads start later, outside of gRPC's own callbacks.
    stream->StartCall();
    return {stream.get(), [stream](BridgeStream* left) { left->leave(); }};
}

// After this the reactor lives until OnDone only.
void BridgeStream::leave() {
    bool release = false;
    {
        const std::lock_guard lock(mutex_);
        wake_ = nullptr;
        release = !std::exchange(no_more_, true);
    }
    context_.TryCancel();
    if (release) {
        RemoveHold();
    }
}

BridgeStream::Event BridgeStream::take(std::string& message) {
    std::unique_lock lock(mutex_);
    if (ready_) {
        message = *std::move(ready_);
        ready_.reset();
        return Event::kMessage;
    }
    if (done_) {
        return Event::kEnd;
    }
    if (!reading_ && !no_more_) {
        reading_ = true;
        lock.unlock();  // gRPC may call back at once.
        StartRead(&incoming_);
    }
    return Event::kNothing;
}

Status BridgeStream::status() const {
    const std::lock_guard lock(mutex_);
    return rpc::from_grpc(status_);
}

void BridgeStream::wake_up() {
    if (wake_) {
        wake_();
    }
}

void BridgeStream::OnReadDone(bool ok) {
    bool release = false;
    {
        const std::lock_guard lock(mutex_);
        reading_ = false;
        if (ok) {
            ready_ = to_bytes(incoming_);
        } else {
            release = !std::exchange(no_more_, true);
        }
        wake_up();
    }
    if (release) {
        RemoveHold();
    }
}

void BridgeStream::OnDone(const grpc::Status& status) {
    std::shared_ptr<BridgeStream> self;
    const std::lock_guard lock(mutex_);
    status_ = status;
    done_ = true;
    wake_up();
    self.swap(self_);
}

}  // namespace prepay::console
