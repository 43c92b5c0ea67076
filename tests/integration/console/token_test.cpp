#include <jwt.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

struct Forged {
    std::string issuer = "prepay-console";
    std::string audience = "prepay";
    std::string role = "admin";
    jwt_alg_t algorithm = JWT_ALG_ES256;
    long issued = 0;
    long expires = 0;
};

std::string forge(const Forged& claims, const std::string& key) {
    jwt_t* jwt = nullptr;
    REQUIRE(jwt_new(&jwt) == 0);
    jwt_add_grant(jwt, "iss", claims.issuer.c_str());
    jwt_add_grant(jwt, "aud", claims.audience.c_str());
    jwt_add_grant(jwt, "sub", "user:li");
    jwt_add_grant(jwt, "role", claims.role.c_str());
    jwt_add_grant_int(jwt, "iat", claims.issued);
    jwt_add_grant_int(jwt, "exp", claims.expires);
    if (claims.algorithm != JWT_ALG_NONE) {
        REQUIRE(jwt_set_alg(jwt, claims.algorithm,
                            reinterpret_cast<const unsigned char*>(key.data()),
                            static_cast<int>(key.size())) == 0);
    }
    char* text = jwt_encode_str(jwt);
    REQUIRE(text != nullptr);
    std::string token = text;
    std::free(text);
    jwt_free(jwt);
    return token;
}

}  // namespace

TEST_CASE("S-13 only a token of this console opens the edge") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const long now = to_micros(world.clock.now()) / 1'000'000;
    Forged good;
    good.issued = now;
    good.expires = now + 600;
    const auto reason = [&](const std::string& token) {
        const HttpAnswer answer = world.call(kListSites, nlohmann::json::object(), token);
        CHECK(answer.status == (answer.reason().empty() ? 200 : 401));
        return answer.reason();
    };
    CHECK(reason(forge(good, world.keys.private_pem())).empty());  // Else nothing is shown below.

    Forged bad = good;
    bad.algorithm = JWT_ALG_NONE;
    CHECK(reason(forge(bad, "")) == "TOKEN_INVALID");
    bad.algorithm = JWT_ALG_HS256;  // The public key as a shared secret.
    CHECK(reason(forge(bad, world.keys.public_pem())) == "TOKEN_INVALID");
    bad = good;
    bad.issuer = "someone";
    CHECK(reason(forge(bad, world.keys.private_pem())) == "TOKEN_INVALID");
    bad = good;
    bad.audience = "another";
    CHECK(reason(forge(bad, world.keys.private_pem())) == "TOKEN_INVALID");
    bad = good;
    bad.role = "root";
    CHECK(reason(forge(bad, world.keys.private_pem())) == "TOKEN_INVALID");
    bad = good;
    bad.issued = now + 3600;
    CHECK(reason(forge(bad, world.keys.private_pem())) == "TOKEN_INVALID");
    bad = good;
    bad.expires = now - 1;
    CHECK(reason(forge(bad, world.keys.private_pem())) == "TOKEN_EXPIRED");
    CHECK(reason(forge(good, TokenKeys().private_pem())) == "TOKEN_INVALID");
    CHECK(reason("x.y.z") == "TOKEN_INVALID");
    CHECK(reason("") == "TOKEN_MISSING");
    CHECK(world.services.calls().size() == 1);
}

TEST_CASE("I-22 the edge lets each role call what it holds and nothing else") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string account = "prepay.account.v1.AccountService/";
    const nlohmann::json mutation = {{"requestId", "request-1"}};
    // Columns: none tenant viewer cashier operator admin
    struct Row {
        std::string method;
        nlohmann::json request;
        std::string allowed;
    };
    const std::vector<Row> table = {
        {"prepay.console.v1.AuthService/LogOut", {{"refreshToken", "x"}}, "111111"},
        {account + "ListSites", nlohmann::json::object(), "001111"},
        {account + "TopUp", mutation, "000111"},
        {account + "SetKeepPower", mutation, "000011"},
        {account + "CreateSite", mutation, "000001"},
        {"prepay.account.v1.TenantService/GetOverview", nlohmann::json::object(), "010000"},
    };
    const std::vector<rpc::Role> roles = {rpc::Role::kNone,     rpc::Role::kTenant,
                                          rpc::Role::kViewer,   rpc::Role::kCashier,
                                          rpc::Role::kOperator, rpc::Role::kAdmin};
    std::size_t expected_calls = 0;
    for (const Row& row : table) {
        for (std::size_t i = 0; i < roles.size(); ++i) {
            CAPTURE(row.method, rpc::role_text(roles[i]));
            const std::string token =
                roles[i] == rpc::Role::kNone ? "" : world.token(roles[i], "a-1");
            const HttpAnswer answer = world.call(row.method, row.request, token);
            const bool allowed = row.allowed[i] == '1';
            CHECK(answer.status == (allowed ? 200 : token.empty() ? 401 : 403));
            CHECK(answer.reason() == (allowed         ? ""
                                      : token.empty() ? "TOKEN_MISSING"
                                                      : "PERMISSION_DENIED"));
            expected_calls += allowed && row.method.find("console") == std::string::npos ? 1 : 0;
        }
    }
    CHECK(world.services.calls().size() == expected_calls);
}
