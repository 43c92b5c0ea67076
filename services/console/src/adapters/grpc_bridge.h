#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/status.h"
#include "rpc/client.h"

namespace prepay::console {

/// Headers of an edge request that go on to the service.
struct CallHeaders {
    std::string authorization;
    std::string trace_id;
    std::string client_address;
    std::chrono::milliseconds timeout{15'000};  ///< Not for streams.
};

/// An open server stream. One message is asked for at a time; nothing is read ahead, and no thread
/// waits. Thread-safe.
class BridgeStream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
public:
    /// `wake` is called from other threads when take() is worth another look, and never after the
    /// pointer is gone; then the stream is cancelled.
    static std::shared_ptr<BridgeStream> start(grpc::GenericStub& stub, const std::string& path,
                                               const std::string& request,
                                               const CallHeaders& headers,
                                               std::function<void()> wake);
    ~BridgeStream() override = default;

    enum class Event { kNothing, kMessage, kEnd };
    /// What is there; kEnd when the stream is over, see status().
    Event take(std::string& message);
    [[nodiscard]] Status status() const;

    void OnReadDone(bool ok) override;
    void OnDone(const grpc::Status& status) override;

private:
    BridgeStream(const std::string& request, std::function<void()> wake);
    void leave();
    void wake_up();

    grpc::ClientContext context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer incoming_;
    std::shared_ptr<BridgeStream> self_;  ///< Until gRPC is done with it.
    mutable std::mutex mutex_;
    std::function<void()> wake_;
    std::optional<std::string> ready_;
    bool reading_ = false;
    bool no_more_ = false;
    bool done_ = false;
    grpc::Status status_;
};

/// Where the services of the suite listen, the console's own gRPC among them: proto package ->
/// address.
std::map<std::string, std::string> service_addresses(
    const std::string& own, const std::map<std::string, std::string>& peers);

/// Calls any method of the services by path with serialized messages, without generated stubs.
class GrpcBridge {
public:
    /// `addresses`: proto package -> host:port, e.g. "prepay.billing.v1" -> "127.0.0.1:18003".
    /// `address_proof`: with it, and only to AuthService, goes the address of the client.
    explicit GrpcBridge(const std::map<std::string, std::string>& addresses,
                        std::string address_proof = "");

    /// Whether a service's package has an address.
    [[nodiscard]] bool knows(const std::string& package) const;
    /// Asks for the method's answer and returns at once; `done` is called once, from any thread.
    /// UNAUTHENTICATED / TOKEN_INVALID for an authorization that is no header value; else what the
    /// service says.
    void call(const google::protobuf::MethodDescriptor& method, const std::string& request,
              const CallHeaders& headers, std::function<void(Result<std::string>)> done);
    /// The same for a server stream.
    Result<std::shared_ptr<BridgeStream>> open(const google::protobuf::MethodDescriptor& method,
                                               const std::string& request,
                                               const CallHeaders& headers,
                                               std::function<void()> wake);

private:
    [[nodiscard]] CallHeaders for_method(const google::protobuf::MethodDescriptor& method,
                                         CallHeaders headers) const;

    const std::string address_proof_;
    std::map<std::string, std::unique_ptr<grpc::GenericStub>> stubs_;
};

}  // namespace prepay::console
