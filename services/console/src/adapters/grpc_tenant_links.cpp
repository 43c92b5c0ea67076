#include "adapters/grpc_tenant_links.h"

#include "core/anchored_clock.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "rpc/request_rules.h"

namespace prepay::console {
namespace {

constexpr std::chrono::hours kLinkTime{24 * 90};
constexpr std::chrono::hours kMailLinkTime{24 * 7};
constexpr const char* kMailer = "prepay-alarm";
constexpr const char* kPath = "/m/#t=";

// A link that was taken back shows that, also when it is over for other reasons too.
v1::TenantLinkState state_of(const TenantLinkRow& link, bool is_account_open, Instant now) {
    if (link.revoke_time) {
        return v1::TENANT_LINK_STATE_REVOKED;
    }
    if (link.expire_time <= now) {
        return v1::TENANT_LINK_STATE_EXPIRED;
    }
    return is_account_open ? v1::TENANT_LINK_STATE_ACTIVE : v1::TENANT_LINK_STATE_ENDED;
}

v1::TenantLinkOrigin to_proto(LinkOrigin origin) {
    switch (origin) {
        case LinkOrigin::kStaff:
            return v1::TENANT_LINK_ORIGIN_STAFF;
        case LinkOrigin::kAlarmMail:
            return v1::TENANT_LINK_ORIGIN_ALARM_MAIL;
    }
    return v1::TENANT_LINK_ORIGIN_UNSPECIFIED;
}

// A service's role holds the rights of people; their links, which let in as a tenant, are not for
// it.
Status check_is_person(const rpc::CallContext& context) {
    if (context.identity.role == rpc::Role::kService) {
        return permission_denied("PERMISSION_DENIED", "tenant links are for people, not services");
    }
    return absl::OkStatus();
}

Status check_is_mailer(const rpc::CallContext& context) {
    if (context.identity.role != rpc::Role::kService || context.identity.subject != kMailer) {
        return permission_denied("PERMISSION_DENIED",
                                 std::string("only the service ") + kMailer + " gets mail links");
    }
    return absl::OkStatus();
}

pg::RequestKey key_of(const rpc::CallContext& context) {
    return {context.request_id, context.method, context.content_hash, context.identity.subject};
}

}  // namespace

void GrpcTenantLinks::register_on(rpc::Server& server) {
    const std::string service = "prepay.console.v1.AuthService/";
    server.unary(service + "CreateTenantLink", this, &GrpcTenantLinks::create);
    server.unary("prepay.console.v1.SessionService/CreateMailLink", this,
                 &GrpcTenantLinks::create_for_mail);
    server.unary(service + "ListTenantLinks", this, &GrpcTenantLinks::list);
    server.unary(service + "RevokeTenantLink", this, &GrpcTenantLinks::revoke);
}

Result<std::string> GrpcTenantLinks::token_of(const TenantLinkRow& link) const {
    rpc::TokenClaims claims;
    claims.identity.subject = "tenant:" + link.account_id;
    claims.identity.role = rpc::Role::kTenant;
    claims.identity.account_id = link.account_id;
    claims.identity.session_id = link.link_id;
    claims.expire_time = link.expire_time;
    return rpc::sign_token(claims, config_.private_key_pem, clock_.now());
}

Result<bool> GrpcTenantLinks::is_open(const std::string& account_id) const {
    account::v1::GetAccountRequest lookup;
    lookup.set_account_id(account_id);
    PREPAY_ASSIGN_OR_RETURN(
        const account::v1::GetAccountResponse found,
        account_.call(*account_stub_, &account::v1::AccountService::StubInterface::GetAccount,
                      lookup));
    if (!found.account().has_customer()) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no tenant's account with this id");
    }
    return found.account().state() == account::v1::ACCOUNT_STATE_OPEN;
}

Result<v1::TenantLink> GrpcTenantLinks::to_proto(const TenantLinkRow& link,
                                                 bool is_account_open) const {
    v1::TenantLink proto;
    proto.set_link_id(link.link_id);
    proto.set_account_id(link.account_id);
    proto.set_creator(link.creator);
    set_time(*proto.mutable_create_time(), link.create_time);
    set_time(*proto.mutable_expire_time(), link.expire_time);
    proto.set_state(state_of(link, is_account_open, clock_.now()));
    proto.set_origin(prepay::console::to_proto(link.origin));
    proto.set_revoker(link.revoker);
    if (link.revoke_time) {
        set_time(*proto.mutable_revoke_time(), *link.revoke_time);
    }
    if (proto.state() == v1::TENANT_LINK_STATE_ACTIVE) {
        PREPAY_ASSIGN_OR_RETURN(const std::string token, token_of(link));
        proto.set_path(kPath + token);
    }
    return proto;
}

Result<TenantLinkRow> GrpcTenantLinks::make(const rpc::CallContext& context,
                                            const std::string& account_id, LinkOrigin origin,
                                            Duration life) {
    PREPAY_RETURN_IF_ERROR(check_time_known(clock_));
    PREPAY_ASSIGN_OR_RETURN(const bool open, is_open(account_id));
    if (!open) {
        return failed_precondition("ACCOUNT_CLOSED",
                                   "the account is closed; a link needs an open account");
    }
    TenantLinkRow fresh;
    fresh.link_id = new_id(clock_);
    fresh.account_id = account_id;
    fresh.creator = context.identity.subject;
    fresh.origin = origin;
    fresh.create_time = clock_.now();
    fresh.expire_time = fresh.create_time + life;
    return links_.create(key_of(context), fresh);
}

Result<v1::CreateTenantLinkResponse> GrpcTenantLinks::create(
    const rpc::CallContext& context, const v1::CreateTenantLinkRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_is_person(context));
    PREPAY_ASSIGN_OR_RETURN(const TenantLinkRow link,
                            make(context, request.account_id(), LinkOrigin::kStaff, kLinkTime));
    v1::CreateTenantLinkResponse response;
    PREPAY_ASSIGN_OR_RETURN(*response.mutable_token(), token_of(link));
    response.set_path(kPath + response.token());
    set_time(*response.mutable_expire_time(), link.expire_time);
    response.set_link_id(link.link_id);
    return response;
}

Result<v1::CreateMailLinkResponse> GrpcTenantLinks::create_for_mail(
    const rpc::CallContext& context, const v1::CreateMailLinkRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_is_mailer(context));
    PREPAY_ASSIGN_OR_RETURN(const TenantLinkRow link, make(context, request.account_id(),
                                                           LinkOrigin::kAlarmMail, kMailLinkTime));
    if (state_of(link, true, clock_.now()) != v1::TENANT_LINK_STATE_ACTIVE) {
        return failed_precondition("LINK_OVER", "the link of this request is over");
    }
    v1::CreateMailLinkResponse response;
    PREPAY_ASSIGN_OR_RETURN(*response.mutable_token(), token_of(link));
    set_time(*response.mutable_expire_time(), link.expire_time);
    response.set_link_id(link.link_id);
    return response;
}

Result<v1::ListTenantLinksResponse> GrpcTenantLinks::list(
    const rpc::CallContext& context, const v1::ListTenantLinksRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_is_person(context));
    PREPAY_ASSIGN_OR_RETURN(const bool open, is_open(request.account_id()));
    const int size = rpc::page_size_of(request.page_size());
    PREPAY_ASSIGN_OR_RETURN(const std::vector<TenantLinkRow> found,
                            links_.list(request.account_id(), request.page_token(), size + 1));
    v1::ListTenantLinksResponse response;
    for (const TenantLinkRow& link : found) {
        if (response.links_size() == size) {
            response.set_next_page_token(response.links(size - 1).link_id());
            break;
        }
        PREPAY_ASSIGN_OR_RETURN(*response.add_links(), to_proto(link, open));
    }
    return response;
}

Result<v1::RevokeTenantLinkResponse> GrpcTenantLinks::revoke(
    const rpc::CallContext& context, const v1::RevokeTenantLinkRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(
        const TenantLinkRow link,
        links_.revoke(key_of(context), request.link_id(), context.identity.subject, clock_.now()));
    v1::RevokeTenantLinkResponse response;
    PREPAY_ASSIGN_OR_RETURN(*response.mutable_link(), to_proto(link, false));
    return response;
}

}  // namespace prepay::console
