#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "core/time.h"
#include "prepay/common/v1/common.pb.h"
#include "rpc/token.h"

namespace prepay::rpc {

/// The method's `permission` option; PERMISSION_UNSPECIFIED when it has none.
common::v1::Permission required_permission(const google::protobuf::MethodDescriptor& method);

/// Whether a role holds a permission (docs/api/permissions.md). Default deny.
bool role_holds(Role role, common::v1::Permission permission);

/// UNAUTHENTICATED with reason TOKEN_REVOKED.
Status token_revoked();

/// Decides who may call what. Thread-safe; verified tokens are remembered until they expire.
class AccessControl {
public:
    AccessControl(std::string public_key_pem, const Clock& clock);

    /// `authorization` is the header's value ("Bearer …"), or empty. A method without a permission
    /// is refused for everybody. Reasons TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED,
    /// TOKEN_REVOKED, PERMISSION_DENIED.
    Result<Identity> authorize(const google::protobuf::MethodDescriptor& method,
                               const std::string& authorization);

    /// Tokens of these sessions are refused from now on; those named before are forgotten.
    void refuse_sessions(std::set<std::string> session_ids);
    [[nodiscard]] bool refuses(const std::string& session_id);

private:
    Result<TokenClaims> claims_of(const std::string& token);

    std::string public_key_pem_;
    const Clock& clock_;
    std::mutex mutex_;
    std::map<std::string, TokenClaims> verified_;
    std::set<std::string> refused_sessions_;
};

}  // namespace prepay::rpc
