// The running gateway as a process; the test stands for its RPC that dies behind the commit.
#include "gateway_process.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

// What SubmitCommand commits, without what it does then: telling the line.
void commit_order(pg::Database& database, const std::string& order_id, CommandAction action) {
    const SystemClock clock;
    const outbox::Outbox outbox(8);
    CommandSignal signal;
    PgCommandStore store(database, outbox, clock, signal);
    Command command;
    command.command_id = order_id;
    command.meter_id = "m-1";
    command.line_id = "line-01";
    command.action = action;
    command.reason_text = "works on the riser";
    command.initiator = "user:li";
    command.override_keep_power = action == CommandAction::kTrip;
    command.create_time = clock.now();
    command.not_after = command.create_time + std::chrono::seconds(60);
    bool is_new = false;
    const auto stored =
        store.submit({order_id, "SubmitCommand", "hash", command.initiator}, command, is_new);
    REQUIRE(stored.ok());
    REQUIRE(is_new);
}

std::string is_verified(const std::string& order_id) {
    return "SELECT count(*) = 1 FROM commands WHERE state = 'verified' AND command_id = '" +
           order_id + "'";
}

}  // namespace

TEST_CASE("I-12: an order that its line never heard of is sent by the sweep of open orders, once") {
    SKIP_WITHOUT_POSTGRES();
    Simulator park;
    prepay::test::TestDatabase scratch("metering", metering_gateway_migrations());
    const auto database = scratch.open();
    add_meter(*database, park);
    const GatewayProcess gateway(scratch);
    // It serves: what is open by now was handed over at its start.
    REQUIRE(eventually(*database, "SELECT count(*) > 1 FROM readings"));
    commit_order(*database, "trip", CommandAction::kTrip);
    INFO(gateway.log());
    CHECK(eventually(*database, is_verified("trip")));
    CHECK_FALSE(park.truth("m-1").relay_closed());
    commit_order(*database, "close", CommandAction::kClose);
    CHECK(eventually(*database, is_verified("close")));
    CHECK(park.truth("m-1").relay_closed());
    // The line gets an open order again with each sweep until it is final.
    CHECK(park.relay_writes("m-1").size() == 2);
    CHECK(eventually(*database, "SELECT count(*) = 2 FROM command_attempts"));
    CHECK(eventually(*database,
                     "SELECT bool_and(send_time > create_time + interval '2 seconds')"
                     " FROM commands"));
}
