#include "core/proto_time.h"
#include "gateway_fixture.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

account::v1::SwitchIntentChanged intent_event(const std::string& intent_id,
                                              const std::string& meter_id,
                                              account::v1::SwitchAction action,
                                              account::v1::SwitchIntentState state) {
    account::v1::SwitchIntentChanged event;
    event.mutable_intent()->set_intent_id(intent_id);
    event.mutable_intent()->set_meter_id(meter_id);
    event.mutable_intent()->set_action(action);
    event.mutable_intent()->set_state(state);
    return event;
}

// The first frame of the first attempt; what was read before it has attempt 0.
std::string order_frame(const v1::Command& command) {
    for (const v1::Frame& frame : command.frames()) {
        if (frame.attempt_number() == 1) {
            return frame.data();
        }
    }
    return {};
}

std::string address_of(int port) { return "127.0.0.1:" + std::to_string(port); }

/// A simulated park and a gateway with "line-01" between them.
struct OneLine {
    OneLine() { gateway.add_line("line-01", address_of(park.add_line("line-01"))); }

    /// A meter on both sides.
    void add_meter(const std::string& meter_id, int unit, std::int64_t register_wh,
                   std::int64_t load_w, sim::Family family = sim::FAMILY_DDSY1352,
                   const std::string& pack = "acrel-ddsy1352", const std::string& serial = "") {
        park.add_meter(meter_id, "line-01", unit, family, register_wh, load_w);
        gateway.add_meter(meter_id, "line-01", unit, pack, serial);
    }

    /// The anomaly that holds a meter in quarantine, when there is one.
    std::int64_t quarantine_of(const std::string& meter_id) {
        REQUIRE(gateway.eventually("SELECT count(*) = 1 FROM rejected_readings WHERE meter_id = '" +
                                   meter_id + "' AND state = 'open'"));
        v1::GetMeterRequest request;
        request.set_meter_id(meter_id);
        return gateway.grpc_meters.get_meter({}, request)->meter().quarantine_anomaly_id();
    }
    Result<v1::DecideQuarantineResponse> decide(const v1::DecideQuarantineRequest& request) {
        return gateway.decide(request);
    }

    Simulator park;
    Fixture fixture;
    Gateway& gateway = *fixture.gateway;  ///< Until it is restarted.
};

}  // namespace

TEST_CASE("Three meter families on the wire become readings, states and events") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Gateway& gateway = line.gateway;
    line.add_meter("m-1", 1, 123'450, 1500);
    line.add_meter("m-2", 2, 223'450, 150, sim::FAMILY_ADF400L_1P, "acrel-adf400l-1p");
    line.add_meter("m-3", 3, 323'450, 9000, sim::FAMILY_ADF400L_3P, "acrel-adf400l-3p");
    REQUIRE(gateway.eventually("SELECT count(*) >= 9 FROM readings"));
    REQUIRE(gateway.eventually("SELECT count(*) = 3 FROM meters WHERE online"));
    v1::GetMeterRequest request;
    for (const auto& [meter_id, wh, phases] :
         {std::tuple{"m-1", 123'450, 1}, std::tuple{"m-2", 223'450, 1},
          std::tuple{"m-3", 323'450, 3}}) {
        request.set_meter_id(meter_id);
        const auto meter = gateway.grpc_meters.get_meter({}, request);
        REQUIRE(meter.ok());
        CHECK(meter->meter().online());
        CHECK(meter->meter().latest().register_total() >= wh);
        CHECK(meter->meter().latest().register_total() <= wh + 100);
        CHECK(meter->meter().latest().voltage_mv_size() == phases);
        CHECK(meter->meter().latest().relay() == v1::RELAY_STATE_CLOSED);
    }
    const auto events = gateway.events<v1::ReadingsRecorded>("prepay.metering.readings.v1");
    std::set<std::tuple<std::string, std::int64_t, int>> identities;
    std::set<std::int64_t> ids;
    for (const auto& event : events) {
        CHECK(event.line_id() == "line-01");
        for (const auto& reading : event.readings()) {
            CHECK(ids.insert(reading.reading_id()).second);
            CHECK(identities
                      .emplace(reading.meter_id(), to_micros(from_proto_time(reading.slot_time())),
                               reading.revision())
                      .second);
        }
    }
    CHECK(ids.size() >= 9);
    CHECK(
        gateway.eventually("SELECT count(*) = 3 FROM readings r WHERE reading_id IN (SELECT"
                           " min(reading_id) FROM readings GROUP BY meter_no)"));
    CHECK_FALSE(gateway.events<v1::MeterStatesChanged>("prepay.metering.meter-states.v1").empty());
}

TEST_CASE("A water meter: mL in readings, its flow as the bound, its valve shut and opened") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Gateway& gateway = line.gateway;
    line.add_meter("w-1", 1, 12'345'678, 36'000, sim::FAMILY_WATER_VALVE, "generic-water-valve");
    REQUIRE(gateway.eventually("SELECT online FROM meters WHERE meter_id = 'w-1'"));
    REQUIRE(gateway.eventually("SELECT count(*) >= 1 FROM readings"));
    v1::GetMeterRequest request;
    request.set_meter_id("w-1");
    const auto meter = gateway.grpc_meters.get_meter({}, request);
    REQUIRE(meter.ok());
    CHECK(meter->meter().resource() == common::v1::RESOURCE_WATER);
    CHECK(meter->meter().latest().register_total() == 12'345'000);
    // 5 m3/h x 1.5: a cubic metre within seconds is none.
    line.park.set_register("w-1", 13'345'678);
    CHECK(
        gateway.eventually("SELECT count(*) = 1 FROM rejected_readings WHERE reason = 'TOO_FAST'"));
    line.park.set_register("w-1", 12'347'000);
    CHECK(gateway.eventually("SELECT count(*) >= 1 FROM readings WHERE register_total = 12347000"));
    REQUIRE(gateway.submit("shut", "w-1", v1::COMMAND_ACTION_TRIP).ok());
    CHECK(gateway.follow("shut").state() == v1::COMMAND_STATE_VERIFIED);
    CHECK_FALSE(line.park.truth("w-1").relay_closed());
    CHECK(line.park.truth("w-1").power_w() == 0);
    REQUIRE(gateway.submit("open", "w-1", v1::COMMAND_ACTION_CLOSE).ok());
    CHECK(gateway.follow("open").state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(line.park.truth("w-1").relay_closed());
    CHECK(error_reason(gateway.submit("none", "w-1", v1::COMMAND_ACTION_RELEASE).status()) ==
          "ACTION_NOT_SUPPORTED");
}

TEST_CASE("Readings cannot be changed or deleted by the service") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    for (const char* sql :
         {"UPDATE readings SET register_total = 0", "DELETE FROM readings", "TRUNCATE readings",
          "DELETE FROM command_frames", "UPDATE command_attempts SET attempt_number = 1"}) {
        const Status status = fixture.database->transact([&](pqxx::work& tx) -> Status {
            tx.exec(sql);
            return absl::OkStatus();
        });
        INFO(sql);
        CHECK(error_message(status).find("permission denied") != std::string::npos);
    }
}

TEST_CASE("B32, M1: trip, close and release of each family, proven on the wire") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Simulator& park = line.park;
    Gateway& gateway = line.gateway;
    int unit = 0;
    for (const auto& [family, pack] : {std::pair{sim::FAMILY_DDSY1352, "acrel-ddsy1352"},
                                       std::pair{sim::FAMILY_ADF400L_1P, "acrel-adf400l-1p"},
                                       std::pair{sim::FAMILY_ADF400L_3P, "acrel-adf400l-3p"}}) {
        const std::string meter_id = "m-" + std::to_string(++unit);
        line.add_meter(meter_id, unit, 1000, 500, family, pack);
        REQUIRE(
            gateway.eventually("SELECT online FROM meters WHERE meter_id = '" + meter_id + "'"));
        REQUIRE(gateway.submit("trip-" + meter_id, meter_id, v1::COMMAND_ACTION_TRIP).ok());
        const v1::Command trip = gateway.follow("trip-" + meter_id);
        CHECK(trip.state() == v1::COMMAND_STATE_VERIFIED);
        CHECK(trip.attempt_count() == 1);
        CHECK(trip.initiator() == "user:li");
        CHECK(trip.before().relay() == v1::RELAY_STATE_CLOSED);
        CHECK(trip.after().relay() == v1::RELAY_STATE_OPEN);
        CHECK(trip.frames_size() >= 4);
        CHECK_FALSE(park.truth(meter_id).relay_closed());
        REQUIRE(gateway.submit("close-" + meter_id, meter_id, v1::COMMAND_ACTION_CLOSE).ok());
        CHECK(gateway.follow("close-" + meter_id).state() == v1::COMMAND_STATE_VERIFIED);
        CHECK(park.truth(meter_id).relay_closed());
        REQUIRE(gateway.submit("release-" + meter_id, meter_id, v1::COMMAND_ACTION_RELEASE).ok());
        CHECK(gateway.follow("release-" + meter_id).state() == v1::COMMAND_STATE_VERIFIED);
        CHECK(park.relay_writes(meter_id).size() == 3);
        // The frame stored as evidence is the frame the meter saw.
        CHECK(order_frame(trip) == park.relay_writes(meter_id)[0]);
    }
    const auto events = gateway.events<v1::CommandChanged>("prepay.metering.command-results.v1");
    CHECK(events.size() == 18);  // SENDING and VERIFIED of nine orders.
    CHECK(events[0].command().state() == v1::COMMAND_STATE_SENDING);
    CHECK(events[1].command().state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(events[0].revision() < events[1].revision());
    CHECK(events[1].command().frames_size() == 0);
}

TEST_CASE("I-14: lost answers, lost requests and contradicting meters against the attempts table") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Simulator& park = line.park;
    Fixture& fixture = line.fixture;
    Gateway& gateway = line.gateway;
    for (int unit = 1; unit <= 4; ++unit) {
        const std::string meter_id = "m-" + std::to_string(unit);
        line.add_meter(meter_id, unit, 1000, 500);
    }
    REQUIRE(gateway.eventually("SELECT count(*) = 4 FROM meters WHERE online"));
    park.set_fault("m-1", sim::FAULT_KIND_ANSWER_LOST, 1, 16);
    park.set_fault("m-2", sim::FAULT_KIND_REQUEST_LOST, 1, 16);
    park.set_fault("m-3", sim::FAULT_KIND_CONTRADICT);
    park.set_fault("m-4", sim::FAULT_KIND_BAD_MBAP, 1, 16);
    for (const char* meter_id : {"m-1", "m-2", "m-3", "m-4"}) {
        REQUIRE(gateway.submit(std::string("trip-") + meter_id, meter_id, v1::COMMAND_ACTION_TRIP)
                    .ok());
    }
    const v1::Command answer_lost = gateway.follow("trip-m-1");
    CHECK(answer_lost.state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(answer_lost.attempt_count() == 1);
    const v1::Command request_lost = gateway.follow("trip-m-2");
    CHECK(request_lost.state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(request_lost.attempt_count() == 2);
    const v1::Command contradicted = gateway.follow("trip-m-3");
    CHECK(contradicted.state() == v1::COMMAND_STATE_CONTRADICTED);
    CHECK(contradicted.failure_reason() == "RELAY_SHOWS_OTHERWISE");
    CHECK(gateway.follow("trip-m-4").state() == v1::COMMAND_STATE_VERIFIED);
    for (const char* meter_id : {"m-1", "m-2", "m-3", "m-4"}) {
        const auto attempts = fixture.database->read([&](pqxx::work& tx) -> Result<int> {
            return tx
                .exec_params1("SELECT count(*) FROM command_attempts WHERE command_id = $1",
                              std::string("trip-") + meter_id)[0]
                .as<int>();
        });
        CHECK(static_cast<std::size_t>(*attempts) == park.relay_writes(meter_id).size());
    }
}

TEST_CASE("The same request id gives the stored command; another content is refused") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Simulator& park = line.park;
    Gateway& gateway = line.gateway;
    line.add_meter("m-1", 1, 1000, 500);
    v1::SubmitCommandRequest request;
    request.set_request_id("request-1");
    request.set_meter_id("m-1");
    request.set_action(v1::COMMAND_ACTION_TRIP);
    request.set_reason_text("arrears");
    set_time(*request.mutable_not_after(), gateway.clock.now() + std::chrono::seconds(60));
    const auto call = [&](const v1::SubmitCommandRequest& one) {
        return gateway.grpc_commands.submit_command(
            gateway.context("SubmitCommand", one, one.request_id()), one);
    };
    REQUIRE(call(request).ok());
    gateway.follow("request-1");
    const auto again = call(request);
    REQUIRE(again.ok());
    CHECK(again->command().state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(park.relay_writes("m-1").size() == 1);
    v1::SubmitCommandRequest other = request;
    other.set_action(v1::COMMAND_ACTION_CLOSE);
    CHECK(error_reason(call(other).status()) == "REQUEST_ID_REUSED");
    struct Row {
        std::function<void(v1::SubmitCommandRequest&)> change;
        const char* reason;
    };
    const Row rows[] = {
        {[](auto& r) { r.clear_not_after(); }, "NOT_AFTER_REQUIRED"},
        {[](auto& r) { r.mutable_not_after()->set_seconds(1); }, "NOT_AFTER_PAST"},
        {[](auto& r) { r.mutable_not_after()->set_seconds(9'999'999'999); }, "NOT_AFTER_TOO_FAR"},
        {[](auto& r) { r.clear_reason_text(); }, "REASON_REQUIRED"},
        {[](auto& r) { r.set_meter_id("m-9"); }, "UNKNOWN_METER"},
        {[](auto& r) { r.clear_action(); }, "BAD_ACTION"},
        {[](auto& r) { r.set_reason_text(std::string(600, 'x')); }, "TEXT_TOO_LONG"},
    };
    for (const Row& row : rows) {
        v1::SubmitCommandRequest bad = request;
        bad.set_request_id(std::string("bad-") + row.reason);
        row.change(bad);
        CHECK(error_reason(call(bad).status()) == row.reason);
    }
}

TEST_CASE("I-12: an intent on a dead line goes out when the line is back; I-11: unless withdrawn") {
    SKIP_WITHOUT_POSTGRES();
    Simulator park;
    Fixture fixture;
    Gateway& gateway = *fixture.gateway;
    const int port = prepay::test::free_port();
    gateway.add_line("line-01", address_of(port), v1::TRANSPORT_MODBUS_TCP, 60'000);
    gateway.add_meter("m-1", "line-01", 1, "acrel-ddsy1352");
    gateway.add_meter("m-2", "line-01", 2, "acrel-ddsy1352");
    using account::v1::SWITCH_ACTION_TRIP;
    using account::v1::SWITCH_INTENT_STATE_CANCELLED;
    using account::v1::SWITCH_INTENT_STATE_READY;
    const auto held =
        intent_event("intent-1", "m-1", SWITCH_ACTION_TRIP, SWITCH_INTENT_STATE_READY);
    REQUIRE(gateway.deliver(held).ok());
    REQUIRE(gateway.deliver(held).ok());  // At least once.
    REQUIRE(
        gateway
            .deliver(intent_event("intent-2", "m-2", SWITCH_ACTION_TRIP, SWITCH_INTENT_STATE_READY))
            .ok());
    REQUIRE(gateway
                .deliver(intent_event("intent-2", "m-2", SWITCH_ACTION_TRIP,
                                      SWITCH_INTENT_STATE_CANCELLED))
                .ok());
    CHECK(gateway.follow("intent-2").state() == v1::COMMAND_STATE_CANCELLED);
    fixture.restart();  // The held trip survives it.
    park.add_line("line-01", "", port);
    park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 1000, 500);
    park.add_meter("m-2", "line-01", 2, sim::FAMILY_DDSY1352, 1000, 500);
    CHECK(fixture.gateway->follow("intent-1").state() == v1::COMMAND_STATE_VERIFIED);
    CHECK_FALSE(park.truth("m-1").relay_closed());
    CHECK(park.relay_writes("m-1").size() == 1);
    CHECK(park.relay_writes("m-2").empty());
}

TEST_CASE("Events of a command carry the trace of who ordered it, across a restart") {
    SKIP_WITHOUT_POSTGRES();
    Simulator park;
    Fixture fixture;
    const int port = prepay::test::free_port();
    fixture.gateway->add_line("line-01", address_of(port));
    fixture.gateway->add_meter("m-1", "line-01", 1, "acrel-ddsy1352");
    REQUIRE(fixture.gateway->submit("called", "m-1", v1::COMMAND_ACTION_CLOSE).ok());
    REQUIRE(fixture.gateway
                ->deliver(intent_event("intent-1", "m-1", account::v1::SWITCH_ACTION_TRIP,
                                       account::v1::SWITCH_INTENT_STATE_READY),
                          "trace-of-a-charge")
                .ok());
    fixture.restart();
    park.add_line("line-01", "", port);
    park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 1000, 500);
    for (const auto* command_id : {"called", "intent-1"}) {
        CHECK(fixture.gateway->follow(command_id).state() == v1::COMMAND_STATE_VERIFIED);
    }
    const auto changes =
        fixture.gateway->events<v1::CommandChanged>("prepay.metering.command-results.v1");
    REQUIRE(changes.size() >= 4);
    for (const v1::CommandChanged& change : changes) {
        INFO(change.ShortDebugString());
        CHECK(change.header().trace_id() ==
              (change.command().command_id() == "called" ? "trace-called" : "trace-of-a-charge"));
    }
    CHECK(
        fixture.gateway->eventually("SELECT count(*) >= 2 AND count(DISTINCT trace_id) = count(*)"
                                    " AND bool_and(trace_id ~ '^[0-9a-f]{32}$') FROM outbox"
                                    " WHERE topic = 'prepay.metering.readings.v1'"));
}

TEST_CASE("I-14: a command that was SENDING at a crash is read back, not repeated") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Simulator& park = line.park;
    Fixture& fixture = line.fixture;
    Gateway& gateway = line.gateway;
    line.add_meter("m-1", 1, 1000, 500);
    REQUIRE(gateway.submit("trip-one", "m-1", v1::COMMAND_ACTION_TRIP).ok());
    CHECK(gateway.follow("trip-one").state() == v1::COMMAND_STATE_VERIFIED);
    fixture.gateway.reset();
    const Status status = fixture.database->transact([](pqxx::work& tx) -> Status {
        tx.exec(
            "INSERT INTO commands (command_id, meter_id, line_id, action, state, reason_text,"
            " initiator, intent_id, create_time, attempt_count) VALUES ('trip-two', 'm-1',"
            " 'line-01', 'trip', 'sending', '', 'prepay-account', 'trip-two', now(), 1)");
        tx.exec("INSERT INTO command_attempts (command_id, attempt_number) VALUES ('trip-two', 1)");
        return absl::OkStatus();
    });
    REQUIRE(status.ok());
    fixture.restart();
    CHECK(fixture.gateway->follow("trip-two").state() == v1::COMMAND_STATE_VERIFIED);
    CHECK(park.relay_writes("m-1").size() == 1);
}

TEST_CASE("Bad intents are dead letters: undecodable, unknown meter, unknown action") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    kafka::Message message;
    message.payload = "\xff\xff\xff";
    const auto apply = [&] {
        return fixture.database->transact(
            [&](pqxx::work& tx) { return fixture.gateway->intents.apply(tx, {message}); });
    };
    CHECK(error_reason(apply()) == "BAD_MESSAGE");
    message.payload.clear();
    CHECK(error_reason(apply()) == "BAD_MESSAGE");
    CHECK(error_reason(fixture.gateway->deliver(
              intent_event("i", "nobody", account::v1::SWITCH_ACTION_TRIP,
                           account::v1::SWITCH_INTENT_STATE_READY))) == "BAD_MESSAGE");
}

TEST_CASE("Serial RTU: the same flow on a pty") {
    SKIP_WITHOUT_POSTGRES();
    Simulator park;
    Fixture fixture;
    Gateway& gateway = *fixture.gateway;
    const std::string link =
        (std::filesystem::temp_directory_path() / ("prepay-pty-" + std::to_string(getpid())))
            .string();
    park.add_line("serial-01", link);
    park.add_meter("m-1", "serial-01", 1, sim::FAMILY_DDSY1352, 5000, 500);
    gateway.add_line("serial-01", link + "?baud=38400", v1::TRANSPORT_MODBUS_RTU);
    gateway.add_meter("m-1", "serial-01", 1, "acrel-ddsy1352");
    REQUIRE(gateway.eventually("SELECT count(*) >= 2 FROM readings"));
    REQUIRE(gateway.submit("trip-serial", "m-1", v1::COMMAND_ACTION_TRIP).ok());
    const v1::Command trip = gateway.follow("trip-serial");
    CHECK(trip.state() == v1::COMMAND_STATE_VERIFIED);
    CHECK_FALSE(park.truth("m-1").relay_closed());
    REQUIRE(trip.frames_size() > 0);
    CHECK(order_frame(trip) == park.relay_writes("m-1")[0]);
}

TEST_CASE("A dip is an anomaly event, a rollover and a swap open an epoch") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Simulator& park = line.park;
    Gateway& gateway = line.gateway;
    line.add_meter("m-1", 1, 50'000, 0, sim::FAMILY_DDSY1352, "acrel-ddsy1352", "old");
    line.add_meter("m-2", 2, 999'999'990, 0);
    REQUIRE(gateway.eventually("SELECT count(DISTINCT meter_no) = 2 FROM readings"));
    park.set_register("m-1", 40'000);
    park.set_register("m-2", 10);
    REQUIRE(
        gateway.eventually("SELECT count(*) = 1 FROM rejected_readings"
                           " WHERE reason = 'REGISTER_DIP'"));
    REQUIRE(gateway.eventually("SELECT count(*) >= 2 FROM readings WHERE register_epoch = 1"));
    CHECK(
        gateway.eventually("SELECT count(*) = 1 FROM readings WHERE register_total = 1000000000"
                           " AND register_epoch = 0"));
    CHECK(
        gateway.eventually("SELECT min(register_total) = 50000 FROM readings r JOIN meters m"
                           " USING (meter_no) WHERE meter_id = 'm-1'"));
    const auto anomalies = gateway.events<v1::ReadingRejected>("prepay.metering.anomalies.v1");
    REQUIRE_FALSE(anomalies.empty());
    CHECK(anomalies[0].previous_register_total() == 50'000);
    CHECK(anomalies[0].register_total() == 40'000);
    // The dip stays: a person says that the meter was replaced.
    const std::int64_t anomaly = line.quarantine_of("m-1");
    v1::DecideQuarantineRequest request;
    request.set_anomaly_id(anomaly);
    request.set_decision(v1::QUARANTINE_DECISION_NEW_EPOCH);
    request.set_opening_register(39'000);
    request.set_closing_register(50'500);
    REQUIRE(line.decide(request).ok());
    CHECK(
        gateway.eventually("SELECT array_agg(r.register_epoch || ':' || register_total ORDER BY"
                           " slot_time) FILTER (WHERE source = 'on_demand') ="
                           " ARRAY['0:50500', '1:39000', '1:40000'] FROM readings r JOIN meters m"
                           " USING (meter_no) WHERE meter_id = 'm-1'"));
    CHECK(
        gateway.eventually("SELECT count(*) >= 2 FROM readings r JOIN meters m USING (meter_no)"
                           " WHERE meter_id = 'm-1' AND r.register_epoch = 1 AND source = 'poll'"));
}

TEST_CASE("Another CT ratio is asked about: the jump of the register is no consumption") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    line.add_meter("m-1", 1, 50'000, 0);
    REQUIRE(line.gateway.eventually("SELECT count(*) > 0 FROM readings"));
    v1::RegisterMetersRequest request;
    Gateway::fill_meter(*request.add_meters(), "m-1", "line-01", 1, "acrel-ddsy1352");
    request.mutable_meters(0)->set_ct_ratio(40);
    REQUIRE(line.gateway.grpc_meters
                .register_meters(line.gateway.context("RegisterMeters", request, "ct-40-of-m-1"),
                                 request)
                .ok());
    v1::DecideQuarantineRequest decision;
    decision.set_anomaly_id(line.quarantine_of("m-1"));
    decision.set_decision(v1::QUARANTINE_DECISION_NEW_EPOCH);
    CHECK(line.gateway.eventually("SELECT bool_and(after_change) FROM rejected_readings"));
    REQUIRE(line.decide(decision).ok());
    CHECK(
        line.gateway.eventually("SELECT count(*) > 1 FROM readings WHERE register_epoch = 1"
                                " AND register_total = 2000000"));
    CHECK(
        line.gateway.eventually("SELECT count(*) = 0 FROM readings WHERE register_epoch = 0"
                                " AND register_total <> 50000"));
}

TEST_CASE("A corrected unit with 1,000 kWh more waits for a person, over a restart too") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    line.add_meter("m-1", 1, 50'000, 0);
    line.park.add_meter("m-right", "line-01", 2, sim::FAMILY_DDSY1352, 1'050'000, 0);
    REQUIRE(line.gateway.eventually("SELECT count(*) > 0 FROM readings"));
    line.gateway.add_meter("m-1", "line-01", 2, "acrel-ddsy1352");
    const std::int64_t anomaly = line.quarantine_of("m-1");
    // Two days later the bound of the time would allow it.
    line.fixture.restart();
    Gateway& gateway = *line.fixture.gateway;
    v1::GetMeterRequest get;
    get.set_meter_id("m-1");
    const auto marked = [&] {
        const auto meter = gateway.grpc_meters.get_meter({}, get);
        return meter.ok() && meter->meter().quarantine_anomaly_id() == anomaly &&
               !meter->meter().latest().register_fault().empty();
    };
    CHECK(gateway.until(marked));
    CHECK(gateway.eventually("SELECT max(register_total) = 50000 FROM readings"));
    v1::ListAnomaliesRequest list;
    list.set_state(v1::ANOMALY_STATE_OPEN);
    const auto open = gateway.grpc_anomalies.list_anomalies({}, list);
    REQUIRE(open.ok());
    REQUIRE(open->anomalies_size() == 1);
    CHECK(open->open_count() == 1);
    CHECK(open->anomalies(0).previous_register_total() == 50'000);
    CHECK(open->anomalies(0).after_change());
    v1::GetAnomalyRequest detail;
    detail.set_anomaly_id(anomaly);
    CHECK(gateway.grpc_anomalies.get_anomaly({}, detail)->anomaly().frames_size() >= 2);
    // History of the meter is no way around the decision.
    v1::ImportReadingsRequest import;
    auto* row = import.add_readings();
    row->set_meter_id("m-1");
    set_time(*row->mutable_read_time(), gateway.clock.now());
    row->set_register_total(60'000);
    const auto imported = gateway.grpc_readings.import_readings(
        gateway.context("ImportReadings", import, "import-in-quarantine"), import);
    REQUIRE(imported.ok());
    REQUIRE(imported->rejected_size() == 1);
    CHECK(imported->rejected(0).reason() == "QUARANTINED");

    v1::DecideQuarantineRequest request;
    request.set_anomaly_id(anomaly);
    request.set_decision(v1::QUARANTINE_DECISION_NEW_EPOCH);
    const auto reason_of = [&](const v1::DecideQuarantineRequest& asked) {
        return error_reason(gateway.decide(asked).status());
    };
    request.set_opening_register(99'000'000);
    CHECK(reason_of(request) == "BAD_OPENING_REGISTER");
    request.clear_opening_register();
    request.set_closing_register(1);
    CHECK(reason_of(request) == "BAD_CLOSING_REGISTER");
    request.clear_closing_register();
    request.set_anomaly_id(4711);
    CHECK(reason_of(request) == "UNKNOWN_ANOMALY");
    request.set_anomaly_id(anomaly);
    REQUIRE(gateway.decide(request, "decide-once").ok());
    REQUIRE(gateway.decide(request, "decide-once").ok());
    CHECK(reason_of(request) == "NOT_IN_QUARANTINE");
    CHECK(gateway.eventually("SELECT count(*) > 1 FROM readings WHERE register_epoch = 1"));
    CHECK(gateway.grpc_anomalies.list_anomalies({}, list)->open_count() == 0);
    const auto events = gateway.events<v1::ReadingRejected>("prepay.metering.anomalies.v1");
    CHECK(events.back().state() == v1::ANOMALY_STATE_DECIDED);
    const auto decided = gateway.grpc_anomalies.get_anomaly({}, detail);
    CHECK(decided->anomaly().decided_by() == "user:li");
    CHECK(decided->anomaly().reason_text() == "test");
}

TEST_CASE("I-24: a clock stepped by a day or an hour makes no reading of another time") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Gateway& gateway = line.gateway;
    line.add_meter("m-1", 1, 50'000, 3'600);
    REQUIRE(gateway.eventually("SELECT count(*) > 1 FROM readings"));
    const auto check = [&](bool with_database) {
        const auto database = pg::read_database_time(*line.fixture.database);
        REQUIRE(database.ok());
        return gateway.clock.check(with_database ? std::optional(*database) : std::nullopt);
    };
    CHECK(check(true) == ClockVerdict::kRight);
    int n = 0;
    for (const std::int64_t hours : {24, -24, 1, -1}) {
        INFO(hours);
        const auto order = [&](const std::string& name) {
            v1::SubmitCommandRequest request;
            request.set_meter_id("m-1");
            request.set_action(v1::COMMAND_ACTION_TRIP);
            request.set_reason_text("test");
            set_time(*request.mutable_not_after(), SystemClock().now() + std::chrono::seconds(60));
            return gateway.grpc_commands.submit_command(
                gateway.context("SubmitCommand", request, name), request);
        };
        // Nobody to ask: what depends on the time waits, and the values say so.
        gateway.machine.step_us = hours * 3'600'000'000;
        CHECK(error_reason(order("doubt-" + std::to_string(++n)).status()) == "CLOCK_IN_DOUBT");
        CHECK(check(false) == ClockVerdict::kDoubt);
        v1::GetMeterRequest get;
        get.set_meter_id("m-1");
        CHECK(gateway.until([&] {
            return gateway.grpc_meters.get_meter({}, get)->meter().latest().register_fault() ==
                   "CLOCK_IN_DOUBT";
        }));
        // The database knows better: the gateway goes on by the time before the step.
        CHECK(check(true) == ClockVerdict::kKeep);
        const auto newer = [&] {
            const Instant from = SystemClock().now();
            return gateway.eventually("SELECT max(read_time) > to_timestamp(" +
                                      std::to_string(to_micros(from) / 1'000'000) +
                                      ") FROM readings");
        };
        CHECK(newer());
        gateway.machine.step_us = 0;
        CHECK(check(true) == ClockVerdict::kRight);
        CHECK(newer());  // Nothing is refused after it.
    }
    CHECK(
        gateway.eventually("SELECT count(*) = 0 FROM readings WHERE abs(extract(epoch FROM"
                           " read_time - clock_timestamp())) > 600 OR slot_time > "
                           "clock_timestamp() + interval '1 minute'"));
    CHECK(gateway.eventually("SELECT count(*) = 0 FROM rejected_readings"));
}

TEST_CASE("Two lines at one address, and two meters at one unit of it, name each other") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    Gateway& gateway = *fixture.gateway;
    gateway.add_line("line-01", "127.0.0.1:1", v1::TRANSPORT_MODBUS_TCP, 60'000);
    v1::RegisterLinesRequest lines;
    auto* line = lines.add_lines();
    line->set_line_id("line-02");
    line->set_address("127.0.0.1:1");
    line->set_transport(v1::TRANSPORT_MODBUS_TCP);
    line->set_enabled(true);
    const auto put_line = [&](const std::string& request_id) {
        return gateway.grpc_lines
            .register_lines(gateway.context("RegisterLines", lines, request_id), lines)
            .status();
    };
    const Status refused = put_line("line-02-refused");
    CHECK(error_reason(refused) == "ADDRESS_TAKEN");
    CHECK(error_message(refused).find("where line line-01 is") != std::string::npos);
    lines.set_allow_shared_address(true);
    REQUIRE(put_line("line-02-allowed").ok());
    gateway.add_meter("m-1", "line-01", 7, "acrel-ddsy1352");
    v1::RegisterMetersRequest meters;
    Gateway::fill_meter(*meters.add_meters(), "m-2", "line-02", 7, "acrel-ddsy1352");
    const auto put_meter = [&](const std::string& request_id) {
        return gateway.grpc_meters
            .register_meters(gateway.context("RegisterMeters", meters, request_id), meters)
            .status();
    };
    const Status twice = put_meter("m-2-refused");
    CHECK(error_reason(twice) == "ADDRESS_TAKEN");
    CHECK(error_message(twice).find("which is meter m-1") != std::string::npos);
    meters.set_allow_shared_address(true);
    CHECK(put_meter("m-2-allowed").ok());
    meters.mutable_meters(0)->set_meter_id("m-3");
    meters.mutable_meters(0)->set_line_id("line-01");
    const Status same = put_meter("m-3-never");
    CHECK(error_reason(same) == "UNIT_TAKEN");
    CHECK(error_message(same).find("m-1 and m-3") != std::string::npos);
}

TEST_CASE("What a meter did is answered: errors by kind, last error, frames") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    line.add_meter("m-1", 1, 50'000, 0);
    REQUIRE(line.gateway.eventually("SELECT count(*) > 0 FROM readings"));
    sim::SetMeterRequest fault;
    fault.set_meter_id("m-1");
    fault.add_faults()->set_kind(sim::FAULT_KIND_EXCEPTION);
    fault.mutable_faults(0)->set_exception_code(4);
    line.park.call(&sim::SimulatorService::StubInterface::SetMeter, fault);
    v1::GetMeterDiagnosticsRequest request;
    request.set_meter_id("m-1");
    Result<v1::GetMeterDiagnosticsResponse> report = invalid_argument("NONE", "");
    CHECK(line.gateway.until([&] {
        report = line.gateway.grpc_meters.get_meter_diagnostics({}, request);
        return report.ok() && report->errors_size() > 0;
    }));
    CHECK(report->last_error_kind() == "METER_EXCEPTION");
    CHECK(report->errors(0).kind() == "METER_EXCEPTION");
    CHECK(report->good_count() > 0);
    CHECK(report->frames_size() >= 4);
    request.set_meter_id("m-9");
    CHECK(error_reason(line.gateway.grpc_meters.get_meter_diagnostics({}, request).status()) ==
          "UNKNOWN_METER");
}

TEST_CASE("A registration whose answer was lost reaches the running gateway when it is repeated") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    line.add_meter("m-1", 1, 50'000, 0, sim::FAMILY_DDSY1352, "acrel-ddsy1352", "old");
    REQUIRE(line.gateway.eventually("SELECT count(*) > 0 FROM readings"));
    const auto key_of = [](const rpc::CallContext& call) {
        return pg::RequestKey{call.request_id, call.method, call.content_hash,
                              call.identity.subject};
    };
    // What was committed, and its answer lost: the rows are there, the lines were not told.
    v1::RegisterMetersRequest swap;
    Gateway::fill_meter(*swap.add_meters(), "m-1", "line-01", 1, "acrel-ddsy1352");
    swap.mutable_meters(0)->set_serial_number("new");
    const auto swap_call = line.gateway.context("RegisterMeters", swap, "swap-of-m-1");
    const auto known = line.gateway.registry.list_meters("", 1, "", {"m-1"});
    REQUIRE(known.ok());
    MeterConfig config = known->front().config;
    config.serial_number = "new";
    REQUIRE(line.gateway.registry.put_meters(key_of(swap_call), {config}).ok());
    REQUIRE(line.gateway.grpc_meters.register_meters(swap_call, swap).ok());
    // The line knows the new serial number: the next register that does not fit is asked about.
    line.park.set_register("m-1", 10'000);
    CHECK(
        line.gateway.eventually("SELECT count(*) = 1 FROM rejected_readings WHERE state = 'open'"
                                " AND after_change"));

    v1::RegisterLinesRequest add;
    auto* added = add.add_lines();
    added->set_line_id("line-02");
    added->set_address("127.0.0.1:1");
    added->set_transport(v1::TRANSPORT_MODBUS_TCP);
    const auto add_call = line.gateway.context("RegisterLines", add, "add-of-line-02");
    LineConfig second;
    second.line_id = "line-02";
    second.address = "127.0.0.1:1";
    REQUIRE(line.gateway.registry.put_lines(key_of(add_call), {second}).ok());
    REQUIRE(line.gateway.grpc_lines.register_lines(add_call, add).ok());
    CHECK(line.gateway.park.has_line("line-02"));
}

TEST_CASE("B21: a silent meter goes offline after three cycles, its neighbour never") {
    SKIP_WITHOUT_POSTGRES();
    OneLine line;
    Simulator& park = line.park;
    Gateway& gateway = line.gateway;
    line.add_meter("m-1", 1, 50'000, 0);
    line.add_meter("m-2", 2, 50'000, 0);
    REQUIRE(gateway.eventually("SELECT count(*) = 2 FROM meters WHERE online"));
    park.set_fault("m-1", sim::FAULT_KIND_SILENT);
    REQUIRE(gateway.eventually("SELECT NOT online FROM meters WHERE meter_id = 'm-1'"));
    CHECK(gateway.eventually("SELECT online FROM meters WHERE meter_id = 'm-2'"));
    CHECK(gateway.park.line_status("line-01").state == LineState::kOnline);
    park.clear_faults("m-1");
    CHECK(gateway.eventually("SELECT online FROM meters WHERE meter_id = 'm-1'"));
    CHECK(gateway.eventually("SELECT max(state_revision) = 1 FROM meters WHERE meter_id = 'm-2'"));
}

TEST_CASE("Registration is all or nothing and tells what is wrong") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    Gateway& gateway = *fixture.gateway;
    gateway.add_line("line-01", "127.0.0.1:1", v1::TRANSPORT_MODBUS_TCP, 60'000);
    const auto register_two = [&](const std::function<void(v1::Meter&)>& change,
                                  const std::string& request_id) {
        v1::RegisterMetersRequest request;
        Gateway::fill_meter(*request.add_meters(), "m-1", "line-01", 1, "acrel-ddsy1352");
        Gateway::fill_meter(*request.add_meters(), "m-2", "line-01", 2, "acrel-ddsy1352");
        change(*request.mutable_meters(1));
        return error_reason(
            gateway.grpc_meters
                .register_meters(gateway.context("RegisterMeters", request, request_id), request)
                .status());
    };
    int n = 0;
    const auto reason = [&](const std::function<void(v1::Meter&)>& change) {
        return register_two(change, "register-" + std::to_string(++n));
    };
    CHECK(reason([](auto& m) { m.set_meter_id("a b"); }) == "BAD_METER_ID");
    CHECK(reason([](auto& m) { m.set_meter_id("m-1"); }) == "DUPLICATE_ID");
    CHECK(reason([](auto& m) { m.set_unit_id(248); }) == "OUT_OF_RANGE");
    CHECK(reason([](auto& m) { m.set_unit_id(1); }) == "UNIT_TAKEN");
    CHECK(reason([](auto& m) { m.set_line_id("line-99"); }) == "UNKNOWN_LINE");
    CHECK(reason([](auto& m) { m.set_driver_pack("none"); }) == "UNKNOWN_DRIVER_PACK");
    CHECK(reason([](auto& m) { m.set_ct_ratio(-1); }) == "OUT_OF_RANGE");
    CHECK(reason([](auto& m) { m.set_resource(common::v1::RESOURCE_WATER); }) ==
          "RESOURCE_MISMATCH");
    CHECK(gateway.eventually("SELECT count(*) = 0 FROM meters"));
    CHECK(reason([](auto&) {}).empty());
    CHECK(gateway.eventually("SELECT count(*) = 2 FROM meters"));
    v1::ListMetersRequest list;
    list.set_page_size(1);
    const auto first = gateway.grpc_meters.list_meters({}, list);
    REQUIRE(first.ok());
    REQUIRE(first->meters_size() == 1);
    list.set_page_token(first->next_page_token());
    CHECK(gateway.grpc_meters.list_meters({}, list)->meters(0).meter_id() == "m-2");
    list.set_page_token("zz");
    CHECK(error_reason(gateway.grpc_meters.list_meters({}, list).status()) == "BAD_PAGE_TOKEN");
}
