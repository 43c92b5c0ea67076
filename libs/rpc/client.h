#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/status.h"

namespace prepay::rpc {

/// Metadata by which the HTTP edge says on whose behalf it calls.
inline constexpr const char* kClientAddressKey = "prepay-client-address";

/// Our status from gRPC's, with the reason and metadata of the ErrorDetail.
Status from_grpc(const grpc::Status& status);
/// And back.
grpc::Status to_grpc(const Status& status);

struct ClientOptions {
    std::string address;                      ///< "host:port"
    std::string token;                        ///< Service token.
    std::chrono::milliseconds timeout{5000};  ///< Deadline of every unary call.
    /// Asked for the token of each call instead of `token` when set. Thread-safe.
    std::function<std::string()> current_token{};
};

/// A channel to one peer. Thread-safe.
class Client {
public:
    explicit Client(ClientOptions options);

    /// One unary call with deadline, token and trace id:
    /// `client.call(stub, &AccountService::StubInterface::ClaimSwitchIntent, request)`.
    template <typename Stub, typename Interface, typename Request, typename Response>
    Result<Response> call(Stub& stub,
                          grpc::Status (Interface::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                          const Request& request) const {
        grpc::ClientContext context;
        prepare(context);
        Response response;
        const grpc::Status status = (stub.*method)(&context, request, &response);
        if (!status.ok()) {
            return from_grpc(status);
        }
        return response;
    }

    /// Sets token, trace id and (unless zero) a deadline on a context of one's own.
    void prepare(grpc::ClientContext& context) const;
    void prepare_stream(grpc::ClientContext& context, std::chrono::milliseconds timeout) const;

    [[nodiscard]] const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

private:
    ClientOptions options_;
    std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace prepay::rpc
