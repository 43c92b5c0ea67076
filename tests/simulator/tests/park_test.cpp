#include "park.h"

#include <catch2/catch.hpp>
#include <thread>

#include "test_park.h"

using namespace prepay;
using namespace prepay::simulator;
using namespace prepay::simulator::test;
using namespace std::chrono_literals;

namespace {

struct ParkFixture {
    ParkFixture() : park(clock), line(park.add_line({"line-01", 0, 0, "", false})) {
        REQUIRE(park.add_meters({meter_spec("m-0001", 1, Family::kDdsy1352, 3600),
                                 meter_spec("m-0002", 2, Family::kAdf400lSingle, 3600)})
                    .ok());
    }
    Served read() { return park.serve(line, 1, read_pdu(0, 2)); }
    Served trip() { return park.serve(line, 1, write_pdu(0x57, {1, 1})); }
    void set(FaultKind kind, std::chrono::milliseconds delay = 0ms, int count = 0) {
        REQUIRE(park.set_faults(meter(), {{kind, delay, 0, count, 0}}).ok());
    }
    Meter& meter() { return *park.find_meter("m-0001"); }

    FakeClock clock;
    Park park;
    Line& line;
};

}  // namespace

TEST_CASE_METHOD(ParkFixture, "unknown units stay silent, unit 0 writes to all without an answer") {
    CHECK_FALSE(park.serve(line, 3, read_pdu(0, 2)).answered);
    CHECK_FALSE(park.serve(line, 255, read_pdu(0, 2)).answered);
    CHECK_FALSE(park.serve(line, 0, write_pdu(0x57, {1, 1})).answered);
    CHECK(meter().contact_open());
    CHECK_FALSE(park.find_meter("m-0002")->contact_open());  // has no such register
    CHECK(line.request_count == 3);
}

TEST_CASE_METHOD(ParkFixture, "a change of speed keeps the register continuous") {
    clock.pass(10s);
    REQUIRE(park.set_speed(60).ok());
    clock.pass(10s);
    REQUIRE(park.set_speed(0).ok());
    clock.pass(1h);
    REQUIRE(park.set_speed(1).ok());
    clock.pass(5s);
    CHECK(meter().total().mwh() == 10'000 + 600'000 + 5'000);
    CHECK(error_reason(park.set_speed(-1)) == "BAD_SPEED");
    CHECK(error_reason(park.set_speed(1'000'001)) == "BAD_SPEED");
}

TEST_CASE_METHOD(ParkFixture, "faults without an answer: executed or not") {
    set(FaultKind::kSilent, 0ms, 1);
    CHECK_FALSE(trip().answered);
    CHECK_FALSE(meter().contact_open());
    CHECK(read().answered);  // its count is used up
    set(FaultKind::kRequestLost, 0ms, 1);
    CHECK_FALSE(trip().answered);
    CHECK_FALSE(meter().contact_open());
    set(FaultKind::kAnswerLost, 0ms, 1);
    CHECK_FALSE(trip().answered);
    CHECK(meter().contact_open());
    CHECK(read().answered);
}

TEST_CASE_METHOD(ParkFixture, "exceptions, delays and damage") {
    REQUIRE(park.set_faults(meter(), {{FaultKind::kException, 0ms, 6, 2, 0x10}}).ok());
    CHECK(read().pdu[0] == 0x03);  // only function 10
    CHECK(trip().pdu == Bytes{0x90, 6});
    CHECK(trip().pdu == Bytes{0x90, 6});
    CHECK_FALSE(meter().contact_open());
    CHECK(trip().pdu[0] == 0x10);
    set(FaultKind::kSlow, 250ms);
    CHECK(read().effect.delay == 250ms);
    CHECK_FALSE(read().effect.late);
    set(FaultKind::kLateAnswer, 250ms);
    CHECK(read().effect.late);
    set(FaultKind::kBadMbap);
    CHECK(read().effect.bad_mbap == 1);
    CHECK(read().effect.bad_mbap == 2);
    CHECK(read().effect.bad_mbap == 3);
    CHECK(read().effect.bad_mbap == 1);
}

TEST_CASE_METHOD(ParkFixture,
                 "a contradicting meter drops the order, a stuck relay only shows it") {
    set(FaultKind::kContradict, 0ms, 1);
    CHECK(read().answered);  // reads do not use it up
    CHECK(trip().pdu[0] == 0x10);
    CHECK_FALSE(meter().contact_open());
    CHECK(words_of(park.serve(line, 1, read_pdu(0x57, 2)).pdu) == std::vector{0, 0});
    set(FaultKind::kRelayStuck, 0ms, 1);
    CHECK(trip().pdu[0] == 0x10);
    CHECK(words_of(park.serve(line, 1, read_pdu(0x57, 2)).pdu) == std::vector{1, 1});
    CHECK(words_of(park.serve(line, 1, read_pdu(0x22, 1)).pdu) == std::vector{2});
    CHECK(meter().power_w() == 3600);
    CHECK(trip().answered);
    CHECK(meter().contact_open());
}

TEST_CASE_METHOD(ParkFixture, "a late order is acknowledged at once and acts when its time comes") {
    set(FaultKind::kLateExecution, 800ms, 1);
    CHECK(read().answered);  // reads do not use it up
    CHECK(trip().pdu[0] == 0x10);
    CHECK(words_of(park.serve(line, 1, read_pdu(0x57, 2)).pdu) == std::vector{0, 0});
    clock.pass(799ms);
    CHECK_FALSE(park.find_meter(meter().spec().meter_id)->contact_open());
    clock.pass(1ms);
    CHECK(park.find_meter(meter().spec().meter_id)->contact_open());
    CHECK(words_of(park.serve(line, 1, read_pdu(0x57, 2)).pdu) == std::vector{1, 1});
}

TEST_CASE_METHOD(ParkFixture, "a rebooting meter or line is silent for its time, then back") {
    set(FaultKind::kReboot, 2s);
    CHECK_FALSE(read().answered);
    CHECK(park.serve(line, 2, read_pdu(0x0306, 2)).answered);
    clock.pass(2s);
    CHECK(read().answered);
    REQUIRE(park.set_faults(line, {{FaultKind::kReboot, 1s, 0, 0, 0}}).ok());
    CHECK_FALSE(park.serve(line, 2, read_pdu(0x0306, 2)).answered);
    clock.pass(1s);
    CHECK(park.serve(line, 2, read_pdu(0x0306, 2)).answered);
}

TEST_CASE_METHOD(ParkFixture, "line faults hit every unit, known or not, and meter faults add up") {
    REQUIRE(park.set_faults(line, {{FaultKind::kSlow, 40ms, 0, 0, 0}}).ok());
    CHECK(error_reason(park.set_faults(meter(), {{FaultKind::kException, 0ms, 0, 0, 0}})) ==
          "BAD_FAULT");
    REQUIRE(park.set_faults(meter(), {{FaultKind::kException, 0ms, 4, 0, 0}}).ok());
    const Served served = read();
    CHECK(served.pdu == Bytes{0x83, 4});
    CHECK(served.effect.delay == 40ms);
    REQUIRE(park.set_faults(line, {{FaultKind::kRequestLost, 0ms, 0, 1, 0}}).ok());
    CHECK_FALSE(park.serve(line, 0, write_pdu(0x57, {1, 1})).answered);
    CHECK_FALSE(meter().contact_open());
}

TEST_CASE_METHOD(ParkFixture, "faults that cannot be shown are refused and change nothing") {
    set(FaultKind::kSilent);
    for (const Fault& bad : std::vector<Fault>{{FaultKind::kBadCrc, 0ms, 0, 0, 0},
                                               {FaultKind::kSlow, 0ms, 0, 0, 0},
                                               {FaultKind::kSlow, -1ms, 0, 0, 0},
                                               {FaultKind::kSilent, 0ms, 0, -1, 0},
                                               {FaultKind::kSilent, 0ms, 0, 0, 128}}) {
        CHECK(error_reason(park.set_faults(meter(), {bad})) == "BAD_FAULT");
    }
    CHECK_FALSE(read().answered);
    Line& serial = park.add_line({"line-02", 0, 0, "/tmp/none", false});
    CHECK(error_reason(park.set_faults(serial, {{FaultKind::kBadMbap, 0ms, 0, 0, 0}})) ==
          "BAD_FAULT");
}

TEST_CASE_METHOD(ParkFixture, "bad meters and lines are refused, all or none") {
    const auto reason = [&](const MeterSpec& spec) {
        return error_reason(park.add_meters({meter_spec("m-0009", 9, Family::kDdsy1352, 0), spec}));
    };
    CHECK(reason(meter_spec("m-0001", 5, Family::kDdsy1352, 0)) == "METER_EXISTS");
    CHECK(reason(meter_spec("m-0003", 1, Family::kDdsy1352, 0)) == "UNIT_TAKEN");
    CHECK(reason(meter_spec("m-0003", 9, Family::kDdsy1352, 0)) == "UNIT_TAKEN");
    CHECK(reason(meter_spec("m-0003", 0, Family::kDdsy1352, 0)) == "BAD_METER");
    CHECK(reason(meter_spec("m-0003", 248, Family::kDdsy1352, 0)) == "BAD_METER");
    CHECK(reason(meter_spec("m-0003", 3, Family::kDdsy1352, -2)) == "BAD_METER");
    CHECK(reason(meter_spec("m-0003", 3, Family::kDdsy1352, 0, 1'000'000'000)) == "BAD_METER");
    CHECK(reason(meter_spec("", 3, Family::kDdsy1352, 0)) == "BAD_METER");
    MeterSpec lost = meter_spec("m-0003", 3, Family::kDdsy1352, 0);
    lost.line_id = "line-77";
    CHECK(reason(lost) == "LINE_UNKNOWN");
    lost.line_id = "line-01";
    lost.profile = "castle";
    CHECK(reason(lost) == "BAD_PROFILE");
    CHECK(park.find_meter("m-0009") == nullptr);
    CHECK(error_reason(park.check_line({"line-01", 0, 0, "", false})) == "LINE_EXISTS");
    CHECK(error_reason(park.check_line({"line-09", 70'000, 0, "", false})) == "BAD_LINE");
    CHECK(error_reason(park.check_line({"line-09", 0, 50, "", false})) == "BAD_LINE");
    CHECK(error_reason(park.check_line({"line-09", 21'000, 0, "/tmp/x", false})) == "BAD_LINE");
}

TEST_CASE("the frame log is a ring, filters, pages and wakes who waits") {
    FrameLog log(3);
    const auto append = [&](const std::string& meter_id, bool relay_write) {
        FrameRecord record;
        record.meter_id = meter_id;
        record.line_id = "line-01";
        record.relay_write = relay_write;
        log.append(record);
    };
    const auto never = [] { return false; };
    for (int index = 0; index < 5; ++index) {
        append(index % 2 == 0 ? "even" : "odd", index == 4);
    }
    const FramePage all = log.list({}, never);
    CHECK(all.oldest_sequence == 3);
    CHECK(all.next_sequence == 6);
    REQUIRE(all.frames.size() == 3);
    CHECK(all.frames[0].sequence == 3);
    FrameQuery query;
    query.meter_id = "even";
    query.page_size = 1;
    const FramePage first = log.list(query, never);
    REQUIRE(first.frames.size() == 1);
    CHECK(first.frames[0].sequence == 3);
    query.from_sequence = first.next_sequence;
    CHECK(log.list(query, never).frames.at(0).sequence == 5);
    query.relay_writes_only = true;
    query.from_sequence = 0;
    CHECK(log.list(query, never).frames.at(0).sequence == 5);
    query.line_id = "line-02";
    CHECK(log.list(query, never).frames.empty());

    FrameQuery waiting;
    waiting.from_sequence = 6;
    waiting.wait = 30s;
    std::thread writer([&] { append("odd", false); });
    CHECK(log.list(waiting, never).frames.at(0).sequence == 6);
    writer.join();
    waiting.from_sequence = 7;
    CHECK(log.list(waiting, [] { return true; }).frames.empty());
    log.close();
    CHECK(log.list(waiting, never).next_sequence == 7);
}
