#include <catch2/catch.hpp>

#include "books/convert.h"
#include "integration/account/server.h"
#include "prepay/account/v1/events.pb.h"

using namespace prepay;
using namespace prepay::account;
using namespace prepay::account::test;

namespace {

/// The desk's and the gateway's side of keep-power.
struct Kept : Office {
    v1::CheckCutResponse check(const std::string& meter_id) {
        v1::CheckCutRequest request;
        request.set_meter_id(meter_id);
        const auto response = server.call(server.service, &Desk::CheckCut, request);
        INFO(error_message(response.status()));
        REQUIRE(response.ok());
        return *response;
    }
    Status keep(const std::string& account_id, bool on, const std::string& why) {
        v1::SetKeepPowerRequest request;
        request.set_request_id("keep-power-" + std::to_string(++count_));
        request.set_account_id(account_id);
        request.set_keep_power(on);
        request.set_reason_text(why);
        return server.call(server.admin, &Desk::SetKeepPower, request).status();
    }

private:
    int count_ = 0;
};

}  // namespace

TEST_CASE("whether a meter may be cut: keep-power's account says no, by whom and why; others yes") {
    SKIP_WITHOUT_POSTGRES();
    Kept office;
    const std::string kept = office.world.make_account("r1", 10 * kYuan);
    const std::string other = office.world.make_account("r2", 10 * kYuan);
    office.world.make_room("r3");
    CHECK(office.check("r1-m1").allowed());

    REQUIRE(office.keep(kept, true, "dialysis at home").ok());
    const v1::CheckCutResponse refused = office.check("r1-m1");
    CHECK_FALSE(refused.allowed());
    CHECK(refused.reason() == "KEEP_POWER");
    CHECK(refused.reason_text() == "dialysis at home");
    CHECK(refused.user() == "user:admin");
    CHECK(refused.account_id() == kept);
    CHECK(refused.room_id() == "r1");
    CHECK(refused.set_time().seconds() > to_proto(office.world.clock.now()).seconds() - 60);

    const v1::CheckCutResponse allowed = office.check("r2-m1");
    CHECK(allowed.allowed());
    CHECK(allowed.reason().empty());
    CHECK(allowed.reason_text().empty());
    CHECK(allowed.account_id() == other);
    CHECK(office.check("r3-m1").allowed());  // Nobody lives there.
    CHECK(office.check("r3-m1").account_id().empty());
    CHECK(office.check("never-seen").allowed());

    // Said once more: the last word counts, and nothing changes for whoever follows the account.
    const auto told = [&] {
        return office.world.published<v1::BalancesChanged>("prepay.account.balance-changes.v1")
            .size();
    };
    const std::size_t before = told();
    REQUIRE(office.keep(kept, true, "dialysis, until May").ok());
    CHECK(office.check("r1-m1").reason_text() == "dialysis, until May");
    CHECK(told() == before);
    CHECK(error_reason(office.keep(kept, true, std::string(501, 'x'))) == "TEXT_TOO_LONG");
    CHECK(office.check("r1-m1").reason_text() == "dialysis, until May");

    REQUIRE(office.keep(kept, false, "moved to hospital").ok());
    const v1::CheckCutResponse ended = office.check("r1-m1");
    CHECK(ended.allowed());
    CHECK(ended.reason_text().empty());
    CHECK(office.world.count("SELECT count(*) FROM accounts WHERE keep_power_reason ="
                             " 'moved to hospital' AND keep_power_user = 'user:admin'") == 1);
}

TEST_CASE("who paid before keeps nobody's power: the account that pays now says") {
    SKIP_WITHOUT_POSTGRES();
    Kept office;
    const std::string former = office.world.make_account("r1", 10 * kYuan);
    REQUIRE(office.keep(former, true, "dialysis at home").ok());
    v1::CloseAccountRequest close;
    close.set_request_id("close-former");
    close.set_account_id(former);
    REQUIRE(office.server.call(office.server.cashier, &Desk::CloseAccount, close).ok());
    CHECK(office.check("r1-m1").allowed());
    const std::string next = office.world.open("r1", 10 * kYuan);
    CHECK(office.check("r1-m1").allowed());
    CHECK(office.check("r1-m1").account_id() == next);
    REQUIRE(office.keep(next, true, "").ok());
    CHECK_FALSE(office.check("r1-m1").allowed());
    CHECK(office.check("r1-m1").reason_text().empty());
    // From before the reason was kept.
    REQUIRE(office.world.database
                ->transact([](pqxx::work& tx) {
                    tx.exec("UPDATE accounts SET keep_power_user = '', keep_power_time = NULL");
                    return absl::OkStatus();
                })
                .ok());
    CHECK_FALSE(office.check("r1-m1").has_set_time());
    v1::CheckCutRequest bad;
    CHECK(error_reason(office.server.call(office.server.service, &Desk::CheckCut, bad).status()) ==
          "BAD_ID");
}
