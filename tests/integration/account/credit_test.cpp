#include <catch2/catch.hpp>

#include "books/convert.h"
#include "core/anchored_clock.h"
#include "integration/account/world.h"

namespace prepay::account::test {
namespace {

using metering::v1::COMMAND_STATE_EXPIRED;
using metering::v1::COMMAND_STATE_NOT_VERIFIED;
using metering::v1::COMMAND_STATE_VERIFIED;
using metering::v1::RELAY_STATE_CLOSED;
using metering::v1::RELAY_STATE_OPEN;

/// "trip ready, restore done" of an account, newest first.
std::string story(World& world, const std::string& account_id) {
    std::string text;
    for (const v1::SwitchIntent& intent : world.intents(account_id)) {
        text += text.empty() ? "" : ", ";
        text += intent.action() == v1::SWITCH_ACTION_TRIP ? "trip " : "restore ";
        text += v1::SwitchIntentState_Name(intent.state()).substr(20);
    }
    return text;
}

struct Cut {
    World world;
    std::string account;
    Cut() {
        world.make_site();
        account = world.make_account("r1", 10'000'000);
        charge(10'000'000);
    }
    void charge(std::int64_t amount) {
        static std::int64_t id = 0;
        REQUIRE(world.charge({{++id, account, amount, ""}}).ok());
    }
    std::string newest() { return world.intents(account).front().intent_id(); }
    void result(metering::v1::CommandState state) {
        REQUIRE(world.command_result(newest(), "r1-m1", state).ok());
    }
    void keep_power(bool on) {
        REQUIRE(
            world.database
                ->transact([&](pqxx::work& tx) -> Status {
                    return world.terms.set_keep_power(tx, account, on, {"user:li", ""}).status();
                })
                .ok());
    }
};

}  // namespace

TEST_CASE("reaching the floor makes one trip, a payment before the claim cancels it (I-11)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    CHECK(story(cut.world, cut.account) == "trip READY");
    cut.charge(1'000'000);
    CHECK(story(cut.world, cut.account) == "trip READY");
    CHECK(cut.world.account(cut.account).fee_state() == v1::FEE_STATE_ARREARS);
    REQUIRE(cut.world.top_up(cut.account, 2'000'000).ok());
    CHECK(story(cut.world, cut.account) == "trip CANCELLED");
    CHECK_FALSE(cut.world.claim(cut.newest()));
    const auto events =
        cut.world.published<v1::SwitchIntentChanged>("prepay.account.switch-intents.v1");
    REQUIRE(events.size() == 2);
    CHECK(events[1].revision() == 2);
    CHECK(events[1].intent().state() == v1::SWITCH_INTENT_STATE_CANCELLED);
    CHECK(events[0].intent().meter_id() == "r1-m1");
    CHECK(events[0].intent().account_id() == cut.account);
}

TEST_CASE("a claimed trip is followed by a restore, and cut is shown only when proven (I-11)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    const std::string trip = cut.newest();
    CHECK(cut.world.claim(trip, "gateway-1"));
    CHECK(cut.world.claim(trip, "gateway-1"));
    CHECK_FALSE(cut.world.claim(trip, "gateway-2"));
    SECTION("paid while the trip is on the wire") {
        REQUIRE(cut.world.top_up(cut.account, 5'000'000).ok());
        CHECK(story(cut.world, cut.account) == "restore READY, trip SENDING");
        const std::string restore = cut.newest();
        REQUIRE(cut.world.command_result(trip, "r1-m1", COMMAND_STATE_VERIFIED).ok());
        CHECK(story(cut.world, cut.account) == "restore READY, trip DONE");
        CHECK(cut.world.claim(restore));
        cut.result(COMMAND_STATE_VERIFIED);
        CHECK(story(cut.world, cut.account) == "restore DONE, trip DONE");
    }
    SECTION("cut, then paid, then below again before the restore was claimed") {
        cut.result(COMMAND_STATE_VERIFIED);
        CHECK(cut.world.account(cut.account).fee_state() == v1::FEE_STATE_CUT);
        REQUIRE(cut.world.top_up(cut.account, 5'000'000).ok());
        CHECK(story(cut.world, cut.account) == "restore READY, trip DONE");
        cut.charge(5'000'000);
        CHECK(story(cut.world, cut.account) == "restore CANCELLED, trip DONE");
        REQUIRE(cut.world.top_up(cut.account, 5'000'000).ok());
        CHECK(cut.world.claim(cut.newest()));
        cut.result(COMMAND_STATE_VERIFIED);
        CHECK(cut.world.account(cut.account).fee_state() == v1::FEE_STATE_LOW_3);
    }
}

TEST_CASE("a restore that leaves others' holds is done, and money holds no more (I-29)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    CHECK(cut.world.claim(cut.newest()));
    cut.result(COMMAND_STATE_VERIFIED);
    CHECK(cut.world.account(cut.account).fee_state() == v1::FEE_STATE_CUT);
    REQUIRE(cut.world.top_up(cut.account, 5'000'000).ok());
    CHECK(cut.world.claim(cut.newest()));
    cut.result(metering::v1::COMMAND_STATE_STILL_HELD);
    CHECK(story(cut.world, cut.account) == "restore DONE, trip DONE");
    REQUIRE(cut.world.meter_state("r1-m1", true, RELAY_STATE_OPEN).ok());
    CHECK(story(cut.world, cut.account) == "restore DONE, trip DONE");
    CHECK(cut.world.account(cut.account).fee_state() == v1::FEE_STATE_LOW_3);
}

TEST_CASE("a failed trip comes again after a pause, or at once when the meter is back (I-12)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    CHECK(cut.world.claim(cut.newest()));
    cut.result(COMMAND_STATE_NOT_VERIFIED);
    CHECK(story(cut.world, cut.account) == "trip FAILED");
    REQUIRE(*cut.world.credit->sweep(true) >= 0);
    CHECK(story(cut.world, cut.account) == "trip FAILED");
    SECTION("after the pause") {
        cut.world.clock.advance(kRetryPauseMin);
        REQUIRE(*cut.world.credit->sweep(false) == 1);
        CHECK(story(cut.world, cut.account) == "trip READY, trip FAILED");
        CHECK(cut.world.claim(cut.newest()));
        cut.result(COMMAND_STATE_EXPIRED);
        cut.world.clock.advance(kRetryPauseMin);
        REQUIRE(*cut.world.credit->sweep(false) == 0);
        cut.world.clock.advance(kRetryPauseMin);
        REQUIRE(*cut.world.credit->sweep(false) == 1);
        CHECK(story(cut.world, cut.account) == "trip READY, trip FAILED, trip FAILED");
    }
    SECTION("the meter answers again, still closed") {
        REQUIRE(cut.world.meter_state("r1-m1", true, RELAY_STATE_CLOSED).ok());
        CHECK(story(cut.world, cut.account) == "trip READY, trip FAILED");
    }
    SECTION("the meter answers again and turns out to be open") {
        REQUIRE(cut.world.meter_state("r1-m1", true, RELAY_STATE_OPEN, true).ok());
        CHECK(story(cut.world, cut.account) == "trip FAILED");
        CHECK(cut.world.account(cut.account).fee_state() == v1::FEE_STATE_CUT);
        REQUIRE(cut.world.top_up(cut.account, 5'000'000).ok());
        CHECK(story(cut.world, cut.account) == "restore READY, trip FAILED");
    }
    SECTION("it is open, but somebody else holds it: money's hold is still to be placed") {
        REQUIRE(cut.world.meter_state("r1-m1", true, RELAY_STATE_OPEN).ok());
        CHECK(story(cut.world, cut.account) == "trip READY, trip FAILED");
        CHECK(cut.world.account(cut.account).fee_state() == v1::FEE_STATE_ARREARS);
    }
    SECTION("paid while the outcome is unknown: restored to be sure") {
        REQUIRE(cut.world.top_up(cut.account, 5'000'000).ok());
        CHECK(story(cut.world, cut.account) == "restore READY, trip FAILED");
    }
}

TEST_CASE("a claim that never ends is given up and tried again (I-12)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    CHECK(cut.world.claim(cut.newest()));
    cut.world.clock.advance(std::chrono::minutes(16));
    REQUIRE(*cut.world.credit->sweep(false) == 1);
    CHECK(story(cut.world, cut.account) == "trip FAILED");
    cut.world.clock.advance(std::chrono::minutes(1));
    REQUIRE(*cut.world.credit->sweep(false) == 1);
    CHECK(story(cut.world, cut.account) == "trip READY, trip FAILED");
}

TEST_CASE("a claim is not given up while nobody knows the time (S-21)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    CHECK(cut.world.claim(cut.newest()));
    const AnchoredClock anchored(cut.world.clock, [] { return Duration(0); });
    PgCredit credit(*cut.world.database, cut.world.book, cut.world.switches, anchored,
                    std::chrono::minutes(15));
    cut.world.clock.advance(std::chrono::hours(24));  // The machine's clock was set.
    REQUIRE(*credit.sweep(true) == 0);
    CHECK(story(cut.world, cut.account) == "trip SENDING");
}

TEST_CASE("the full sweep finds a trip that was forgotten (I-12)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    // As after a restored backup that lost the intent but not the balance.
    REQUIRE(cut.world.database
                ->transact([&](pqxx::work& tx) {
                    tx.exec("UPDATE switch_intents SET state = 'cancelled'");
                    return absl::OkStatus();
                })
                .ok());
    REQUIRE(*cut.world.credit->sweep(false) == 0);
    REQUIRE(*cut.world.credit->sweep(true) == 1);
    CHECK(story(cut.world, cut.account) == "trip READY, trip CANCELLED");
}

TEST_CASE("keep-power cancels trips, restores, and its end trips again (B1)") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    cut.keep_power(true);
    CHECK(story(cut.world, cut.account) == "trip CANCELLED");
    cut.charge(1'000'000);
    CHECK(story(cut.world, cut.account) == "trip CANCELLED");
    cut.keep_power(false);
    CHECK(story(cut.world, cut.account) == "trip READY, trip CANCELLED");
    CHECK(cut.world.claim(cut.newest()));
    cut.result(COMMAND_STATE_VERIFIED);
    cut.keep_power(true);
    CHECK(story(cut.world, cut.account) == "restore READY, trip DONE, trip CANCELLED");
}

TEST_CASE("every meter of an account is switched, and a new tenant gets power back") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    world.make_room("r1", 2);
    const std::string a = world.open("r1", 1'000'000);
    REQUIRE(world.charge({{1, a, 1'000'000, ""}}).ok());
    const auto trips = world.intents(a);
    REQUIRE(trips.size() == 2);
    for (const auto& trip : trips) {
        CHECK(world.claim(trip.intent_id()));
        REQUIRE(
            world.command_result(trip.intent_id(), trip.meter_id(), COMMAND_STATE_VERIFIED).ok());
    }
    REQUIRE(world.database
                ->transact([&](pqxx::work& tx) -> Status {
                    MoveOut wanted;
                    wanted.account_id = a;
                    return world.accounts.close(tx, wanted).status();
                })
                .ok());
    CHECK(world.intents(a).size() == 2);
    const std::string b = world.open("r1", 1'000'000);
    CHECK(story(world, b) == "restore READY, restore READY");
}

TEST_CASE("a late result of a cancelled or unknown intent changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Cut cut;
    const std::string trip = cut.newest();
    REQUIRE(cut.world.top_up(cut.account, 5'000'000).ok());
    REQUIRE(cut.world.command_result(trip, "r1-m1", metering::v1::COMMAND_STATE_CANCELLED).ok());
    REQUIRE(cut.world.command_result("no-such-intent", "r1-m1", COMMAND_STATE_VERIFIED).ok());
    REQUIRE(cut.world.command_result(trip, "no-such-meter", COMMAND_STATE_VERIFIED).ok());
    CHECK(story(cut.world, cut.account) == "trip CANCELLED");
}

}  // namespace prepay::account::test
