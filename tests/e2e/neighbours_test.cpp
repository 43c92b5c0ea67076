#include <catch2/catch.hpp>

#include "core/ids.h"
#include "e2e/park.h"

namespace prepay::e2e {
namespace {

constexpr std::int64_t kPriceMicros = 1'000'000;  // 1 yuan a kWh.
constexpr std::int64_t kYuan = 1'000'000;
constexpr std::int64_t kFen = 10'000;

using metering::v1::MeteringService;
using Account = account::v1::AccountService;

/// The suite, and calls on it that may be refused.
struct Suite {
    std::string submit(const std::string& meter_id, metering::v1::CommandAction action,
                       Status* refused = nullptr) {
        metering::v1::SubmitCommandRequest request;
        request.set_request_id(new_id(clock));
        request.set_meter_id(meter_id);
        request.set_action(action);
        request.set_reason_text("works on the riser");
        request.mutable_not_after()->set_seconds(to_micros(clock.now()) / 1'000'000 + 60);
        const auto answer =
            gateway->call(*metering_stub, &MeteringService::StubInterface::SubmitCommand, request);
        if (refused != nullptr) {
            *refused = answer.status();
        } else {
            INFO(error_message(answer.status()));
            REQUIRE(answer.ok());
        }
        return request.request_id();
    }
    std::vector<metering::v1::Hold> holds(const std::string& meter_id) {
        metering::v1::GetMeterRequest request;
        request.set_meter_id(meter_id);
        const auto answer =
            gateway->call(*metering_stub, &MeteringService::StubInterface::GetMeter, request);
        REQUIRE(answer.ok());
        return {answer->meter().holds().begin(), answer->meter().holds().end()};
    }
    metering::v1::Command order(const std::string& meter_id,
                                const std::function<bool(const metering::v1::Command&)>& is_it,
                                metering::v1::CommandState state) {
        metering::v1::Command found;
        eventually("an order of " + meter_id + " ends as " + metering::v1::CommandState_Name(state),
                   [&] {
                       for (const auto& command : park.commands(meter_id)) {
                           if (is_it(command) && command.state() == state) {
                               found = command;
                               return true;
                           }
                       }
                       return false;
                   });
        return found;
    }
    metering::v1::Command order(const std::string& meter_id, const std::string& command_id) {
        return order(
            meter_id, [&](const auto& one) { return one.command_id() == command_id; },
            metering::v1::COMMAND_STATE_VERIFIED);
    }
    template <typename Method, typename Request>
    auto at_desk(Method method, Request request) {
        request.set_request_id(new_id(clock));
        return desk->call(*account_stub, method, request);
    }
    bool is_open(const std::string& meter_id) { return !park.truth(meter_id).relay_closed(); }

    Stack stack;
    Park park{stack};
    SystemClock clock;
    std::unique_ptr<rpc::Client> gateway = stack.client("metering");
    std::unique_ptr<rpc::Client> desk = stack.client("account");
    std::unique_ptr<MeteringService::StubInterface> metering_stub =
        MeteringService::NewStub(gateway->channel());
    std::unique_ptr<Account::StubInterface> account_stub = Account::NewStub(desk->channel());
};

// An operator's hold outlives the money's: who opened the relay closes it.
void operator_before_money(Suite& suite) {
    suite.park.add_room("m-held", false, kPriceMicros);
    const std::string account_id = suite.park.open_account("m-held", 10 * kYuan);
    suite.order("m-held", suite.submit("m-held", metering::v1::COMMAND_ACTION_TRIP));
    REQUIRE(suite.is_open("m-held"));
    suite.park.set_cut_floor(account_id, 100 * kYuan);  // Now 10 yuan are too little.
    const auto is_money = [](const metering::v1::Command& command) {
        return command.holder() == metering::v1::HOLDER_MONEY;
    };
    suite.order("m-held", is_money, metering::v1::COMMAND_STATE_VERIFIED);
    eventually("both hold the meter", [&] { return suite.holds("m-held").size() == 2; });
    eventually("the cut is shown", [&] {
        return suite.park.account(account_id).fee_state() == account::v1::FEE_STATE_CUT;
    });

    suite.park.top_up(account_id, 500 * kYuan);
    const auto restore = suite.order("m-held", is_money, metering::v1::COMMAND_STATE_STILL_HELD);
    REQUIRE(restore.remaining_holds_size() == 1);
    CHECK(restore.remaining_holds(0).holder() == metering::v1::HOLDER_OPERATOR);
    eventually("money holds no more", [&] {
        return suite.park.account(account_id).fee_state() == account::v1::FEE_STATE_NORMAL;
    });
    CHECK(suite.is_open("m-held"));
    CHECK(suite.park.relay_writes("m-held").size() == 1);
    const auto left = suite.holds("m-held");
    REQUIRE(left.size() == 1);
    CHECK(left[0].holder() == metering::v1::HOLDER_OPERATOR);
    CHECK(left[0].reason_text() == "works on the riser");
    CHECK_FALSE(left[0].initiator().empty());

    suite.order("m-held", suite.submit("m-held", metering::v1::COMMAND_ACTION_CLOSE));
    CHECK_FALSE(suite.is_open("m-held"));
    CHECK(suite.holds("m-held").empty());
}

// Account knows who keeps the power and why; the gateway refuses with it.
void keep_power(Suite& suite) {
    suite.park.add_room("m-kept", false, kPriceMicros);
    const std::string account_id = suite.park.open_account("m-kept", 10 * kYuan);
    account::v1::SetKeepPowerRequest keep;
    keep.set_account_id(account_id);
    keep.set_keep_power(true);
    keep.set_reason_text("dialysis at home");
    REQUIRE(suite.at_desk(&Account::StubInterface::SetKeepPower, keep).ok());
    Status refused;
    suite.submit("m-kept", metering::v1::COMMAND_ACTION_TRIP, &refused);
    CHECK(error_reason(refused) == "KEEP_POWER");
    CHECK(error_message(refused).find("\"dialysis at home\"") != std::string::npos);
    CHECK(suite.park.relay_writes("m-kept").empty());
    keep.set_keep_power(false);
    REQUIRE(suite.at_desk(&Account::StubInterface::SetKeepPower, keep).ok());
    suite.order("m-kept", suite.submit("m-kept", metering::v1::COMMAND_ACTION_TRIP));
    CHECK(suite.is_open("m-kept"));
}

// A meter that nobody can read when its account is closed: billing has not seen the end yet.
void pay_out_when_billed(Suite& suite) {
    suite.park.add_room("m-paid", false, kPriceMicros);
    const std::string account_id = suite.park.open_account("m-paid", 100 * kYuan);
    suite.park.set_load("m-paid", 2000);
    suite.park.set_speed(1800);
    eventually("something is charged",
               [&] { return suite.park.account(account_id).balance_micros() < 99 * kYuan; });
    suite.park.set_fault("m-paid", simulator::v1::FAULT_KIND_SILENT);
    account::v1::CloseAccountRequest close;
    close.set_account_id(account_id);
    close.set_reason_text("moved out");
    REQUIRE(suite.at_desk(&Account::StubInterface::CloseAccount, close).ok());
    suite.park.set_load("m-paid", 0);
    suite.park.set_speed(1);
    std::int64_t paid_out = 0;
    const auto pay_out = [&] {
        account::v1::RefundRequest refund;
        refund.set_account_id(account_id);
        refund.set_amount_micros(suite.park.account(account_id).balance_micros() / kFen * kFen);
        const auto answer = suite.at_desk(&Account::StubInterface::Refund, refund);
        paid_out = answer.ok() ? refund.amount_micros() : 0;
        return error_reason(answer.status());
    };
    CHECK(pay_out() == "NOT_BILLED_TO_END");
    CHECK(suite.park.account(account_id).balance_micros() > 0);
    suite.park.clear_faults("m-paid");
    eventually("the rest is paid out once it is billed", [&] {
        const std::string reason = pay_out();
        // A charge may come between the look at the balance and the refund.
        CHECK((paid_out > 0 || reason == "NOT_BILLED_TO_END" || reason == "INSUFFICIENT_BALANCE"));
        return paid_out > 0;
    });
    std::int64_t charged = 0;
    for (const auto& charge : suite.park.charges("m-paid")) {
        charged += charge.account_id() == account_id ? charge.amount_micros() : 0;
    }
    const std::int64_t rest = suite.park.account(account_id).balance_micros();
    CHECK(rest == 100 * kYuan - charged - paid_out);
    CHECK(rest >= 0);
    CHECK(rest < kFen);
}

// The gateway's own word on which meters there are.
void unknown_meters(Suite& suite) {
    account::v1::CreateRoomsRequest rooms;
    auto* room = rooms.add_rooms();
    room->set_room_id("room-unknown");
    room->set_site_id("park-1");
    room->set_building("3");
    room->set_floor("2");
    room->set_display_name("3-unknown");
    room->add_meter_ids("m-nobody");
    const auto create = [&] {
        return suite.at_desk(&Account::StubInterface::CreateRooms, rooms).status();
    };
    const Status refused = create();
    CHECK(error_reason(refused) == "UNKNOWN_METER");
    CHECK(error_message(refused).find("m-nobody") != std::string::npos);
    metering::v1::RegisterMetersRequest meters;
    meters.set_request_id(new_id(suite.clock));
    auto* meter = meters.add_meters();
    meter->set_meter_id("m-nobody");
    meter->set_line_id("line-m-held");
    meter->set_unit_id(9);
    meter->set_driver_pack("acrel-ddsy1352");
    meter->set_enabled(false);
    const auto registered = suite.gateway->call(
        *suite.metering_stub, &MeteringService::StubInterface::RegisterMeters, meters);
    INFO(error_message(registered.status()));
    REQUIRE(registered.ok());
    CHECK(create().ok());
}

}  // namespace

TEST_CASE(
    "what services ask each other: whose hold it is, keep-power, the bill's end, unknown meters") {
    std::string why_not;
    if (!can_run(why_not)) {
        WARN("SKIPPED: " + why_not);
        return;
    }
    Suite suite;
    {
        INFO("I-29 an operator trips, the floor is crossed, a top-up comes");
        operator_before_money(suite);
    }
    {
        INFO("a kept room is not tripped, and the refusal says why it is kept");
        keep_power(suite);
    }
    {
        INFO("a refund right after closing waits for the bill");
        pay_out_when_billed(suite);
    }
    {
        INFO("a room takes only meters that the gateway knows");
        unknown_meters(suite);
    }
}

}  // namespace prepay::e2e
