#pragma once

#include <grpcpp/grpcpp.h>

#include <string>
#include <type_traits>

#include "adapters/grpc_account_service.h"
#include "integration/account/world.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "support/token_keys.h"

namespace prepay::account::test {

using Desk = v1::AccountService::StubInterface;
using Tenant = v1::TenantService::StubInterface;

/// The real gRPC surface over a World: tokens, permissions, request ids and all.
class AccountServer {
public:
    AccountServer(World& world, PayWorld& pay);
    ~AccountServer() { server_.stop(std::chrono::milliseconds(1000)); }

    [[nodiscard]] rpc::Client client(const std::string& token) const;

    /// `server.call(token, &v1::AccountService::StubInterface::TopUp, request)`.
    template <typename Interface, typename Request, typename Response>
    Result<Response> call(const std::string& token,
                          grpc::Status (Interface::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                          const Request& request) const {
        const rpc::Client connection = client(token);
        if constexpr (std::is_same_v<Interface, v1::AccountService::StubInterface>) {
            return connection.call(*v1::AccountService::NewStub(connection.channel()), method,
                                   request);
        } else if constexpr (std::is_same_v<Interface, v1::TenantService::StubInterface>) {
            return connection.call(*v1::TenantService::NewStub(connection.channel()), method,
                                   request);
        } else {
            return connection.call(*v1::PaymentCallbackService::NewStub(connection.channel()),
                                   method, request);
        }
    }

    /// Hands a provider's notice over, as the console does.
    Result<v1::HandleWechatNoticeResponse> hand_over(const SignedNotice& notice) const;

    const prepay::test::TokenKeys keys;
    const std::string cashier = keys.token(rpc::Role::kCashier, "user:cashier");
    const std::string admin = keys.token(rpc::Role::kAdmin, "user:admin");
    const std::string service = keys.token(rpc::Role::kService, "prepay-test");
    [[nodiscard]] std::string tenant(const std::string& account_id) const {
        return keys.token(rpc::Role::kTenant, "tenant:" + account_id, account_id);
    }

private:
    telemetry::Metrics registry_;
    const SystemClock clock_;
    rpc::Server server_;
    GrpcAccountService handlers_;
};

/// A site "park-1" behind its server, with a provider.
struct Office {
    Office() { world.make_site(); }
    World world;
    PayWorld pay{world};
    AccountServer server{world, pay};
};

}  // namespace prepay::account::test
