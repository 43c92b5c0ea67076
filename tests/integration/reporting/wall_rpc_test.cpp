#include <catch2/catch.hpp>

#include "adapters/grpc_reporting_service.h"
#include "reporting_fixture.h"

using namespace prepay;
using namespace prepay::reporting;
using namespace prepay::reporting::test;

namespace {

kafka::Message kept(const std::string& account_id, std::int64_t settings_revision, bool keep) {
    account::v1::BalancesChanged event;
    account::v1::BalanceChange* change = event.add_changes();
    change->set_account_id(account_id);
    change->set_site_id("park");
    change->set_version(1);
    change->set_settings_revision(settings_revision);
    change->set_balance_micros(5'000'000);
    change->set_fee_state(account::v1::FEE_STATE_NORMAL);
    change->set_keep_power(keep);
    return message("prepay.account.balance-changes.v1", event,
                   "kept-" + account_id + "-" + std::to_string(settings_revision));
}

kafka::Message held(const std::string& meter_id, std::int64_t revision, bool overridden) {
    metering::v1::MeterStatesChanged event;
    metering::v1::MeterState* state = event.add_meter_states();
    state->set_meter_id(meter_id);
    state->set_online(true);
    state->set_relay(metering::v1::RELAY_STATE_OPEN);
    state->set_resource(common::v1::RESOURCE_ELECTRICITY);
    state->set_revision(revision);
    metering::v1::Hold* hold = state->add_holds();
    hold->set_holder(metering::v1::HOLDER_OPERATOR);
    hold->set_initiator("user:li");
    hold->set_reason_text("fire brigade");
    hold->set_command_id("c-1");
    hold->set_keep_power_overridden(overridden);
    *hold->mutable_place_time() = stamp("2026-11-22T00:45:00Z");
    *hold->mutable_expire_time() = stamp("2026-11-22T06:45:00Z");
    return message("prepay.metering.meter-states.v1", event,
                   "held-" + meter_id + "-" + std::to_string(revision));
}

/// The wall as its RPC answers, over the folded tables.
struct Wall : Fixture {
    std::vector<v1::WallRoom> rooms() {
        REQUIRE(source.refresh().ok());
        const auto answer = rpc.list_wall(context, {});
        REQUIRE(answer.ok());
        return {answer->rooms().begin(), answer->rooms().end()};
    }

    FakeClock clock{"2026-11-22T02:00:00Z"};
    WallImage wall;
    PgWallSource source{*database, clock, wall};
    PgReportStore reports{*database};
    GrpcReportingService rpc{wall, reports, clock, ReportingConfig{}, metrics};
    rpc::CallContext context;
};

}  // namespace

TEST_CASE("The wall's answer tells keep-power, and a hold that was placed against it") {
    SKIP_WITHOUT_POSTGRES();
    Wall wall;
    REQUIRE(wall.fold({site_and_rooms(2)}).ok());
    REQUIRE(wall.fold({occupancy("o-1", "r1", "a1", "2026-11-01T00:00:00Z"),
                       occupancy("o-2", "r2", "a2", "2026-11-01T00:00:00Z")})
                .ok());
    REQUIRE(wall.fold({kept("a1", 1, true), kept("a2", 1, false)}).ok());
    REQUIRE(wall.fold({held("m1", 1, true), held("m2", 1, false)}).ok());
    auto rooms = wall.rooms();
    REQUIRE(rooms.size() == 2);
    CHECK(rooms[0].keep_power());
    CHECK_FALSE(rooms[1].keep_power());
    REQUIRE(rooms[0].holds_size() == 1);
    const metering::v1::Hold& against = rooms[0].holds(0);
    CHECK(against.keep_power_overridden());
    CHECK(against.holder() == metering::v1::HOLDER_OPERATOR);
    CHECK(against.initiator() == "user:li");
    CHECK(against.reason_text() == "fire brigade");
    CHECK(against.command_id() == "c-1");
    CHECK(against.place_time().seconds() == stamp("2026-11-22T00:45:00Z").seconds());
    CHECK(against.expire_time().seconds() == stamp("2026-11-22T06:45:00Z").seconds());
    REQUIRE(rooms[1].holds_size() == 1);
    CHECK_FALSE(rooms[1].holds(0).keep_power_overridden());
    CHECK(rooms[0].state() == v1::WALL_STATE_TRIPPED);

    REQUIRE(wall.fold({kept("a1", 2, false)}).ok());
    rooms = wall.rooms();
    CHECK_FALSE(rooms[0].keep_power());
    CHECK(rooms[0].holds(0).keep_power_overridden());
}
