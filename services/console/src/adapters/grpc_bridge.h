#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <condition_variable>
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
    std::chrono::milliseconds timeout{15'000};  ///< 0 = none (streams).
};

/// An open server stream. The reader asks for one message at a time; nothing is read ahead.
class BridgeStream : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
public:
    BridgeStream(grpc::GenericStub& stub, const std::string& path, const std::string& request,
                 const CallHeaders& headers);
    ~BridgeStream() override;

    enum class Event { kMessage, kEnd, kTimeout };
    /// Waits for the next message; kEnd when the stream is over, see status().
    Event next(std::chrono::milliseconds wait, std::string& message);
    [[nodiscard]] Status status() const { return rpc::from_grpc(status_); }

    void OnReadDone(bool ok) override;
    void OnDone(const grpc::Status& status) override;

private:
    std::unique_ptr<grpc::ClientContext> context_;
    grpc::ByteBuffer request_;
    grpc::ByteBuffer incoming_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<std::string> ready_;
    bool reading_ = false;
    bool no_more_ = false;
    bool done_ = false;
    grpc::Status status_;
};

/// Calls any method of the services by path with serialized messages, without generated stubs.
class GrpcBridge {
public:
    /// `addresses`: proto package -> host:port, e.g. "prepay.billing.v1" -> "127.0.0.1:18003".
    explicit GrpcBridge(const std::map<std::string, std::string>& addresses);

    /// Whether a service's package has an address.
    [[nodiscard]] bool knows(const std::string& package) const;
    /// The method's answer. UNAUTHENTICATED / TOKEN_INVALID for an authorization that is no header
    /// value; else what the service says.
    Result<std::string> call(const google::protobuf::MethodDescriptor& method,
                             const std::string& request, const CallHeaders& headers);
    /// The same for a server stream.
    Result<std::unique_ptr<BridgeStream>> open(const google::protobuf::MethodDescriptor& method,
                                               const std::string& request,
                                               const CallHeaders& headers);

private:
    std::map<std::string, std::unique_ptr<grpc::GenericStub>> stubs_;
};

}  // namespace prepay::console
