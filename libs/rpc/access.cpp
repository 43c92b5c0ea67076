#include "rpc/access.h"

namespace prepay::rpc {
namespace {

constexpr std::size_t kVerifiedMax = 10'000;

}  // namespace

common::v1::Permission required_permission(const google::protobuf::MethodDescriptor& method) {
    return method.options().GetExtension(common::v1::permission);
}

bool role_holds(Role role, common::v1::Permission permission) {
    using namespace common::v1;
    switch (role) {
        case Role::kNone:
            return permission == PERMISSION_PUBLIC;
        case Role::kTenant:
            return permission == PERMISSION_PUBLIC || permission == PERMISSION_TENANT;
        case Role::kViewer:
            return permission == PERMISSION_PUBLIC || permission == PERMISSION_READ;
        case Role::kCashier:
            return role_holds(Role::kViewer, permission) || permission == PERMISSION_SELL;
        case Role::kOperator:
            return role_holds(Role::kCashier, permission) || permission == PERMISSION_CONTROL;
        case Role::kAdmin:
            return role_holds(Role::kOperator, permission) || permission == PERMISSION_MANAGE ||
                   permission == PERMISSION_OVERRIDE;
        case Role::kService:
            return permission != PERMISSION_UNSPECIFIED && permission != PERMISSION_TENANT;
    }
    return false;
}

Status token_revoked() {
    return make_error(absl::StatusCode::kUnauthenticated, "TOKEN_REVOKED",
                      "the session has ended; log in again");
}

AccessControl::AccessControl(std::string public_key_pem, const Clock& clock)
    : public_key_pem_(std::move(public_key_pem)), clock_(clock) {}

Result<TokenClaims> AccessControl::claims_of(const std::string& token) {
    const Instant now = clock_.now();
    {
        const std::lock_guard lock(mutex_);
        const auto found = verified_.find(token);
        if (found != verified_.end() && found->second.expire_time > now) {
            return found->second;
        }
    }
    PREPAY_ASSIGN_OR_RETURN(const TokenClaims claims, verify_token(token, public_key_pem_, now));
    const std::lock_guard lock(mutex_);
    if (verified_.size() >= kVerifiedMax) {
        verified_.clear();
    }
    verified_[token] = claims;
    return claims;
}

void AccessControl::refuse_sessions(std::set<std::string> session_ids) {
    const std::lock_guard lock(mutex_);
    refused_sessions_ = std::move(session_ids);
}

bool AccessControl::refuses(const std::string& session_id) {
    const std::lock_guard lock(mutex_);
    return refused_sessions_.count(session_id) == 1;
}

Result<Identity> AccessControl::authorize(const google::protobuf::MethodDescriptor& method,
                                          const std::string& authorization) {
    const common::v1::Permission permission = required_permission(method);
    if (permission == common::v1::PERMISSION_UNSPECIFIED) {
        return permission_denied("PERMISSION_DENIED",
                                 "the method " + method.full_name() + " has no permission rule");
    }
    if (permission == common::v1::PERMISSION_PUBLIC) {
        return Identity{};
    }
    const std::string prefix = "bearer ";
    std::string scheme = authorization.substr(0, prefix.size());
    for (char& c : scheme) {  // Schemes have no case (RFC 9110 11.1).
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    if (scheme != prefix) {
        return make_error(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING",
                          "log in and send the header authorization: Bearer <token>");
    }
    PREPAY_ASSIGN_OR_RETURN(const TokenClaims claims,
                            claims_of(authorization.substr(prefix.size())));
    if (refuses(claims.identity.session_id)) {
        return token_revoked();
    }
    if (!role_holds(claims.identity.role, permission)) {
        return permission_denied("PERMISSION_DENIED", std::string("the role ") +
                                                          role_text(claims.identity.role) +
                                                          " may not call " + method.full_name());
    }
    return claims.identity;
}

}  // namespace prepay::rpc
