#include "core/proto_time.h"
#include "gateway_fixture.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

account::v1::SwitchIntentChanged ready(const std::string& intent_id,
                                       account::v1::SwitchAction action) {
    account::v1::SwitchIntentChanged event;
    event.mutable_intent()->set_intent_id(intent_id);
    event.mutable_intent()->set_meter_id("m-1");
    event.mutable_intent()->set_action(action);
    event.mutable_intent()->set_state(account::v1::SWITCH_INTENT_STATE_READY);
    return event;
}

/// A simulated meter "m-1" behind a gateway.
struct OneMeter {
    OneMeter() {
        gateway().add_line("line-01", "127.0.0.1:" + std::to_string(park.add_line("line-01")));
        park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 1000, 500);
        gateway().add_meter("m-1", "line-01", 1, "acrel-ddsy1352");
        REQUIRE(gateway().eventually("SELECT online FROM meters"));
    }
    Gateway& gateway() { return *fixture.gateway; }

    v1::Command money(const std::string& intent_id, account::v1::SwitchAction action) {
        REQUIRE(gateway().deliver(ready(intent_id, action)).ok());
        return gateway().follow(intent_id);
    }
    v1::Command order(const std::string& id, v1::CommandAction action) {
        REQUIRE(gateway().submit(id, "m-1", action).ok());
        return gateway().follow(id);
    }
    /// A trip whose hold ends `time` from now.
    Result<v1::SubmitCommandResponse> trip_until(const std::string& id, std::chrono::seconds time,
                                                 std::chrono::seconds not_after) {
        v1::SubmitCommandRequest request;
        request.set_request_id(id);
        request.set_meter_id("m-1");
        request.set_action(v1::COMMAND_ACTION_TRIP);
        request.set_reason_text("works on the riser");
        set_time(*request.mutable_not_after(), gateway().clock.now() + not_after);
        set_time(*request.mutable_hold_expire_time(), gateway().clock.now() + time);
        return gateway().grpc_commands.submit_command(
            gateway().context("SubmitCommand", request, id), request);
    }
    std::vector<v1::HeldMeter> held(v1::Holder holder = v1::HOLDER_UNSPECIFIED, int page_size = 0) {
        std::vector<v1::HeldMeter> meters;
        v1::ListHoldsRequest request;
        request.set_holder(holder);
        request.set_page_size(page_size);
        do {
            const auto page = gateway().grpc_holds.list_holds({}, request);
            REQUIRE(page.ok());
            meters.insert(meters.end(), page->meters().begin(), page->meters().end());
            request.set_page_token(page->next_page_token());
        } while (!request.page_token().empty());
        return meters;
    }
    v1::Meter meter() {
        v1::GetMeterRequest request;
        request.set_meter_id("m-1");
        const auto response = gateway().grpc_meters.get_meter({}, request);
        REQUIRE(response.ok());
        return response->meter();
    }

    Simulator park;
    Fixture fixture;
};

using account::v1::SWITCH_ACTION_RESTORE;
using account::v1::SWITCH_ACTION_TRIP;

}  // namespace

TEST_CASE(
    "I-29: a payment leaves the relay that an operator opened, on the wire and in the books") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    CHECK(one.order("operator-trip", v1::COMMAND_ACTION_TRIP).state() ==
          v1::COMMAND_STATE_VERIFIED);
    const v1::Command cut = one.money("cut", SWITCH_ACTION_TRIP);
    CHECK(cut.state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(cut.holder() == v1::HOLDER_MONEY);
    REQUIRE(cut.remaining_holds_size() == 1);
    CHECK(one.meter().holds_size() == 2);
    one.fixture.restart();  // Holds are rows.
    const v1::Command restore = one.money("restore", SWITCH_ACTION_RESTORE);
    CHECK(restore.state() == v1::COMMAND_STATE_STILL_HELD);
    REQUIRE(restore.remaining_holds_size() == 1);
    CHECK(restore.remaining_holds(0).holder() == v1::HOLDER_OPERATOR);
    CHECK(restore.remaining_holds(0).initiator() == "user:li");
    CHECK(restore.remaining_holds(0).reason_text() == "test");
    CHECK_FALSE(one.park.truth("m-1").relay_closed());
    REQUIRE(one.meter().holds_size() == 1);
    CHECK(one.meter().holds(0).command_id() == "operator-trip");
    CHECK(one.order("operator-close", v1::COMMAND_ACTION_CLOSE).state() ==
          v1::COMMAND_STATE_VERIFIED);
    CHECK(one.park.truth("m-1").relay_closed());
    CHECK(one.meter().holds_size() == 0);
    CHECK(one.park.relay_writes("m-1").size() == 2);
    const auto states =
        one.gateway().events<v1::MeterStatesChanged>("prepay.metering.meter-states.v1");
    std::vector<int> counts;
    for (const auto& event : states) {
        for (const auto& state : event.meter_states()) {
            if (counts.empty() || counts.back() != state.holds_size()) {
                counts.push_back(state.holds_size());
            }
        }
    }
    CHECK(counts == std::vector<int>{0, 1, 2, 1, 0});
}

TEST_CASE("I-29: a relay opened past us is foreign: shown, kept by money, closed by a person") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    sim::SetMeterRequest by_hand;
    by_hand.set_meter_id("m-1");
    by_hand.set_relay_closed(false);
    one.park.call(&sim::SimulatorService::StubInterface::SetMeter, by_hand);
    REQUIRE(one.gateway().eventually("SELECT foreign_open FROM meters"));
    CHECK(one.meter().foreign_open());
    CHECK(one.money("cut", SWITCH_ACTION_TRIP).state() == v1::COMMAND_STATE_VERIFIED);
    one.fixture.restart();
    const v1::Command restore = one.money("restore", SWITCH_ACTION_RESTORE);
    CHECK(restore.state() == v1::COMMAND_STATE_STILL_HELD);
    CHECK(restore.failure_reason() == "FOREIGN_OPEN");
    CHECK_FALSE(one.park.truth("m-1").relay_closed());
    CHECK(one.order("close", v1::COMMAND_ACTION_CLOSE).state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(one.park.truth("m-1").relay_closed());
    CHECK(one.gateway().eventually("SELECT NOT foreign_open FROM meters"));
}

TEST_CASE("I-11: an order whose row appears while its attempt is being recorded goes out") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    // Between the statement that misses the row and the look for the reason it is committed.
    REQUIRE(one.fixture.database
                ->transact([](pqxx::work& tx) {
                    tx.exec(
                        "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS"
                        " 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'");
                    tx.exec(
                        "CREATE TRIGGER dawdle AFTER UPDATE ON commands FOR EACH STATEMENT"
                        " EXECUTE FUNCTION dawdle()");
                    return absl::OkStatus();
                })
                .ok());
    REQUIRE(one.fixture.database
                ->transact([&](pqxx::work& tx) -> Status {
                    PREPAY_RETURN_IF_ERROR(
                        one.gateway().apply_intent(tx, ready("cut", SWITCH_ACTION_TRIP)));
                    tx.exec("SELECT pg_sleep(0.15)");
                    return absl::OkStatus();
                })
                .ok());
    CHECK(one.gateway().follow("cut").state() == v1::COMMAND_STATE_VERIFIED);
    CHECK_FALSE(one.park.truth("m-1").relay_closed());
}

TEST_CASE("I-11: a trip that a serial server carries out after the restore leaves nobody dark") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    // Acknowledged, read back as closed, and carried out 1.5 s later.
    one.park.set_fault("m-1", sim::FAULT_KIND_LATE_EXECUTION, 1, 0, 1500);
    CHECK(one.money("cut", SWITCH_ACTION_TRIP).state() == v1::COMMAND_STATE_CONTRADICTED);
    CHECK(one.money("restore", SWITCH_ACTION_RESTORE).state() == v1::COMMAND_STATE_VERIFIED);
    REQUIRE(one.gateway().eventually(
        "SELECT count(*) = 1 FROM commands WHERE initiator = 'prepay-metering'"
        " AND state = 'verified' AND action = 'close'"));
    CHECK(one.park.truth("m-1").relay_closed());
    CHECK(one.park.truth("m-1").relay_change_count() == 2);
    CHECK(one.gateway().eventually(
        "SELECT count(*) > 0 FROM command_frames f JOIN commands c USING (command_id)"
        " WHERE c.initiator = 'prepay-metering'"));
    CHECK_FALSE(one.meter().foreign_open());
    CHECK(one.meter().holds_size() == 0);
}

TEST_CASE(
    "Keep-power: asked at the call and before the wire; overriding it takes a right and is seen") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    one.fixture.permits.cut_outcome = ClaimOutcome::kDenied;
    v1::SubmitCommandRequest request;
    request.set_meter_id("m-1");
    request.set_action(v1::COMMAND_ACTION_TRIP);
    request.set_reason_text("fire brigade");
    set_time(*request.mutable_not_after(), one.gateway().clock.now() + std::chrono::minutes(1));
    const auto submit = [&](const std::string& id, rpc::Role role) {
        request.set_request_id(id);
        rpc::CallContext context = one.gateway().context("SubmitCommand", request, id);
        context.identity.role = role;
        return one.gateway().grpc_commands.submit_command(context, request);
    };
    CHECK(error_reason(submit("kept", rpc::Role::kOperator).status()) == "KEEP_POWER");
    request.set_override_keep_power(true);
    CHECK(error_reason(submit("no-right", rpc::Role::kOperator).status()) ==
          "OVERRIDE_NOT_ALLOWED");
    request.set_action(v1::COMMAND_ACTION_CLOSE);
    CHECK(error_reason(submit("no-trip", rpc::Role::kAdmin).status()) == "OVERRIDE_NOT_A_TRIP");
    request.set_action(v1::COMMAND_ACTION_TRIP);
    request.clear_reason_text();
    CHECK(error_reason(submit("no-reason", rpc::Role::kAdmin).status()) == "REASON_REQUIRED");
    CHECK(one.park.relay_writes("m-1").empty());
    request.set_reason_text("fire brigade");
    REQUIRE(submit("overridden", rpc::Role::kAdmin).ok());
    const v1::Command command = one.gateway().follow("overridden");
    CHECK(command.state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(command.override_keep_power());
    REQUIRE(one.meter().holds_size() == 1);
    CHECK(one.meter().holds(0).keep_power_overridden());
    CHECK(one.order("close", v1::COMMAND_ACTION_CLOSE).state() == v1::COMMAND_STATE_VERIFIED);
    // No answer: taken, but not sent; and what account says before the wire counts.
    one.fixture.permits.cut_outcome = ClaimOutcome::kUnanswered;
    request.set_override_keep_power(false);
    REQUIRE(submit("asked", rpc::Role::kOperator).ok());
    CHECK_FALSE(
        one.gateway().eventually("SELECT state <> 'queued' FROM commands"
                                 " WHERE command_id = 'asked'",
                                 std::chrono::seconds(1)));
    one.fixture.permits.cut_outcome = ClaimOutcome::kDenied;
    CHECK(one.gateway().follow("asked").failure_reason() == "KEEP_POWER");
    CHECK(one.park.truth("m-1").relay_closed());
}

TEST_CASE("I-29: a hold releases itself at its time, after a restart too, with evidence") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    const auto seconds = [](int count) { return std::chrono::seconds(count); };
    CHECK(error_reason(one.trip_until("too-early", seconds(2), seconds(3)).status()) ==
          "HOLD_EXPIRY_TOO_EARLY");
    REQUIRE(one.trip_until("works", seconds(6), seconds(5)).ok());
    const v1::Command trip = one.gateway().follow("works");
    CHECK(trip.state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(trip.has_hold_expire_time());
    REQUIRE(one.meter().holds_size() == 1);
    CHECK(one.meter().holds(0).expire_time().seconds() == trip.hold_expire_time().seconds());
    CHECK_FALSE(one.park.truth("m-1").relay_closed());
    one.fixture.restart();
    CHECK_FALSE(one.park.truth("m-1").relay_closed());
    REQUIRE(one.gateway().eventually(
        "SELECT count(*) = 1 FROM commands WHERE initiator = 'prepay-metering'"
        " AND state = 'verified' AND action = 'close' AND holder = 'operator'"
        " AND reason_text = 'the time of the hold is over'"));
    CHECK(one.park.truth("m-1").relay_closed());
    CHECK(one.meter().holds_size() == 0);
    CHECK(one.held().empty());
    CHECK(one.park.relay_writes("m-1").size() == 2);
    CHECK(one.gateway().eventually(
        "SELECT count(*) > 0 FROM command_frames f JOIN commands c USING (command_id)"
        " WHERE c.initiator = 'prepay-metering'"));
}

TEST_CASE("ListHolds says why each meter is off, who, since and until when, page by page") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    const int port = one.park.add_line("line-02");
    one.gateway().add_line("line-02", "127.0.0.1:" + std::to_string(port));
    for (int unit : {2, 3}) {
        const std::string id = "m-" + std::to_string(unit);
        one.park.add_meter(id, "line-02", unit, sim::FAMILY_DDSY1352, 1000, 500);
        one.gateway().add_meter(id, "line-02", unit, "acrel-ddsy1352");
    }
    REQUIRE(one.gateway().eventually("SELECT bool_and(online) FROM meters"));
    CHECK(one.held().empty());
    REQUIRE(one.trip_until("works", std::chrono::hours(1), std::chrono::seconds(60)).ok());
    CHECK(one.gateway().follow("works").state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(one.money("cut", SWITCH_ACTION_TRIP).state() == v1::COMMAND_STATE_VERIFIED);
    REQUIRE(one.gateway().submit("trip-2", "m-2", v1::COMMAND_ACTION_TRIP).ok());
    CHECK(one.gateway().follow("trip-2").state() == v1::COMMAND_STATE_VERIFIED);
    sim::SetMeterRequest by_hand;
    by_hand.set_meter_id("m-3");
    by_hand.set_relay_closed(false);
    one.park.call(&sim::SimulatorService::StubInterface::SetMeter, by_hand);
    REQUIRE(one.gateway().eventually("SELECT bool_or(foreign_open) FROM meters"));

    for (const int page_size : {0, 1, 2, 3, 4}) {
        INFO(page_size);
        const auto all = one.held(v1::HOLDER_UNSPECIFIED, page_size);
        std::vector<std::string> words;
        for (const v1::HeldMeter& meter : all) {
            words.push_back(
                meter.meter_id() + " " +
                (meter.has_hold() ? v1::Holder_Name(meter.hold().holder()) : "foreign"));
        }
        CHECK(words == std::vector<std::string>{"m-2 HOLDER_OPERATOR", "m-1 HOLDER_MONEY",
                                                "m-1 HOLDER_OPERATOR", "m-3 foreign"});
    }
    const auto operators = one.held(v1::HOLDER_OPERATOR, 1);
    REQUIRE(operators.size() == 2);
    const v1::HeldMeter& works = operators[1];
    CHECK(works.hold().reason_text() == "works on the riser");
    CHECK(works.hold().initiator() == "user:li");
    CHECK(works.hold().command_id() == "works");
    CHECK(works.hold().has_place_time());
    CHECK(works.hold().has_expire_time());
    CHECK(works.relay() == v1::RELAY_STATE_OPEN);
    CHECK(one.held()[3].has_foreign_since());
    v1::ListHoldsRequest bad;
    bad.set_page_token("5.nobody");
    CHECK(error_reason(one.gateway().grpc_holds.list_holds({}, bad).status()) == "BAD_PAGE_TOKEN");
    bad.clear_page_token();
    bad.set_holder(static_cast<v1::Holder>(77));
    CHECK(error_reason(one.gateway().grpc_holds.list_holds({}, bad).status()) == "BAD_HOLDER");
}
