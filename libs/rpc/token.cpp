#include "rpc/token.h"

#include <jwt.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace prepay::rpc {
namespace {

constexpr const char* kIssuer = "prepay-console";
constexpr const char* kAudience = "prepay";
constexpr std::size_t kTokenBytesMax = 4096;
constexpr std::chrono::seconds kClockSkewMax{60};

struct JwtDeleter {
    void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, JwtDeleter>;

const unsigned char* bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string grant(jwt_t* jwt, const char* name) {
    const char* value = jwt_get_grant(jwt, name);
    return value == nullptr ? std::string() : std::string(value);
}

Status token_invalid(const char* why) {
    return make_error(absl::StatusCode::kUnauthenticated, "TOKEN_INVALID",
                      std::string("the token is not valid (") + why + "); log in again");
}

constexpr std::array<std::pair<Role, const char*>, 6> kRoles = {{{Role::kTenant, "tenant"},
                                                                 {Role::kViewer, "viewer"},
                                                                 {Role::kCashier, "cashier"},
                                                                 {Role::kOperator, "operator"},
                                                                 {Role::kAdmin, "admin"},
                                                                 {Role::kService, "service"}}};

}  // namespace

Role role_from_text(const std::string& text) {
    for (const auto& [role, name] : kRoles) {
        if (text == name) {
            return role;
        }
    }
    return Role::kNone;
}

const char* role_text(Role role) {
    for (const auto& [known, name] : kRoles) {
        if (role == known) {
            return name;
        }
    }
    return "none";
}

Result<std::string> sign_token(const TokenClaims& claims, const std::string& private_key_pem,
                               Instant now) {
    jwt_t* raw = nullptr;
    if (jwt_new(&raw) != 0) {
        return internal_error("TOKEN_KEY_INVALID", "no memory for a token");
    }
    const Jwt jwt(raw);
    jwt_add_grant(raw, "iss", kIssuer);
    jwt_add_grant(raw, "aud", kAudience);
    jwt_add_grant(raw, "sub", claims.identity.subject.c_str());
    jwt_add_grant(raw, "role", role_text(claims.identity.role));
    if (!claims.identity.account_id.empty()) {
        jwt_add_grant(raw, "account_id", claims.identity.account_id.c_str());
    }
    if (!claims.identity.session_id.empty()) {
        jwt_add_grant(raw, "sid", claims.identity.session_id.c_str());
    }
    jwt_add_grant_int(raw, "iat", to_micros(now) / 1'000'000);
    jwt_add_grant_int(raw, "exp", to_micros(claims.expire_time) / 1'000'000);
    if (jwt_set_alg(raw, JWT_ALG_ES256, bytes(private_key_pem),
                    static_cast<int>(private_key_pem.size())) != 0) {
        return invalid_argument("TOKEN_KEY_INVALID", "the signing key is not usable");
    }
    char* text = jwt_encode_str(raw);
    if (text == nullptr) {
        return invalid_argument("TOKEN_KEY_INVALID",
                                "the signing key is not an EC P-256 private key in PEM");
    }
    std::string token = text;
    std::free(text);  // libjwt 1.10 allocates with malloc.

    return token;
}

Result<TokenClaims> verify_token(const std::string& token, const std::string& public_key_pem,
                                 Instant now) {
    if (token.empty() || token.size() > kTokenBytesMax) {
        return token_invalid("size");
    }
    jwt_t* raw = nullptr;
    if (jwt_decode(&raw, token.c_str(), bytes(public_key_pem),
                   static_cast<int>(public_key_pem.size())) != 0) {
        return token_invalid("signature");
    }
    const Jwt jwt(raw);
    if (jwt_get_alg(raw) != JWT_ALG_ES256) {
        return token_invalid("algorithm");
    }
    if (grant(raw, "iss") != kIssuer || grant(raw, "aud") != kAudience) {
        return token_invalid("issuer or audience");
    }
    TokenClaims claims;
    claims.identity.subject = grant(raw, "sub");
    claims.identity.role = role_from_text(grant(raw, "role"));
    claims.identity.account_id = grant(raw, "account_id");
    claims.identity.session_id = grant(raw, "sid");
    claims.expire_time = from_micros(jwt_get_grant_int(raw, "exp") * 1'000'000);
    if (claims.identity.subject.empty() || claims.identity.role == Role::kNone) {
        return token_invalid("claims");
    }
    if (from_micros(jwt_get_grant_int(raw, "iat") * 1'000'000) > now + kClockSkewMax) {
        return token_invalid("issued in the future");
    }
    if (claims.expire_time <= now) {
        return make_error(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED",
                          "the token has expired; refresh it or log in again");
    }
    return claims;
}

}  // namespace prepay::rpc
