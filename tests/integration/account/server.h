#pragma once

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <type_traits>

#include "books/adapters/grpc_books.h"
#include "cash/adapters/grpc_cash.h"
#include "credit/adapters/grpc_credit.h"
#include "integration/account/world.h"
#include "payments/adapters/grpc_payments.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "support/token_keys.h"
#include "tenancy/adapters/grpc_tenancy.h"

namespace prepay::account::test {

using Desk = v1::AccountService::StubInterface;
using Tenant = v1::TenantService::StubInterface;

/// Billing as a test wants it; by default far ahead of everything.
class FakeBills final : public BillProgress {
public:
    Result<Bill> ask(const std::string&, const std::vector<std::string>& meter_ids) override {
        if (answer) {
            return *answer;
        }
        Bill bill;
        for (const std::string& meter_id : meter_ids) {
            bill.billed_until[meter_id] = Instant::max();
        }
        return bill;
    }
    std::optional<Result<Bill>> answer;
};

/// The gateway as a test wants it; by default it knows every meter.
class FakeRegistry final : public MeterRegistry {
public:
    Result<std::vector<std::string>> unknown(const std::vector<std::string>& meter_ids) override {
        std::vector<std::string> found;
        std::copy_if(meter_ids.begin(), meter_ids.end(), std::back_inserter(found),
                     [this](const std::string& id) { return missing.count(id) == 1; });
        return is_away ? Result<std::vector<std::string>>(unavailable("PEER_ERROR", "no answer"))
                       : found;
    }
    std::set<std::string> missing;
    bool is_away = false;
};

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

    FakeBills bills;
    FakeRegistry registry;
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
    GrpcBooks books_;
    GrpcCredit credit_;
    GrpcPayments payments_;
    GrpcCash cash_;
    GrpcTenancy tenancy_;
};

/// A site "park-1" behind its server, with a provider.
struct Office {
    Office() { world.make_site(); }
    World world;
    PayWorld pay{world};
    AccountServer server{world, pay};
};

}  // namespace prepay::account::test
