#pragma once

#include "adapters/pg_tenant_links.h"
#include "config.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/console/v1/console.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"

namespace prepay::console {

/// The tenant links of AuthService, for people, and the mail link of SessionService, for the alarm
/// service. A link's token is signed anew whenever it is shown; it is kept nowhere.
class GrpcTenantLinks {
public:
    GrpcTenantLinks(const ConsoleConfig& config, pg::Database& database, const rpc::Client& account,
                    const Clock& clock)
        : config_(config),
          links_(database),
          account_(account),
          account_stub_(account::v1::AccountService::NewStub(account.channel())),
          clock_(clock) {}

    void register_on(rpc::Server& server);

private:
    Result<v1::CreateTenantLinkResponse> create(const rpc::CallContext& context,
                                                const v1::CreateTenantLinkRequest& request);
    Result<v1::CreateMailLinkResponse> create_for_mail(const rpc::CallContext& context,
                                                       const v1::CreateMailLinkRequest& request);
    Result<v1::ListTenantLinksResponse> list(const rpc::CallContext& context,
                                             const v1::ListTenantLinksRequest& request);
    Result<v1::RevokeTenantLinkResponse> revoke(const rpc::CallContext& context,
                                                const v1::RevokeTenantLinkRequest& request);
    /// A link of an open account, or the one that this request made. Reasons ACCOUNT_NOT_FOUND,
    /// ACCOUNT_CLOSED, REQUEST_ID_REUSED.
    Result<TenantLinkRow> make(const rpc::CallContext& context, const std::string& account_id,
                               LinkOrigin origin, Duration life);
    Result<std::string> token_of(const TenantLinkRow& link) const;
    /// Reason ACCOUNT_NOT_FOUND.
    Result<bool> is_open(const std::string& account_id) const;
    Result<v1::TenantLink> to_proto(const TenantLinkRow& link, bool is_account_open) const;

    const ConsoleConfig& config_;
    PgTenantLinks links_;
    const rpc::Client& account_;
    std::unique_ptr<account::v1::AccountService::Stub> account_stub_;
    const Clock& clock_;
};

}  // namespace prepay::console
