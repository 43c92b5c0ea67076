#include <catch2/catch.hpp>

#include "pg/row.h"
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
                return pg::only<std::int64_t>(
                    tx.exec_params1("SELECT count(*) FROM request_answers"
                                    " WHERE position(convert_to($1, 'UTF8') IN answer) > 0",
                                    text));
            });
        REQUIRE(found.ok());
        return *found;
    }

    std::unique_ptr<pg::Database> database;
};

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
    CHECK(stored.count() == 2);
    CHECK(stored.count(link_id) == 1);  // What is no secret is there to be found.
    CHECK(stored.count("wang") == 1);
    CHECK(stored.count(token) == 0);
    CHECK(stored.count(token.substr(token.rfind('.') + 1)) == 0);  // Nor the signature alone.
    CHECK(stored.count("a long pass phrase") == 0);
}
