#pragma once

#include <string>

#include "core/status.h"
#include "core/time.h"

namespace prepay::rpc {

enum class Role { kNone, kTenant, kViewer, kCashier, kOperator, kAdmin, kService };

/// "viewer" etc.; kNone for anything else.
Role role_from_text(const std::string& text);
const char* role_text(Role role);

/// Who calls, as proven by a token.
struct Identity {
    std::string subject;  ///< "user:li", "prepay-billing", "tenant:<account>".
    Role role = Role::kNone;
    std::string account_id;    ///< Tenants only.
    std::string session_id{};  ///< The log-in it came of; empty for services and tenants.
};

/// A token's content beside issuer and audience, which are fixed.
struct TokenClaims {
    Identity identity;
    Instant expire_time;
};

/// Signs an ES256 JWT with a PEM EC P-256 private key. Reason TOKEN_KEY_INVALID.
Result<std::string> sign_token(const TokenClaims& claims, const std::string& private_key_pem,
                               Instant now);

/// Verifies signature (ES256 only), issuer, audience, expiry, and that it was issued no more than a
/// minute ahead of `now` (clocks differ).
/// UNAUTHENTICATED with reason TOKEN_INVALID or TOKEN_EXPIRED.
Result<TokenClaims> verify_token(const std::string& token, const std::string& public_key_pem,
                                 Instant now);

}  // namespace prepay::rpc
