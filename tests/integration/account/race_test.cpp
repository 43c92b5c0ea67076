#include <catch2/catch.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "integration/account/server.h"
#include "support/until.h"
#include "tenancy/convert.h"

// Two calls at once: what the second one decides, it decides on what the first one left.
namespace prepay::account::test {
namespace {

v1::SetAlarmLevelsRequest levels(const std::string& account_id, const std::string& request_id,
                                 std::int64_t floor_micros) {
    v1::SetAlarmLevelsRequest request;
    request.set_request_id(request_id);
    request.set_account_id(account_id);
    request.mutable_alarm_levels()->set_level_1_micros(30 * kYuan);
    request.mutable_alarm_levels()->set_level_2_micros(20 * kYuan);
    request.mutable_alarm_levels()->set_level_3_micros(10 * kYuan);
    request.mutable_alarm_levels()->set_cut_floor_micros(floor_micros);
    return request;
}

/// Runs `first` in a transaction that commits only when `second` waits for its lock.
template <typename First, typename Second>
auto second_waits_for_first(World& world, First&& first, Second&& second) {
    using Answer = std::invoke_result_t<Second>;
    std::future<Answer> answer;
    bool waited = false;
    const Status committed = world.database->transact([&](pqxx::work& tx) -> Status {
        PREPAY_RETURN_IF_ERROR(first(tx));
        answer = std::async(std::launch::async, second);
        waited = prepay::test::until(std::chrono::seconds(10), [&] {
            return world.count(
                       "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type ="
                       " 'Lock' AND datname = current_database()") > 0;
        });
        return absl::OkStatus();
    });
    REQUIRE(committed.ok());
    CHECK(waited);
    return answer.get();
}

}  // namespace

TEST_CASE("a cashier whose call meets the end of a credit does not give it again") {
    SKIP_WITHOUT_POSTGRES();
    Office office;
    World& world = office.world;
    world.make_room("r1");
    const std::string account_id = world.open("r1", 5 * kYuan);
    REQUIRE(office.server
                .call(office.server.admin, &Desk::SetAlarmLevels,
                      levels(account_id, "credit-given", -9 * kYuan))
                .ok());
    // The credit stands when the cashier asks to keep it, and has ended when the lock is his.
    const auto kept = second_waits_for_first(
        world,
        [&](pqxx::work& tx) {
            return world.terms
                .set_levels(tx, account_id,
                            *from_proto(levels(account_id, "credit-ended", 0).alarm_levels()),
                            CreditRight::kMayGive)
                .status();
        },
        [&] {
            return office.server.call(office.server.cashier, &Desk::SetAlarmLevels,
                                      levels(account_id, "credit-kept", -9 * kYuan));
        });
    REQUIRE_FALSE(kept.ok());
    CHECK(error_reason(kept.status()) == "CREDIT_NOT_ALLOWED");
    CHECK(world.account(account_id).alarm_levels().cut_floor_micros() == 0);
}

TEST_CASE("of two refunds of the whole balance at once one is paid") {
    SKIP_WITHOUT_POSTGRES();
    Office office;
    World& world = office.world;
    world.make_room("r1");
    const std::string account_id = world.open("r1", 5 * kYuan);
    const auto second = second_waits_for_first(
        world,
        [&](pqxx::work& tx) {
            return world.cash
                ->refund(tx, {account_id, Money::from_micros(5 * kYuan), "", "user:a", "refund-a-1",
                              "hash"})
                .status();
        },
        [&] {
            v1::RefundRequest request;
            request.set_request_id("refund-b-1");
            request.set_account_id(account_id);
            request.set_amount_micros(5 * kYuan);
            return office.server.call(office.server.cashier, &Desk::Refund, request);
        });
    REQUIRE_FALSE(second.ok());
    CHECK(error_reason(second.status()) == "INSUFFICIENT_BALANCE");
    CHECK(world.account(account_id).balance_micros() == 0);
    CHECK(world.audit().empty());
}

TEST_CASE("a top-up that waited for the closing of its account is refused") {
    SKIP_WITHOUT_POSTGRES();
    Office office;
    World& world = office.world;
    world.make_room("r1");
    const std::string account_id = world.open("r1", 5 * kYuan);
    v1::CloseAccountRequest close;
    close.set_account_id(account_id);
    const auto second = second_waits_for_first(
        world, [&](pqxx::work& tx) { return world.accounts.close(tx, from_proto(close)).status(); },
        [&] {
            v1::TopUpRequest request;
            request.set_request_id("top-up-late");
            request.set_account_id(account_id);
            request.set_amount_micros(5 * kYuan);
            return office.server.call(office.server.cashier, &Desk::TopUp, request);
        });
    REQUIRE_FALSE(second.ok());
    CHECK(error_reason(second.status()) == "ACCOUNT_CLOSED");
    close.set_request_id("close-again");
    const auto again = office.server.call(office.server.cashier, &Desk::CloseAccount, close);
    REQUIRE_FALSE(again.ok());
    CHECK(error_reason(again.status()) == "ACCOUNT_CLOSED");
    CHECK(world.account(account_id).balance_micros() == 5 * kYuan);
}

}  // namespace prepay::account::test
