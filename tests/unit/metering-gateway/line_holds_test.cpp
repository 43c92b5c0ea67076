// What a line makes of holds, account's word and late effects.
#include <catch2/catch.hpp>

#include "line_bench.h"

using namespace prepay;
using namespace prepay::metering;
using test::Bench;

namespace {

Command money(const Bench& bench, const std::string& id, CommandAction action) {
    Command command = bench.intent(id, 1, action);
    command.holder = Holder::kMoney;
    command.initiator = "prepay-account";
    return command;
}

bool holds(Bench& bench, Holder holder) {
    return bench.stores.holds["m-1"].find(holder) != nullptr;
}

}  // namespace

TEST_CASE("I-29: a payment does not close a relay that an operator opened") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.worker->submit(bench.order("operator", 1, CommandAction::kTrip), false);
    CHECK(bench.result("operator").state == CommandState::kVerified);
    bench.worker->submit(money(bench, "cut", CommandAction::kTrip), false);
    const Command cut = bench.result("cut");
    CHECK(cut.state == CommandState::kVerified);
    CHECK(cut.attempt_count == 0);
    CHECK(bench.bus.write_count() == 1);
    CHECK(holds(bench, Holder::kMoney));
    CHECK(holds(bench, Holder::kOperator));
    bench.worker->submit(money(bench, "restore", CommandAction::kClose), false);
    const Command restore = bench.result("restore");
    CHECK(restore.state == CommandState::kStillHeld);
    REQUIRE(restore.remaining_holds.size() == 1);
    CHECK(restore.remaining_holds[0].holder == Holder::kOperator);
    CHECK(restore.remaining_holds[0].command_id == "operator");
    CHECK(bench.bus.write_count() == 1);
    CHECK(bench.bus.units[1].open);
    CHECK_FALSE(holds(bench, Holder::kMoney));
    bench.worker->submit(bench.order("close", 1, CommandAction::kClose), false);
    CHECK(bench.result("close").state == CommandState::kVerified);
    CHECK_FALSE(bench.bus.units[1].open);
    CHECK_FALSE(holds(bench, Holder::kOperator));
}

TEST_CASE("I-29: a relay that somebody opened past us is shown, and closed by a person only") {
    Bench bench(1, std::chrono::milliseconds(200));
    REQUIRE(bench.wait_requests(1));
    bench.bus.units[1].open = true;
    bench.worker->submit(money(bench, "cut", CommandAction::kTrip), false);
    CHECK(bench.result("cut").state == CommandState::kVerified);
    CHECK(bench.bus.write_count() == 0);
    CHECK(bench.stores.holds["m-1"].foreign_open);
    bench.worker->submit(money(bench, "restore", CommandAction::kClose), false);
    CHECK(bench.result("restore").state == CommandState::kStillHeld);
    CHECK(bench.result("restore").failure_reason == "FOREIGN_OPEN");
    CHECK(bench.bus.units[1].open);
    bench.worker->submit(bench.order("close", 1, CommandAction::kClose), false);
    CHECK(bench.result("close").state == CommandState::kVerified);
    CHECK_FALSE(bench.bus.units[1].open);
}

TEST_CASE("I-11: a trip that takes effect after the restore was verified is undone") {
    Bench bench(1, std::chrono::milliseconds(200));
    REQUIRE(bench.wait_requests(1));
    bench.bus.units[1].delay_writes = 1;
    bench.worker->submit(money(bench, "cut", CommandAction::kTrip), false);
    REQUIRE(bench.loop.run_until([&] { return bench.bus.write_count() == 1; }));
    bench.worker->submit(money(bench, "restore", CommandAction::kClose), false);
    CHECK(bench.result("cut").failure_reason == "SUPERSEDED");
    CHECK(bench.result("restore").state == CommandState::kVerified);
    CHECK(bench.result("restore").attempt_count == 1);  // Closed already, but that is no proof.
    bench.bus.act_late(1);
    REQUIRE(bench.bus.units[1].open);
    REQUIRE(bench.loop.run_until([&] { return bench.stores.own.size() == 1; }));
    const Command repair = bench.result(bench.stores.own[0].command_id);
    CHECK(repair.state == CommandState::kVerified);
    CHECK(repair.action == CommandAction::kClose);
    CHECK(repair.initiator == "prepay-metering");
    CHECK_FALSE(repair.frames.empty());
    CHECK_FALSE(bench.bus.units[1].open);
    CHECK(bench.stores.holds["m-1"].standing.empty());
}

TEST_CASE("I-29: a hold whose time is over is released by an order with evidence") {
    Bench bench(1, std::chrono::milliseconds(1000));
    REQUIRE(bench.wait_requests(1));
    Command trip = bench.order("operator", 1, CommandAction::kTrip);
    trip.hold_expire_time = bench.clock.now() + std::chrono::minutes(10);
    bench.worker->submit(trip, false);
    CHECK(bench.result("operator").state == CommandState::kVerified);
    const Instant before = bench.clock.now() + std::chrono::minutes(9);
    REQUIRE(bench.loop.run_until([&] { return bench.clock.now() > before; }));
    CHECK(bench.stores.own.empty());
    CHECK(bench.bus.units[1].open);
    REQUIRE(bench.loop.run_until([&] { return bench.stores.own.size() == 1; }));
    CHECK(bench.clock.now() >= *trip.hold_expire_time);
    const Command release = bench.result(bench.stores.own[0].command_id);
    CHECK(release.state == CommandState::kVerified);
    CHECK(release.action == CommandAction::kClose);
    CHECK(release.holder == Holder::kOperator);
    CHECK(release.initiator == kOwnInitiator);
    CHECK(release.reason_text == "the time of the hold is over");
    CHECK_FALSE(release.frames.empty());
    CHECK_FALSE(bench.bus.units[1].open);
    CHECK_FALSE(holds(bench, Holder::kOperator));
}

TEST_CASE("I-29: a hold that ends while money holds leaves the relay open, once") {
    Bench bench(1, std::chrono::milliseconds(1000));
    REQUIRE(bench.wait_requests(1));
    Command trip = bench.order("operator", 1, CommandAction::kTrip);
    trip.hold_expire_time = bench.clock.now() + std::chrono::minutes(1);
    bench.worker->submit(trip, false);
    CHECK(bench.result("operator").state == CommandState::kVerified);
    bench.worker->submit(money(bench, "cut", CommandAction::kTrip), false);
    CHECK(bench.result("cut").state == CommandState::kVerified);
    REQUIRE(bench.loop.run_until([&] { return bench.stores.own.size() == 1; }));
    const Command release = bench.result(bench.stores.own[0].command_id);
    CHECK(release.state == CommandState::kStillHeld);
    REQUIRE(release.remaining_holds.size() == 1);
    CHECK(release.remaining_holds[0].holder == Holder::kMoney);
    CHECK(bench.bus.units[1].open);
    CHECK(bench.bus.write_count() == 1);
    CHECK_FALSE(holds(bench, Holder::kOperator));
    const Instant later = bench.clock.now() + std::chrono::minutes(30);
    REQUIRE(bench.loop.run_until([&] { return bench.clock.now() > later; }));
    CHECK(bench.stores.own.size() == 1);
    bench.worker->submit(money(bench, "restore", CommandAction::kClose), false);
    CHECK(bench.result("restore").state == CommandState::kVerified);
    CHECK_FALSE(bench.bus.units[1].open);
}

TEST_CASE("An open relay is ours within the horizon only") {
    Bench bench(1, std::chrono::milliseconds(1000));
    REQUIRE(bench.wait_requests(1));
    bench.bus.units[1].delay_writes = 1;
    bench.worker->submit(money(bench, "cut", CommandAction::kTrip), false);
    REQUIRE(bench.loop.run_until([&] { return bench.bus.write_count() == 1; }));
    bench.worker->submit(money(bench, "restore", CommandAction::kClose), false);
    CHECK(bench.result("restore").state == CommandState::kVerified);
    const Instant later = bench.clock.now() + std::chrono::minutes(16);
    REQUIRE(bench.loop.run_until([&] { return bench.clock.now() > later; }));
    bench.bus.act_late(1);
    const std::size_t seen = bench.bus.requests.size();
    REQUIRE(bench.loop.run_until([&] { return bench.bus.requests.size() > seen + 40; }));
    CHECK(bench.stores.own.empty());
    CHECK(bench.bus.units[1].open);
}

TEST_CASE("Keep-power is asked right before the wire; an override is not") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.stores.cut_outcome = ClaimOutcome::kDenied;
    bench.worker->submit(bench.order("denied", 1, CommandAction::kTrip), false);
    CHECK(bench.result("denied").state == CommandState::kCancelled);
    CHECK(bench.result("denied").failure_reason == "KEEP_POWER");
    CHECK(bench.bus.write_count() == 0);
    CHECK_FALSE(holds(bench, Holder::kOperator));
    bench.stores.cut_outcome = ClaimOutcome::kUnanswered;
    bench.stores.cut_checks.clear();
    bench.worker->submit(bench.order("unanswered", 1, CommandAction::kTrip), false);
    CHECK(bench.result("unanswered").state == CommandState::kExpired);
    CHECK(bench.stores.cut_checks.size() > 3);
    CHECK(bench.bus.write_count() == 0);
    bench.stores.cut_outcome = ClaimOutcome::kDenied;
    Command overriding = bench.order("override", 1, CommandAction::kTrip);
    overriding.override_keep_power = true;
    bench.worker->submit(overriding, false);
    CHECK(bench.result("override").state == CommandState::kVerified);
    REQUIRE(holds(bench, Holder::kOperator));
    CHECK(bench.stores.holds["m-1"].find(Holder::kOperator)->keep_power_overridden);
    bench.worker->submit(bench.order("close", 1, CommandAction::kClose), false);
    CHECK(bench.result("close").state == CommandState::kVerified);  // Closing needs no word.
}

TEST_CASE("I-11: account's word that grew old while storage stalled is asked for again") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    // The payment comes while the attempt is being stored.
    bench.stores.on_mark = [&] {
        bench.clock.advance(std::chrono::milliseconds(1500));
        bench.stores.claim_outcome = ClaimOutcome::kDenied;
        bench.stores.cut_outcome = ClaimOutcome::kDenied;
    };
    bench.worker->submit(money(bench, "cut", CommandAction::kTrip), false);
    const Command cut = bench.result("cut");
    CHECK(cut.state == CommandState::kCancelled);
    CHECK(cut.failure_reason == "INTENT_WITHDRAWN");
    CHECK(bench.stores.claims.size() == 2);
    bench.stores.cut_outcome = ClaimOutcome::kGranted;
    bench.worker->submit(bench.order("operator", 1, CommandAction::kTrip), false);
    CHECK(bench.result("operator").failure_reason == "KEEP_POWER");
    CHECK(bench.stores.cut_checks.size() == 2);
    CHECK(bench.bus.write_count() == 0);
    CHECK_FALSE(bench.bus.units[1].open);
}
