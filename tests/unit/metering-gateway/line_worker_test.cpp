#include "lines/app/line_worker.h"

#include <catch2/catch.hpp>
#include <thread>

#include "line_bench.h"

using namespace prepay;
using namespace prepay::metering;
using test::Bench;
using test::FakeBus;
using test::FakeClock;
using test::FakeLoop;
using test::FakeStores;

TEST_CASE("A sweep reads every meter once and is stored as one batch") {
    Bench bench(5);
    REQUIRE(bench.loop.run_until([&] { return bench.spool.size() == 5; }));
    std::jthread writer([&](const std::stop_token& stop) { bench.spool.run(stop); });
    REQUIRE(bench.stores.wait([&] { return !bench.stores.batches.empty(); }));
    const LineBatch& batch = bench.stores.batches.front();
    CHECK(batch.line_id == "line-1");
    CHECK(batch.readings.size() == 5);
    CHECK(batch.state_changes.size() == 5);
    CHECK(bench.board.find("m-3")->values->register_total.base_units() == 1000);
    CHECK(bench.bus.requests.size() == 5);
}

TEST_CASE("An answer that lay unread while the process stood still is none") {
    Bench bench(1, std::chrono::seconds(10));
    REQUIRE(bench.loop.run_until([&] { return bench.spool.size() == 1; }));
    bench.bus.standstill = std::chrono::seconds(9);
    const std::size_t asked = bench.bus.requests.size();
    REQUIRE(bench.wait_requests(asked + 1));
    const Instant stopped_at = bench.clock.now();
    bench.bus.units[1].total += 5;  // What the meter counts in the meantime.
    REQUIRE(bench.wait_requests(asked + 3));
    std::jthread writer([&](const std::stop_token& stop) { bench.spool.run(stop); });
    REQUIRE(bench.stores.wait([&] { return bench.stores.batches.size() >= 2; }));
    for (const LineBatch& batch : bench.stores.batches) {
        CHECK(batch.rejected.empty());
        for (const Reading& reading : batch.readings) {
            CHECK((reading.read_time <= stopped_at) ==
                  (reading.register_total.base_units() == 1000));
        }
    }
}

TEST_CASE("A trip is proven by read-back, with attempt, values and frames") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    const Command command = bench.result("c-1");
    CHECK(command.state == CommandState::kVerified);
    CHECK(command.attempt_count == 1);
    CHECK(bench.bus.units[1].open);
    REQUIRE(command.before);
    CHECK(command.before->relay == RelayState::kClosed);
    REQUIRE(command.after);
    CHECK(command.after->relay == RelayState::kOpen);
    CHECK(command.send_time);
    CHECK_FALSE(command.frames.empty());
    CHECK(bench.stores.marked.size() == 1);
}

TEST_CASE("An order to a meter that was never polled brings a reading of today") {
    Bench bench(1);
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    REQUIRE(bench.result("c-1").state == CommandState::kVerified);
    std::size_t count = 0;
    REQUIRE(bench.loop.run_until([&] { return bench.spool.size() > 0; }));
    std::jthread writer([&](const std::stop_token& stop) { bench.spool.run(stop); });
    REQUIRE(bench.stores.wait([&] { return !bench.stores.batches.empty(); }));
    for (const LineBatch& batch : bench.stores.batches) {
        for (const Reading& reading : batch.readings) {
            CHECK(bench.clock.now() - reading.slot_time < std::chrono::hours(2));
            ++count;
        }
    }
    CHECK(count > 0);
}

TEST_CASE("I-15: an order waits for at most the request in flight") {
    Bench bench(40);
    REQUIRE(bench.wait_requests(7));  // The seventh is on the wire.
    bench.worker->submit(bench.order("c-1", 40, CommandAction::kTrip), false);
    CHECK(bench.result("c-1").state == CommandState::kVerified);
    REQUIRE(bench.bus.requests.size() >= 9);
    CHECK(bench.bus.requests[6].first == 7);
    CHECK(bench.bus.requests[7].first == 40);  // Its relay is looked at,
    CHECK(bench.bus.requests[8].first == 40);  // and the order follows at once.
    CHECK(bench.bus.requests[8].second[0] == 0x10);
}

TEST_CASE("I-14: a lost answer is resolved by reading, the order is sent once") {
    Bench bench(1);
    bench.bus.units[1].lose_answers = 1;
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    const Command command = bench.result("c-1");
    CHECK(command.state == CommandState::kVerified);
    CHECK(command.attempt_count == 1);
    CHECK(bench.bus.write_count() == 1);
}

TEST_CASE("I-14: a lost request becomes a second, numbered attempt after a read-back") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    { bench.bus.units[1].lose_requests = 1; }
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    const Command command = bench.result("c-1");
    CHECK(command.state == CommandState::kVerified);
    CHECK(command.attempt_count == 2);
    CHECK(bench.bus.write_count() == 2);
    CHECK(bench.stores.marked.size() == 2);
    for (std::size_t i = 1; i < bench.bus.requests.size(); ++i) {
        const bool two_writes =
            bench.bus.requests[i - 1].second[0] == 0x10 && bench.bus.requests[i].second[0] == 0x10;
        CHECK_FALSE(two_writes);  // A read lies between two attempts.
    }
}

TEST_CASE("I-14: after a crash the relay is read before anything is sent") {
    Bench bench(1);
    bench.bus.units[1].open = true;
    Command command = bench.intent("c-1", 1, CommandAction::kTrip);
    command.state = CommandState::kSending;
    command.attempt_count = 1;
    bench.worker->submit(command, true);
    CHECK(bench.result("c-1").state == CommandState::kVerified);
    CHECK(bench.bus.write_count() == 0);
}

TEST_CASE("Contradicted, refused, silent, expired: each ends with its own word") {
    Bench bench(4);
    bench.bus.units[1].contradict = true;
    REQUIRE(bench.wait_requests(4));
    {
        bench.bus.units[2].exception = 4;
        bench.bus.units[3].silent = true;
    }
    bench.worker->submit(bench.order("contradicted", 1, CommandAction::kTrip), false);
    bench.worker->submit(bench.order("refused", 2, CommandAction::kTrip), false);
    bench.worker->submit(bench.order("silent", 3, CommandAction::kTrip), false);
    Command late = bench.order("expired", 4, CommandAction::kTrip);
    late.not_after = bench.clock.now() - std::chrono::seconds(1);
    bench.worker->submit(late, false);
    CHECK(bench.result("contradicted").state == CommandState::kContradicted);
    CHECK(bench.result("contradicted").failure_reason == "RELAY_SHOWS_OTHERWISE");
    CHECK(bench.result("refused").state == CommandState::kRefused);
    CHECK(bench.result("silent").state == CommandState::kNotVerified);
    CHECK(bench.result("silent").failure_reason == "NO_READ_BACK");
    CHECK(bench.result("expired").state == CommandState::kExpired);
    CHECK(bench.result("expired").attempt_count == 0);
}

TEST_CASE("The deadline is looked at once more right before the wire") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    Command command = bench.order("c-1", 1, CommandAction::kTrip);
    command.not_after = bench.clock.now() + std::chrono::milliseconds(200);
    // The commit takes longer than the deadline.
    bench.stores.on_mark = [&] { bench.clock.advance(std::chrono::milliseconds(300)); };
    bench.worker->submit(command, false);
    CHECK(bench.result("c-1").state == CommandState::kExpired);
    CHECK(bench.bus.write_count() == 0);
}

TEST_CASE("I-11: nothing is sent for an intent that account denies or does not answer for") {
    Bench bench(2);
    bench.stores.claim_outcome = ClaimOutcome::kDenied;
    bench.worker->submit(bench.intent("denied", 1, CommandAction::kTrip), false);
    CHECK(bench.result("denied").state == CommandState::kCancelled);
    CHECK(bench.result("denied").failure_reason == "INTENT_WITHDRAWN");
    {
        bench.stores.claim_outcome = ClaimOutcome::kUnanswered;
        bench.stores.claims.clear();
    }
    bench.worker->submit(bench.intent("asked", 2, CommandAction::kTrip), false);
    REQUIRE(bench.loop.run_until([&] { return bench.stores.claims.size() >= 3; }));
    CHECK(bench.bus.write_count() == 0);
    { bench.stores.claim_outcome = ClaimOutcome::kGranted; }
    CHECK(bench.result("asked").state == CommandState::kVerified);
}

TEST_CASE("I-11: a close overtakes the doubt about the trip before it") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    { bench.bus.units[1].silent = true; }
    bench.worker->submit(bench.intent("trip", 1, CommandAction::kTrip), false);
    REQUIRE(bench.loop.run_until([&] { return bench.stores.marked.size() == 1; }));
    bench.worker->submit(bench.intent("close", 1, CommandAction::kClose), false);
    const Command trip = bench.result("trip");
    CHECK(trip.state == CommandState::kNotVerified);
    CHECK(trip.failure_reason == "SUPERSEDED");
    { bench.bus.units[1].silent = false; }
    CHECK(bench.result("close").state == CommandState::kVerified);
    CHECK_FALSE(bench.bus.units[1].open);
}

TEST_CASE("I-12: a trip held back by a dead line goes out first when the line is back") {
    Bench bench(10);
    bench.bus.reachable = false;
    bench.worker->submit(bench.intent("trip", 7, CommandAction::kTrip), false);
    REQUIRE(bench.loop.run_until([&] { return bench.bus.connect_count >= 3; }));
    CHECK(bench.stores.claims.empty());  // A payment can still withdraw it.
    { bench.bus.reachable = true; }
    CHECK(bench.result("trip").state == CommandState::kVerified);
    CHECK(bench.bus.requests[0].first == 7);
    CHECK(bench.bus.requests[1].first == 7);
    CHECK(bench.bus.requests[1].second[0] == 0x10);
}

TEST_CASE("A withdrawn order is not sent") {
    Bench bench(1);
    bench.bus.reachable = false;
    bench.worker->submit(bench.intent("trip", 1, CommandAction::kTrip), false);
    REQUIRE(bench.loop.run_until([&] { return bench.bus.connect_count >= 2; }));
    bench.worker->withdraw("trip");
    REQUIRE(bench.loop.run_until([&] { return bench.bus.connect_count >= 4; }));
    { bench.bus.reachable = true; }
    REQUIRE(bench.wait_requests(1));
    CHECK(bench.read_now("m-1").ok());
    CHECK(bench.bus.write_count() == 0);
}

TEST_CASE("PostgreSQL away: a claimed trip still goes out, a user's order waits") {
    Bench bench(2);
    REQUIRE(bench.wait_requests(2));
    { bench.stores.database_up = false; }
    bench.worker->submit(bench.order("user", 1, CommandAction::kTrip), false);
    bench.worker->submit(bench.intent("intent", 2, CommandAction::kTrip), false);
    REQUIRE(bench.loop.run_until([&] { return bench.bus.units[2].open; }));
    CHECK_FALSE(bench.bus.units[1].open);
    { bench.stores.database_up = true; }
    CHECK(bench.result("intent").state == CommandState::kVerified);
    CHECK(bench.result("user").state == CommandState::kVerified);
}

TEST_CASE("A read on demand answers with frames, or with the reason") {
    Bench bench(2);
    REQUIRE(bench.wait_requests(2));
    const auto good = bench.read_now("m-1");
    REQUIRE(good.ok());
    CHECK(good->values->register_total.base_units() == 1000);
    CHECK_FALSE(good->frames.empty());
    { bench.bus.units[2].silent = true; }
    CHECK(error_reason(bench.read_now("m-2").status()) == "METER_SILENT");
    CHECK(error_reason(bench.read_now("m-9").status()) == "UNKNOWN_METER");
}

// Registers 0-1 total; 2-4 the rest in a block of its own.
std::shared_ptr<const DriverPack> two_block_pack() {
    auto pack = std::make_shared<DriverPack>(*test::small_pack());
    pack->blocks = {{0, 2, 1, 0}, {2, 3, 1, 0}};
    return pack;
}

TEST_CASE("C22: a block that a meter refuses is left out, by sweeps and by reads on demand") {
    Bench bench(1, std::chrono::milliseconds(20), two_block_pack());
    bench.bus.units[1].refused_address = 2;
    REQUIRE(bench.loop.run_until([&] { return bench.spool.size() == 3; }));
    const auto values = bench.board.find("m-1")->values;
    REQUIRE(values);
    CHECK(values->register_total.base_units() == 1000);
    CHECK(values->relay == RelayState::kUnknown);
    const auto asked = [&] {
        return std::count_if(bench.bus.requests.begin(), bench.bus.requests.end(),
                             [](const auto& request) { return request.second[2] == 2; });
    };
    CHECK(asked() == 1);  // Once, then never again in a sweep.
    const auto read = bench.read_now("m-1");
    REQUIRE(read.ok());
    CHECK(read->values->register_total.base_units() == 1000);
    CHECK(read->frames.size() == 4);
    CHECK(asked() == 2);
    std::optional<DiagnosticsReport> report;
    bench.worker->report("m-1", [&](auto known) { report = known; });
    REQUIRE(bench.loop.run_until([&] { return report.has_value(); }));
    REQUIRE(report->refused_blocks.size() == 1);
    CHECK(report->refused_blocks[0].address == 2);
    CHECK(report->refused_blocks[0].code == 2);
    // What a person mended is seen when a person asks.
    bench.bus.units[1].refused_address = -1;
    CHECK(bench.read_now("m-1")->values->relay == RelayState::kClosed);
}

TEST_CASE("A meter that refuses its billing register is told with block, register and frames") {
    Bench bench(1, std::chrono::hours(1), two_block_pack());
    bench.bus.units[1].refused_address = 0;
    const Status status = bench.read_now("m-1").status();
    CHECK(error_reason(status) == "METER_EXCEPTION");
    const std::string message = error_message(status);
    CHECK(message.find("block of 2 registers at 00 00") != std::string::npos);
    CHECK(message.find("exception 2, illegal address") != std::string::npos);
    CHECK(message.find("sent 03 00 00 00 02, received 01") != std::string::npos);
}

TEST_CASE("Exception 6 is busy: asked once more, then told as that") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.bus.units[1].busy_reads = 1;
    CHECK(bench.read_now("m-1").ok());
    bench.bus.units[1].busy_reads = 2;
    CHECK(error_reason(bench.read_now("m-1").status()) == "METER_BUSY");
}

TEST_CASE("A line whose only meter answers with exceptions is not lost, and its meter is told") {
    Bench bench(1, std::chrono::milliseconds(20));
    bench.bus.units[1].exception = 4;
    REQUIRE(bench.wait_requests(50));
    const LineStatus status = bench.worker->status();
    CHECK(status.state == LineState::kOnline);
    CHECK(status.lost_meter_count == 1);
    CHECK_FALSE(status.last_good_time);
    std::optional<DiagnosticsReport> report;
    bench.worker->report("m-1", [&](auto known) { report = known; });
    REQUIRE(bench.loop.run_until([&] { return report.has_value(); }));
    CHECK(report->last_error_kind == "METER_EXCEPTION");
    CHECK(report->last_error_text.find("exception 4") != std::string::npos);
    CHECK(report->error_counts.at("METER_EXCEPTION") >= 49);
    CHECK(report->good_count == 0);
    CHECK(report->frames.size() == FrameRing::kFramesMax);
}

TEST_CASE("What a rejected register shows is marked where it is shown") {
    Bench bench(1, std::chrono::seconds(15));
    REQUIRE(bench.loop.run_until([&] { return bench.spool.size() == 1; }));
    CHECK(bench.board.find("m-1")->fault == ReadingFault::kNone);
    bench.bus.units[1].total = 900'000;
    REQUIRE(bench.wait_requests(4));
    REQUIRE(bench.loop.run_until([&] { return bench.worker->status().quarantined_count == 1; }));
    const auto entry = bench.board.find("m-1");
    CHECK(entry->values->register_total.base_units() == 900'000);
    CHECK(entry->fault == ReadingFault::kTooFast);
}

TEST_CASE("The first error of a kind is logged at once, those after it once a minute") {
    MeterDiagnostics diagnostics;
    std::chrono::steady_clock::time_point now{};
    std::int64_t count = 0;
    CHECK(diagnostics.is_log_due("METER_SILENT", now, count));
    CHECK(count == 1);
    for (int i = 0; i < 59; ++i) {
        now += std::chrono::seconds(1);
        CHECK_FALSE(diagnostics.is_log_due("METER_SILENT", now, count));
    }
    CHECK(diagnostics.is_log_due("BAD_REPLY", now, count));
    now += std::chrono::seconds(1);
    CHECK(diagnostics.is_log_due("METER_SILENT", now, count));
    CHECK(count == 60);
}

TEST_CASE("B21: silent meters cost a line little, and do not make it lost") {
    Bench bench(10, std::chrono::milliseconds(20));
    bench.bus.units[3].silent = true;
    REQUIRE(bench.wait_requests(600));
    std::map<int, int> count;
    {
        for (const auto& [unit, pdu] : bench.bus.requests) {
            ++count[unit];
        }
    }
    CHECK(count[3] * 3 < count[4]);
    CHECK(bench.worker->status().state == LineState::kOnline);
    CHECK(bench.worker->status().lost_meter_count == 1);
}

TEST_CASE("A line where no unit answers is lost") {
    Bench bench(2, std::chrono::milliseconds(20));
    bench.bus.units[1].silent = true;
    bench.bus.units[2].silent = true;
    REQUIRE(bench.wait_requests(14));
    REQUIRE(bench.loop.run_until([&] { return bench.worker->status().state == LineState::kLost; }));
}

TEST_CASE("A database call of one line holds up no other line, and none of its reads is lost") {
    Bench bench(3, std::chrono::milliseconds(20));
    FakeLoop& loop = bench.loop;
    REQUIRE(bench.wait_requests(3));
    LineConfig config = bench.config;
    config.line_id = "line-2";
    LineWorker other(config, bench.context(), loop);
    MeterConfig meter;
    meter.meter_id = "m-9";
    meter.address = MeterAddress(9);
    other.put_meter(meter, test::small_pack(), {});
    bench.bus.units[9] = {};
    other.start();
    loop.hold_blocking = true;
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    REQUIRE(loop.run_until([&] { return !loop.held.empty(); }));
    bench.bus.requests.clear();
    REQUIRE(bench.wait_requests(10));
    for (const auto& [unit, pdu] : bench.bus.requests) {
        CHECK(unit == 9);
    }
    CHECK(bench.stores.marked.empty());
    loop.hold_blocking = false;
    loop.held.front()();
    loop.held.clear();
    CHECK(bench.result("c-1").state == CommandState::kVerified);
    bool stopped = false;
    other.stop([&stopped] { stopped = true; });
    CHECK(loop.run_until([&stopped] { return stopped; }));
}

TEST_CASE("A stopped line ends with the request in flight and hands over what it has read") {
    Bench bench(10);
    REQUIRE(bench.wait_requests(4));
    bool stopped = false;
    bench.worker->stop([&stopped] { stopped = true; });
    REQUIRE(bench.loop.run_until([&stopped] { return stopped; }));
    CHECK(bench.bus.requests.size() == 4);
    CHECK(bench.spool.size() == 4);
}

TEST_CASE("Orders to silent meters hold up neither the other orders of their line nor its reads") {
    Bench bench(8, std::chrono::milliseconds(1000));
    for (int unit = 1; unit <= 6; ++unit) {
        bench.bus.units[unit].silent = true;
    }
    REQUIRE(bench.loop.run_until([&] { return bench.worker->status().lost_meter_count == 6; }));
    for (int unit = 1; unit <= 6; ++unit) {
        bench.worker->submit(
            bench.intent("trip-" + std::to_string(unit), unit, CommandAction::kTrip), false);
    }
    const Instant later = bench.clock.now() + std::chrono::seconds(30);
    REQUIRE(bench.loop.run_until([&] { return bench.clock.now() >= later; }));
    const Instant start = bench.clock.now();
    bench.worker->submit(bench.order("healthy", 8, CommandAction::kTrip), false);
    CHECK(bench.result("healthy").state == CommandState::kVerified);
    CHECK(bench.clock.now() - start < std::chrono::seconds(3));
    bench.bus.requests.clear();
    REQUIRE(bench.wait_requests(100));
    std::map<int, int> count;
    for (const auto& [unit, pdu] : bench.bus.requests) {
        ++count[unit];
    }
    CHECK(count[7] > 5);
    for (int unit = 1; unit <= 6; ++unit) {
        CHECK(count[unit] > 3);  // Each has its turn.
    }
}

TEST_CASE("An order behind one that waits does not keep the line awake") {
    Bench bench(2);
    bench.bus.units[1].silent = true;
    REQUIRE(bench.wait_requests(3));
    Command trip = bench.intent("trip", 1, CommandAction::kTrip);
    bench.worker->submit(trip, false);
    bench.worker->submit(bench.intent("close", 1, CommandAction::kClose), false);
    bench.stores.claim_outcome = ClaimOutcome::kUnanswered;
    const Instant later = bench.clock.now() + std::chrono::seconds(60);
    const int before = bench.loop.fired_count;
    REQUIRE(bench.loop.run_until([&] { return bench.clock.now() >= later; }));
    CHECK(bench.loop.fired_count - before < 500);
}

TEST_CASE("I-14: an exception that does not say refused leaves the outcome open") {
    const int code = GENERATE(5, 10, 11);
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.bus.units[1].write_exception = code;
    bench.bus.units[1].acts_after_reads = 4;
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    const Command command = bench.result("c-1");
    CHECK(command.state == CommandState::kVerified);
    CHECK(command.attempt_count == 1);
    CHECK(bench.bus.write_count() == 1);
}

TEST_CASE("A busy meter is given time before the order is sent again") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.bus.units[1].busy_writes = 2;
    const Instant start = bench.clock.now();
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    const Command command = bench.result("c-1");
    CHECK(command.state == CommandState::kVerified);
    CHECK(command.attempt_count == 3);
    CHECK(bench.clock.now() - start >= 2 * CommandSettings{}.settle_time);
}

TEST_CASE("However long an order takes, each of it and the last read-back are in the evidence") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.bus.units[1].busy_writes = 2;
    bench.bus.units[1].acts_after_reads = 8;
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    const Command command = bench.result("c-1");
    REQUIRE(command.state == CommandState::kVerified);
    const auto orders =
        std::count_if(command.frames.begin(), command.frames.end(),
                      [](const Frame& frame) { return frame.data.front() == 0x10; });
    CHECK(orders == 3);
    REQUIRE(command.frames.back().direction == FrameDirection::kReceived);
    CHECK(command.frames.back().data == Bytes{1, 1});  // Unit 1 shows an open contact.
    CHECK(command.frames.size() <= 70);
}

TEST_CASE("An attempt whose commit is in doubt is neither lost nor repeated under its number") {
    Bench bench(1);
    REQUIRE(bench.wait_requests(1));
    bench.stores.commits_in_doubt = 1;
    bench.worker->submit(bench.order("c-1", 1, CommandAction::kTrip), false);
    const Command command = bench.result("c-1");
    CHECK(command.state == CommandState::kVerified);
    CHECK(command.attempt_count == 2);
    CHECK(bench.bus.write_count() == 1);
    REQUIRE(bench.stores.marked.size() == 2);
    CHECK(bench.stores.marked[1].revision > bench.stores.marked[0].revision);
}

TEST_CASE("A read that a stopping line does not come to is answered, not left waiting") {
    Bench bench(2);
    REQUIRE(bench.wait_requests(1));
    std::vector<std::string> reasons;
    const auto note = [&reasons](const Result<DemandResult>& result) {
        reasons.push_back(error_reason(result.status()));
    };
    bool stopped = false;
    bench.worker->stop([&stopped] { stopped = true; });
    bench.worker->read_now("m-1", note);
    REQUIRE(bench.loop.run_until([&stopped] { return stopped; }));
    bench.worker->read_now("m-2", note);
    REQUIRE(bench.loop.run_until([&reasons] { return reasons.size() == 2; }));
    CHECK(reasons == std::vector<std::string>{"LINE_LOST", "LINE_LOST"});
}
