#include <catch2/catch.hpp>

#include "pg/row.h"
#include "prepay/console/v1/console.grpc.pb.h"
#include "rpc/client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

/// How many stored answers there are, and how many hold a text, in whatever field.
struct StoredAnswers {
    explicit StoredAnswers(const World& world) : database(world.database.open(1)) {}

    std::int64_t count(const std::string& text = "") const {
        const Result<std::int64_t> found =
            database->read([&](pqxx::work& tx) -> Result<std::int64_t> {
                return pg::only<std::int64_t>(tx.exec_params1(
                    "SELECT count(*) FROM request_answers"
                    " WHERE position(convert_to($1, 'UTF8') IN answer) > 0 OR"
                    " position($1 IN concat_ws(' ', request_id, method, content_hash, subject))"
                    " > 0",
                    text));
            });
        REQUIRE(found.ok());
        return *found;
    }

    std::unique_ptr<pg::Database> database;
};

/// What alarm asks the console's gRPC for.
console::v1::CreateMailLinkResponse create_mail_link(const World& world) {
    rpc::ClientOptions options;
    options.address = world.grpc_address();
    options.token = world.keys.token(rpc::Role::kService, "prepay-alarm", "", world.clock);
    const rpc::Client client(options);
    console::v1::CreateMailLinkRequest request;
    request.set_request_id("make-mail-1");
    request.set_account_id("a-1");
    const auto link =
        client.call(*console::v1::SessionService::NewStub(client.channel()),
                    &console::v1::SessionService::StubInterface::CreateMailLink, request);
    REQUIRE(link.ok());
    return *link;
}

}  // namespace

TEST_CASE("stored answers of the console hold no password and no tenant's token") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    world.services.answer("GetAccount", [](const google::protobuf::Message& request,
                                           google::protobuf::Message& answer) {
        const auto& asked = static_cast<const account::v1::GetAccountRequest&>(request);
        auto* found = static_cast<account::v1::GetAccountResponse&>(answer).mutable_account();
        found->set_account_id(asked.account_id());
        found->mutable_customer()->set_display_name("Chen Ming");
        found->set_state(account::v1::ACCOUNT_STATE_OPEN);
        return absl::OkStatus();
    });
    const StoredAnswers stored(world);
    const HttpAnswer link =
        world.auth("CreateTenantLink", {{"requestId", "make-link-1"}, {"accountId", "a-1"}},
                   world.token(rpc::Role::kCashier));
    REQUIRE(link.status == 200);
    const std::string token = link.json()["token"];
    const std::string link_id = link.json()["linkId"];
    const HttpAnswer user = world.auth("CreateUser",
                                       {{"requestId", "make-user-1"},
                                        {"user", {{"userName", "wang"}, {"role", "ROLE_VIEWER"}}},
                                        {"password", "a long pass phrase"}},
                                       world.token(rpc::Role::kAdmin));
    INFO(user.body);
    REQUIRE(user.status == 200);
    const console::v1::CreateMailLinkResponse mail = create_mail_link(world);
    REQUIRE_FALSE(mail.token().empty());
    CHECK(stored.count() == 3);
    CHECK(stored.count(link_id) == 1);  // What is no secret is there to be found.
    CHECK(stored.count(mail.link_id()) == 1);
    CHECK(stored.count("make-mail-1") == 1);
    CHECK(stored.count("wang") == 1);
    for (const std::string& secret : {token, mail.token()}) {
        CHECK(stored.count(secret) == 0);
        // Nor another token of the same: signatures differ each time, what begins them does not.
        CHECK(stored.count(secret.substr(0, secret.find('.'))) == 0);
        CHECK(stored.count(secret.substr(secret.rfind('.') + 1)) == 0);  // Nor the signature alone.
    }
    CHECK(stored.count("a long pass phrase") == 0);
}
