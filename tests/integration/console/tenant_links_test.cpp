#include <catch2/catch.hpp>

#include "prepay/console/v1/console.grpc.pb.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

using nlohmann::json;

const char* const kOverview = "prepay.account.v1.TenantService/GetOverview";

/// A console before an account service that knows every account; "a-closed" is closed.
struct LinkWorld : World {
    LinkWorld() {
        services.answer("GetAccount", [](const google::protobuf::Message& request,
                                         google::protobuf::Message& answer) {
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
    }

    HttpAnswer create(const std::string& request_id, const std::string& account_id) {
        return auth("CreateTenantLink", {{"requestId", request_id}, {"accountId", account_id}},
                    cashier);
    }
    HttpAnswer revoke(const std::string& request_id, const std::string& link_id) {
        return auth("RevokeTenantLink", {{"requestId", request_id}, {"linkId", link_id}}, cashier);
    }
    json links(const std::string& account_id) {
        return auth("ListTenantLinks", {{"accountId", account_id}}, cashier).json()["links"];
    }
    std::string overview(const std::string& token) {
        return call(kOverview, json::object(), token).reason();
    }

    /// What a caller with this token gets at the console's gRPC port.
    Result<console::v1::CreateMailLinkResponse> mail_link(const std::string& request_id,
                                                          const std::string& account_id,
                                                          const std::string& token) const {
        rpc::ClientOptions options;
        options.address = grpc_address();
        options.token = token;
        const rpc::Client client(options);
        const auto stub = console::v1::SessionService::NewStub(client.channel());
        console::v1::CreateMailLinkRequest request;
        request.set_request_id(request_id);
        request.set_account_id(account_id);
        return client.call(*stub, &console::v1::SessionService::StubInterface::CreateMailLink,
                           request);
    }
    [[nodiscard]] std::string service_token(const std::string& subject) const {
        return keys.token(rpc::Role::kService, subject, "", clock);
    }

    const std::string cashier = token(rpc::Role::kCashier);
};

std::string token_in(const std::string& path) { return path.substr(std::string("/m/#t=").size()); }

}  // namespace

TEST_CASE("a tenant link opens the tenant's own account and nothing else") {
    SKIP_WITHOUT_POSTGRES()
    LinkWorld world;
    CHECK(world.create("make-link-1", "a-closed").reason() == "ACCOUNT_CLOSED");
    CHECK(world.create("make-link-2", "vacancy-park-1").reason() == "ACCOUNT_NOT_FOUND");
    const HttpAnswer link = world.create("make-link-3", "a-1");
    REQUIRE(link.status == 200);
    const std::string token = link.json()["token"];
    CHECK(link.json()["path"] == "/m/#t=" + token);
    CHECK(world.overview(token).empty());
    CHECK(world.services.calls().back().subject == "tenant:a-1");
    CHECK(world.call(kListSites, json::object(), token).reason() == "PERMISSION_DENIED");
    world.clock.advance(std::chrono::hours(24 * 90));
    CHECK(world.overview(token) == "TOKEN_EXPIRED");
}

TEST_CASE("a repeated request makes one link, which says who made it and lets in") {
    SKIP_WITHOUT_POSTGRES()
    LinkWorld world;
    const json first = world.create("make-link-1", "a-1").json();
    const json again = world.create("make-link-1", "a-1").json();
    CHECK(first["linkId"] == again["linkId"]);
    CHECK(world.create("make-link-1", "a-2").reason() == "REQUEST_ID_REUSED");
    const json links = world.links("a-1");
    REQUIRE(links.size() == 1);
    CHECK(links[0]["linkId"] == first["linkId"]);
    CHECK(links[0]["creator"] == "user:cashier");
    CHECK(links[0]["state"] == "TENANT_LINK_STATE_ACTIVE");
    CHECK(links[0]["expireTime"] == first["expireTime"]);
    CHECK(world.overview(token_in(links[0]["path"])).empty());
    CHECK(world.links("a-2").empty());
}

TEST_CASE("S-13 a link that was taken back lets nobody in, others go on") {
    SKIP_WITHOUT_POSTGRES()
    LinkWorld world;
    const json gone = world.create("make-link-1", "a-1").json();
    world.clock.advance(std::chrono::seconds(1));  // The newest comes first.
    const json kept = world.create("make-link-2", "a-1").json();
    CHECK(world.revoke("take-link-0", "no-such-link").reason() == "LINK_NOT_FOUND");
    const HttpAnswer answer = world.revoke("take-link-1", gone["linkId"]);
    REQUIRE(answer.status == 200);
    CHECK(answer.json()["link"]["state"] == "TENANT_LINK_STATE_REVOKED");
    CHECK(answer.json()["link"]["revoker"] == "user:cashier");
    world.look_for_ended_sessions();
    CHECK(world.overview(gone["token"]) == "TOKEN_REVOKED");
    CHECK(world.overview(kept["token"]).empty());

    const json links = world.links("a-1");
    REQUIRE(links.size() == 2);
    CHECK(links[0]["linkId"] == kept["linkId"]);
    CHECK(links[1]["state"] == "TENANT_LINK_STATE_REVOKED");
    CHECK_FALSE(links[1].contains("path"));

    SECTION("for as long as its token would have been good") {
        world.clock.advance(std::chrono::hours(24 * 89));
        world.look_for_ended_sessions();
        CHECK(world.overview(gone["token"]) == "TOKEN_REVOKED");
    }
    SECTION("the second time changes nothing") {
        world.clock.advance(std::chrono::minutes(1));
        CHECK(world.revoke("take-link-2", gone["linkId"]).json()["link"]["revokeTime"] ==
              answer.json()["link"]["revokeTime"]);
    }
}

TEST_CASE("a link ends with its account") {
    SKIP_WITHOUT_POSTGRES()
    LinkWorld world;
    world.create("make-link-1", "a-1");
    world.execute("UPDATE console.tenant_links SET account_id = 'a-closed'");
    const json links = world.links("a-closed");
    REQUIRE(links.size() == 1);
    CHECK(links[0]["state"] == "TENANT_LINK_STATE_ENDED");
    CHECK_FALSE(links[0].contains("path"));
}

TEST_CASE("only those who sell see and take back tenants' links") {
    SKIP_WITHOUT_POSTGRES()
    LinkWorld world;
    world.create("make-link-1", "a-1");
    for (const rpc::Role role : {rpc::Role::kViewer, rpc::Role::kTenant}) {
        const std::string token = world.token(role, "a-1");
        CHECK(world.auth("ListTenantLinks", {{"accountId", "a-1"}}, token).reason() ==
              "PERMISSION_DENIED");
        CHECK(world.auth("RevokeTenantLink", {{"requestId", "take-link-1"}, {"linkId", "x"}}, token)
                  .reason() == "PERMISSION_DENIED");
    }
}

TEST_CASE("the link of an alarm's mail: one a request, a week, listed and taken back like others") {
    SKIP_WITHOUT_POSTGRES()
    LinkWorld world;
    const std::string alarm = world.service_token("prepay-alarm");
    const auto first = world.mail_link("alarm-mail-1", "a-1", alarm);
    REQUIRE(first.ok());
    const auto again = world.mail_link("alarm-mail-1", "a-1", alarm);
    REQUIRE(again.ok());
    CHECK(first->link_id() == again->link_id());
    CHECK(world.overview(first->token()).empty());
    CHECK(world.services.calls().back().subject == "tenant:a-1");
    CHECK(error_reason(world.mail_link("alarm-mail-2", "a-closed", alarm).status()) ==
          "ACCOUNT_CLOSED");
    CHECK(error_reason(world.mail_link("alarm-mail-3", "vacancy-park-1", alarm).status()) ==
          "ACCOUNT_NOT_FOUND");
    const json links = world.links("a-1");
    REQUIRE(links.size() == 1);
    CHECK(links[0]["creator"] == "prepay-alarm");
    CHECK(links[0]["origin"] == "TENANT_LINK_ORIGIN_ALARM_MAIL");

    SECTION("it ends after a week, and its request makes no other") {
        world.execute("UPDATE console.tenant_links SET expire_time = create_time");
        CHECK(error_reason(world.mail_link("alarm-mail-1", "a-1", alarm).status()) == "LINK_OVER");
        world.clock.advance(std::chrono::hours(24 * 7));
        CHECK(world.overview(first->token()) == "TOKEN_EXPIRED");
    }
    SECTION("who took it back is obeyed") {
        REQUIRE(world.revoke("take-link-1", first->link_id()).status == 200);
        world.look_for_ended_sessions();
        CHECK(world.overview(first->token()) == "TOKEN_REVOKED");
        CHECK(error_reason(world.mail_link("alarm-mail-1", "a-1", alarm).status()) == "LINK_OVER");
    }
}

TEST_CASE("S-13 only the alarm service gets mail links, and no service those of people") {
    SKIP_WITHOUT_POSTGRES()
    LinkWorld world;
    for (const rpc::Role role : {rpc::Role::kViewer, rpc::Role::kCashier, rpc::Role::kOperator,
                                 rpc::Role::kAdmin, rpc::Role::kTenant}) {
        CAPTURE(rpc::role_text(role));
        for (const char* subject : {"user:li", "prepay-alarm"}) {
            const std::string token = world.keys.token(role, subject, "a-1", world.clock);
            CHECK(error_reason(world.mail_link("alarm-mail-1", "a-1", token).status()) ==
                  "PERMISSION_DENIED");
        }
    }
    for (const char* subject :
         {"prepay-billing", "prepay-account", "prepay-console", "prepay-alarm2", "user:li"}) {
        CAPTURE(subject);
        const auto refused = world.mail_link("alarm-mail-1", "a-1", world.service_token(subject));
        CHECK(absl::IsPermissionDenied(refused.status()));
    }
    CHECK(world
              .call("prepay.console.v1.SessionService/CreateMailLink",
                    {{"requestId", "alarm-mail-1"}, {"accountId", "a-1"}},
                    world.token(rpc::Role::kAdmin))
              .status == 404);
    const std::string alarm = world.service_token("prepay-alarm");
    CHECK(
        world.auth("CreateTenantLink", {{"requestId", "make-link-1"}, {"accountId", "a-1"}}, alarm)
            .reason() == "PERMISSION_DENIED");
    CHECK(world.auth("ListTenantLinks", {{"accountId", "a-1"}}, alarm).reason() ==
          "PERMISSION_DENIED");
    CHECK(world.links("a-1").empty());
}
