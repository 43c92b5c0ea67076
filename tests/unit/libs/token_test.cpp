#include "rpc/token.h"

#include <catch2/catch.hpp>

#include "rpc/access.h"
#include "support/token_keys.h"

namespace prepay::rpc {
namespace {

const Instant kNow = from_micros(1'700'000'000'000'000);

TokenClaims claims_for(Role role) {
    TokenClaims claims;
    claims.identity = {"user:li", role, ""};
    claims.expire_time = kNow + std::chrono::minutes(10);
    return claims;
}

}  // namespace

TEST_CASE("a token is what was signed, until it expires") {
    const test::TokenKeys keys;
    const std::string token =
        sign_token(claims_for(Role::kCashier), keys.private_pem(), kNow).value();
    const TokenClaims claims = verify_token(token, keys.public_pem(), kNow).value();
    REQUIRE(claims.identity.subject == "user:li");
    REQUIRE(claims.identity.role == Role::kCashier);
    REQUIRE(error_reason(verify_token(token, keys.public_pem(), claims.expire_time).status()) ==
            "TOKEN_EXPIRED");
}

TEST_CASE("S-13 forged tokens are refused") {
    const test::TokenKeys keys;
    const std::string token =
        sign_token(claims_for(Role::kViewer), keys.private_pem(), kNow).value();
    const std::string payload =
        token.substr(token.find('.'), token.rfind('.') - token.find('.') + 1);
    // {"alg":"none","typ":"JWT"}
    const std::string none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0" + payload;
    const std::string other =
        sign_token(claims_for(Role::kAdmin), test::TokenKeys().private_pem(), kNow).value();
    std::string edited = token;
    edited[token.find('.') + 5] ^= 1;
    for (const std::string& bad : {none, other, edited, std::string("x.y.z"), std::string(),
                                   token + "a", std::string(5000, 'a')}) {
        REQUIRE_FALSE(verify_token(bad, keys.public_pem(), kNow).ok());
    }
}

TEST_CASE("a token from the future is refused, clocks may differ by a minute") {
    const test::TokenKeys keys;
    const auto issued_at = [&](Instant time) {
        TokenClaims claims = claims_for(Role::kViewer);
        claims.expire_time = kNow + std::chrono::hours(1);
        return verify_token(sign_token(claims, keys.private_pem(), time).value(), keys.public_pem(),
                            kNow)
            .status();
    };
    CHECK(issued_at(kNow + std::chrono::seconds(60)).ok());
    CHECK(error_reason(issued_at(kNow + std::chrono::seconds(61))) == "TOKEN_INVALID");
    CHECK(error_reason(issued_at(kNow + std::chrono::hours(24))) == "TOKEN_INVALID");
}

TEST_CASE("I-22 roles hold exactly their permissions") {
    using namespace common::v1;
    // columns: PUBLIC READ SELL CONTROL MANAGE INTERNAL TENANT
    const std::vector<std::pair<Role, std::string>> table = {
        {Role::kNone, "1000000"},    {Role::kTenant, "1000001"},   {Role::kViewer, "1100000"},
        {Role::kCashier, "1110000"}, {Role::kOperator, "1111000"}, {Role::kAdmin, "1111100"},
        {Role::kService, "1111110"},
    };
    for (const auto& [role, row] : table) {
        REQUIRE_FALSE(role_holds(role, PERMISSION_UNSPECIFIED));
        for (int i = 0; i < 7; ++i) {
            CAPTURE(role_text(role), i);
            REQUIRE(role_holds(role, static_cast<Permission>(i + 1)) ==
                    (row[static_cast<std::size_t>(i)] == '1'));
        }
    }
}

}  // namespace prepay::rpc
