#include <catch2/catch.hpp>

#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

constexpr const char* kPassword = "correct horse";

struct LogInWorld : World {
    LogInWorld() { add_user("li", kPassword, rpc::Role::kCashier); }

    HttpAnswer log_in(const std::string& password) {
        return auth("LogIn", {{"userName", "li"}, {"password", password}});
    }
    HttpAnswer refresh(const std::string& refresh_token) {
        return auth("Refresh", {{"refreshToken", refresh_token}});
    }
    void execute(const std::string& sql) const {
        pqxx::connection connection(database.admin_url());
        pqxx::nontransaction(connection).exec(sql);
    }
};

std::string access_of(const HttpAnswer& answer) { return answer.json()["accessToken"]; }
std::string refresh_of(const HttpAnswer& answer) { return answer.json()["refreshToken"]; }

}  // namespace

TEST_CASE("a log-in gives tokens that work until they expire") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const HttpAnswer answer = world.log_in(kPassword);
    REQUIRE(answer.status == 200);
    CHECK(answer.json()["user"]["role"] == "ROLE_CASHIER");
    const std::string token = access_of(answer);
    const HttpAnswer me = world.auth("GetMe", nlohmann::json::object(), token);
    CHECK(me.json()["user"]["userName"] == "li");
    CHECK(world.call(kListSites, nlohmann::json::object(), token).status == 200);

    world.clock.advance(std::chrono::minutes(10));
    const HttpAnswer late = world.call(kListSites, nlohmann::json::object(), token);
    CHECK(late.status == 401);
    CHECK(late.reason() == "TOKEN_EXPIRED");
}

TEST_CASE("a wrong password and an unknown name look the same") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const HttpAnswer wrong = world.log_in("wrong");
    const HttpAnswer unknown =
        world.auth("LogIn", {{"userName", "nobody"}, {"password", kPassword}});
    CHECK(wrong.status == 401);
    CHECK(wrong.reason() == "WRONG_PASSWORD");
    CHECK(unknown.status == wrong.status);
    CHECK(unknown.body == wrong.body);
    CHECK(world.auth("LogIn", {{"userName", "li' OR '1'='1"}, {"password", "x"}}).reason() ==
          "WRONG_PASSWORD");
    CHECK(world.auth("LogIn", nlohmann::json::object()).reason() == "WRONG_PASSWORD");
    CHECK(world.auth("LogIn", {{"userName", "li"}, {"password", std::string(60'000, 'x')}})
              .reason() == "WRONG_PASSWORD");
}

TEST_CASE("five wrong passwords lock the name for five minutes, not longer") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    for (int i = 0; i < 5; ++i) {
        CHECK(world.log_in("wrong").reason() == "WRONG_PASSWORD");
    }
    const HttpAnswer locked = world.log_in(kPassword);
    CHECK(locked.status == 429);
    CHECK(locked.code() == "resource_exhausted");
    CHECK(locked.reason() == "LOCKED_OUT");
    world.clock.advance(std::chrono::seconds(299));
    CHECK(world.log_in(kPassword).reason() == "LOCKED_OUT");
    world.clock.advance(std::chrono::seconds(1));
    CHECK(world.log_in(kPassword).status == 200);
}

TEST_CASE("a good log-in forgets the wrong ones before it") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 4; ++i) {
            CHECK(world.log_in("wrong").reason() == "WRONG_PASSWORD");
        }
        CHECK(world.log_in(kPassword).status == 200);
    }
}

TEST_CASE("a disabled user neither logs in nor refreshes") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string refresh = refresh_of(world.log_in(kPassword));
    world.execute("UPDATE console.users SET enabled = false WHERE user_name = 'li'");
    const HttpAnswer answer = world.log_in(kPassword);
    CHECK(answer.status == 403);
    CHECK(answer.reason() == "USER_DISABLED");
    CHECK(world.log_in("wrong").reason() == "WRONG_PASSWORD");
    CHECK(world.refresh(refresh).reason() == "TOKEN_INVALID");
}

TEST_CASE("a refresh token works once, and its second use ends the session") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string first = refresh_of(world.log_in(kPassword));
    const HttpAnswer second = world.refresh(first);
    REQUIRE(second.status == 200);
    CHECK(world.auth("GetMe", nlohmann::json::object(), access_of(second)).status == 200);
    const HttpAnswer third = world.refresh(refresh_of(second));
    REQUIRE(third.status == 200);

    const HttpAnswer reused = world.refresh(first);
    CHECK(reused.status == 401);
    CHECK(reused.reason() == "TOKEN_REUSED");
    CHECK(world.refresh(refresh_of(third)).reason() == "TOKEN_INVALID");

    CHECK(world.refresh("").reason() == "TOKEN_INVALID");
    CHECK(world.refresh("made-up").reason() == "TOKEN_INVALID");
}

TEST_CASE("the reuse of one session's token leaves the others alone") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string one = refresh_of(world.log_in(kPassword));
    const std::string other = refresh_of(world.log_in(kPassword));
    CHECK(world.refresh(one).status == 200);
    CHECK(world.refresh(one).reason() == "TOKEN_REUSED");
    CHECK(world.refresh(other).status == 200);
}

TEST_CASE("a refresh token ends with its session's time and at log-out") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string old = refresh_of(world.log_in(kPassword));
    world.clock.advance(std::chrono::hours(12));
    CHECK(world.refresh(old).reason() == "TOKEN_INVALID");

    const std::string left = refresh_of(world.log_in(kPassword));
    CHECK(world.auth("LogOut", {{"refreshToken", left}}).status == 200);
    CHECK(world.refresh(left).reason() == "TOKEN_INVALID");
    CHECK(world.auth("LogOut", {{"refreshToken", left}}).status == 200);
}

TEST_CASE("S-13 a session's end ends its access tokens, others go on") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    world.add_user("wang", kPassword, rpc::Role::kViewer);
    const HttpAnswer first = world.log_in(kPassword);
    const HttpAnswer second = world.log_in(kPassword);
    const HttpAnswer wang = world.auth("LogIn", {{"userName", "wang"}, {"password", kPassword}});
    const auto reason = [&](const HttpAnswer& session) {
        world.look_for_ended_sessions();
        return world.call(kListSites, nlohmann::json::object(), access_of(session)).reason();
    };
    CHECK(reason(first).empty());

    SECTION("log-out, also with a refreshed token") {
        const HttpAnswer later = world.refresh(refresh_of(first));
        CHECK(world.auth("LogOut", {{"refreshToken", refresh_of(later)}}).status == 200);
        CHECK(reason(first) == "TOKEN_REVOKED");
        CHECK(reason(later) == "TOKEN_REVOKED");
        CHECK(reason(second).empty());
    }
    SECTION("a stolen refresh token that was used twice") {
        world.refresh(refresh_of(first));
        CHECK(world.refresh(refresh_of(first)).reason() == "TOKEN_REUSED");
        CHECK(reason(first) == "TOKEN_REVOKED");
        CHECK(reason(second).empty());
    }
    SECTION("another password, another role") {
        world.add_user("li", "battery staple", rpc::Role::kViewer);
        CHECK(reason(first) == "TOKEN_REVOKED");
        CHECK(reason(second) == "TOKEN_REVOKED");
    }
    SECTION("a disabled user") {
        world.execute("UPDATE console.users SET enabled = false WHERE user_name = 'li'");
        CHECK(reason(first) == "TOKEN_REVOKED");
    }
    CHECK(reason(wang).empty());
}

TEST_CASE("a new password needs the old one, ends the sessions and locks like a log-in") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const HttpAnswer session = world.log_in(kPassword);
    const auto change = [&](const std::string& from, const std::string& to) {
        return world.auth("ChangePassword", {{"oldPassword", from}, {"newPassword", to}},
                          access_of(session));
    };
    CHECK(change("wrong", "battery staple").reason() == "WRONG_PASSWORD");
    CHECK(change(kPassword, "short").reason() == "BAD_PASSWORD");
    CHECK(change(kPassword, "battery staple").status == 200);
    CHECK(world.refresh(refresh_of(session)).reason() == "TOKEN_INVALID");
    CHECK(world.log_in(kPassword).reason() == "WRONG_PASSWORD");
    CHECK(world.log_in("battery staple").status == 200);
    for (int i = 0; i < 5; ++i) {
        CHECK(change("wrong", "third password").reason() == "WRONG_PASSWORD");
    }
    CHECK(change("battery staple", "third password").reason() == "LOCKED_OUT");
    CHECK(world
              .auth("ChangePassword", {{"oldPassword", "x"}, {"newPassword", "third password"}},
                    world.token(rpc::Role::kService))
              .reason() == "USER_NOT_FOUND");
}

TEST_CASE("users are made once for one request and only by those who manage") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const nlohmann::json request = {{"requestId", "make-user-1"},
                                    {"user", {{"userName", "wang"}, {"role", "ROLE_VIEWER"}}},
                                    {"password", "ten letters"}};
    CHECK(world.auth("CreateUser", request, world.token(rpc::Role::kOperator)).status == 403);
    const std::string admin = world.token(rpc::Role::kAdmin);
    const HttpAnswer made = world.auth("CreateUser", request, admin);
    CHECK(made.status == 200);
    CHECK(world.auth("CreateUser", request, admin).body == made.body);
    nlohmann::json again = request;
    again["requestId"] = "make-user-2";
    CHECK(world.auth("CreateUser", again, admin).reason() == "USER_EXISTS");
    CHECK(world.auth("ListUsers", nlohmann::json::object(), admin).json()["users"].size() == 1);
    CHECK(world.auth("LogIn", {{"userName", "wang"}, {"password", "ten letters"}}).status == 200);
}

TEST_CASE("a tenant link opens the tenant's own account and nothing else") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    world.services.answer("GetAccount", [](const auto& request, google::protobuf::Message& answer) {
        const auto& asked = static_cast<const account::v1::GetAccountRequest&>(request);
        auto* found = static_cast<account::v1::GetAccountResponse&>(answer).mutable_account();
        found->set_account_id(asked.account_id());
        if (asked.account_id() != "vacancy-park-1") {
            found->mutable_customer()->set_display_name("Chen Ming");
        }
        found->set_state(asked.account_id() == "a-closed" ? account::v1::ACCOUNT_STATE_CLOSED
                                                          : account::v1::ACCOUNT_STATE_OPEN);
        return absl::OkStatus();
    });
    const std::string cashier = world.token(rpc::Role::kCashier);
    CHECK(world.auth("CreateTenantLink", {{"accountId", "a-closed"}}, cashier).reason() ==
          "ACCOUNT_CLOSED");
    CHECK(world.auth("CreateTenantLink", {{"accountId", "vacancy-park-1"}}, cashier).reason() ==
          "ACCOUNT_NOT_FOUND");
    const HttpAnswer link = world.auth("CreateTenantLink", {{"accountId", "a-1"}}, cashier);
    REQUIRE(link.status == 200);
    const std::string token = link.json()["token"];
    CHECK(link.json()["path"] == "/m/#t=" + token);
    CHECK(world.call("prepay.account.v1.TenantService/GetOverview", nlohmann::json::object(), token)
              .status == 200);
    CHECK(world.services.calls().back().subject == "tenant:a-1");
    CHECK(world.call(kListSites, nlohmann::json::object(), token).reason() == "PERMISSION_DENIED");
    world.clock.advance(std::chrono::hours(24 * 90));
    CHECK(world.call("prepay.account.v1.TenantService/GetOverview", nlohmann::json::object(), token)
              .reason() == "TOKEN_EXPIRED");
}
