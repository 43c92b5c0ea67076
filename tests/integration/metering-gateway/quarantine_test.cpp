#include "gateway_fixture.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

std::string address_of(int port) { return "127.0.0.1:" + std::to_string(port); }

/// Readings of a meter as "epoch:register", each value once, in their order.
std::string readings_are(const std::string& meter_id, const std::string& wanted) {
    return "SELECT COALESCE(string_agg(register_epoch || ':' || register_total, ' '"
           " ORDER BY first), '') = '" +
           wanted +
           "' FROM (SELECT r.register_epoch, register_total, min(slot_time) AS first"
           " FROM readings r JOIN meters USING (meter_no) WHERE meter_id = '" +
           meter_id + "' GROUP BY r.register_epoch, register_total) AS each_once";
}

/// "line-01" with meters that count nothing unless a test sets their register.
struct Quarantines {
    Quarantines() { gateway().add_line("line-01", address_of(park.add_line("line-01"))); }

    Gateway& gateway() { return *fixture.gateway; }
    void add_meter(const std::string& meter_id, int unit, std::int64_t register_wh) {
        park.add_meter(meter_id, "line-01", unit, sim::FAMILY_DDSY1352, register_wh, 0);
        gateway().add_meter(meter_id, "line-01", unit, "acrel-ddsy1352");
        REQUIRE(gateway().eventually(readings_are(meter_id, "0:" + std::to_string(register_wh))));
    }
    /// The one anomaly that waits for a decision about a meter.
    v1::Anomaly open(const std::string& meter_id) {
        REQUIRE(
            gateway().eventually("SELECT count(*) = 1 FROM rejected_readings WHERE meter_id = '" +
                                 meter_id + "' AND state = 'open'"));
        v1::ListAnomaliesRequest request;
        request.set_state(v1::ANOMALY_STATE_OPEN);
        request.set_meter_id(meter_id);
        const auto answer = gateway().grpc_anomalies.list_anomalies({}, request);
        REQUIRE(answer.ok());
        REQUIRE(answer->anomalies_size() == 1);
        return answer->anomalies(0);
    }
    Result<v1::DecideQuarantineResponse> decide(std::int64_t anomaly_id,
                                                v1::QuarantineDecision decision,
                                                const std::string& request_id) {
        v1::DecideQuarantineRequest request;
        request.set_anomaly_id(anomaly_id);
        request.set_decision(decision);
        return gateway().decide(request, request_id);
    }
    std::int64_t open_count(const std::string& meter_id = "") {
        v1::ListAnomaliesRequest request;
        request.set_meter_id(meter_id);
        const auto answer = gateway().grpc_anomalies.list_anomalies({}, request);
        REQUIRE(answer.ok());
        return answer->open_count();
    }
    Status update_line(const std::string& request_id, const std::string& line_id,
                       const std::string& address, bool enabled = true, bool shared = false) {
        v1::UpdateLineRequest request;
        request.set_allow_shared_address(shared);
        v1::Line& line = *request.mutable_line();
        line.set_line_id(line_id);
        line.set_address(address);
        line.set_transport(v1::TRANSPORT_MODBUS_TCP);
        line.set_poll_interval_ms(200);
        line.set_response_timeout_ms(200);
        line.set_enabled(enabled);
        return gateway()
            .grpc_lines.update_line(gateway().context("UpdateLine", request, request_id), request)
            .status();
    }

    Simulator park;
    Fixture fixture;
};

}  // namespace

TEST_CASE("Accepted, a register in quarantine is consumption: a reading, and readings go on") {
    SKIP_WITHOUT_POSTGRES();
    Quarantines all;
    all.add_meter("m-1", 1, 50'000);
    all.park.set_register("m-1", 1'050'000);
    const v1::Anomaly anomaly = all.open("m-1");
    CHECK(anomaly.previous_register_total() == 50'000);
    CHECK(anomaly.register_total() == 1'050'000);
    CHECK(all.gateway().eventually(readings_are("m-1", "0:50000")));
    const auto decided =
        all.decide(anomaly.anomaly_id(), v1::QUARANTINE_DECISION_ACCEPT, "accept-it");
    INFO(decided.status());
    REQUIRE(decided.ok());
    CHECK(decided->anomaly().state() == v1::ANOMALY_STATE_DECIDED);
    CHECK(decided->anomaly().decision() == v1::QUARANTINE_DECISION_ACCEPT);
    CHECK(decided->anomaly().decided_by() == "user:li");
    CHECK(
        all.gateway().eventually("SELECT count(*) = 1 FROM readings WHERE register_total = 1050000"
                                 " AND register_epoch = 0 AND source = 'on_demand'"));
    all.park.set_register("m-1", 1'050'010);
    CHECK(all.gateway().eventually(readings_are("m-1", "0:50000 0:1050000 0:1050010")));
    all.fixture.restart();
    all.park.set_register("m-1", 1'050'020);
    CHECK(all.gateway().eventually(readings_are("m-1", "0:50000 0:1050000 0:1050010 0:1050020")));
    CHECK(all.open_count() == 0);
    const auto events = all.gateway().events<v1::ReadingRejected>("prepay.metering.anomalies.v1");
    CHECK(events.back().decision() == v1::QUARANTINE_DECISION_ACCEPT);
    CHECK(events.back().register_total() == 1'050'000);
}

TEST_CASE("Discarded, a register in quarantine is nothing: the last good one goes on") {
    SKIP_WITHOUT_POSTGRES();
    const bool dips = GENERATE(false, true);
    const bool restarts = GENERATE(false, true);
    CAPTURE(dips, restarts);
    Quarantines all;
    all.add_meter("m-1", 1, 50'000);
    all.park.set_register("m-1", dips ? 40'000 : 1'050'000);
    const v1::Anomaly anomaly = all.open("m-1");
    if (dips) {
        CHECK(error_reason(
                  all.decide(anomaly.anomaly_id(), v1::QUARANTINE_DECISION_ACCEPT, "accept-less")
                      .status()) == "REGISTER_BELOW_PREVIOUS");
    }
    // Its cause is mended, and the record shows so, before anybody decides.
    all.park.set_register("m-1", 50'010);
    REQUIRE(
        all.gateway().eventually("SELECT COALESCE(latest_total, 0) = 50010 FROM rejected_readings"
                                 " WHERE state = 'open'"));
    CHECK(all.open("m-1").latest_register_total() == 50'010);
    if (restarts) {
        all.fixture.restart();
    }
    const auto decided =
        all.decide(anomaly.anomaly_id(), v1::QUARANTINE_DECISION_DISCARD, "discard-it");
    INFO(decided.status());
    REQUIRE(decided.ok());
    CHECK(decided->anomaly().decision() == v1::QUARANTINE_DECISION_DISCARD);
    REQUIRE(all.gateway().eventually(readings_are("m-1", "0:50000 0:50010")));
    all.park.set_register("m-1", 50'020);
    CHECK(all.gateway().eventually(readings_are("m-1", "0:50000 0:50010 0:50020")));
    CHECK(all.open_count() == 0);
    // The same decision once more is the stored one, another one is refused.
    CHECK(all.decide(anomaly.anomaly_id(), v1::QUARANTINE_DECISION_DISCARD, "discard-it").ok());
    CHECK(error_reason(all.decide(anomaly.anomaly_id(), v1::QUARANTINE_DECISION_ACCEPT, "no-more")
                           .status()) == "NOT_IN_QUARANTINE");
}

TEST_CASE("A discarded register that comes back is in quarantine again at once") {
    SKIP_WITHOUT_POSTGRES();
    Quarantines all;
    all.add_meter("m-1", 1, 50'000);
    all.park.set_register("m-1", 1'050'000);
    const std::int64_t first = all.open("m-1").anomaly_id();
    REQUIRE(all.decide(first, v1::QUARANTINE_DECISION_DISCARD, "too-early").ok());
    const v1::Anomaly second = all.open("m-1");
    CHECK(second.anomaly_id() != first);
    CHECK(second.register_total() == 1'050'000);
    // Noted and open the first time, open at once the second.
    CHECK(all.gateway().eventually("SELECT count(*) = 3 FROM rejected_readings"));
    CHECK(all.gateway().eventually(readings_are("m-1", "0:50000")));
}

TEST_CASE("The anomalies are counted: those that wait for a decision, whatever is asked for") {
    SKIP_WITHOUT_POSTGRES();
    Quarantines all;
    CHECK(all.open_count() == 0);
    for (const int unit : {1, 2, 3}) {
        all.add_meter("m-" + std::to_string(unit), unit, 50'000);
    }
    for (const char* meter_id : {"m-1", "m-2"}) {
        all.park.set_register(meter_id, 1'050'000);
    }
    const std::int64_t first = all.open("m-1").anomaly_id();
    all.open("m-2");
    CHECK(all.open_count() == 2);
    CHECK(all.open_count("m-3") == 2);
    CHECK(all.gateway().eventually(
        "SELECT count(*) >= 4 AND count(*) FILTER (WHERE state = 'noted') >= 2"
        " FROM rejected_readings"));  // The first register of each trouble is only noted.
    REQUIRE(all.decide(first, v1::QUARANTINE_DECISION_ACCEPT, "accept-it").ok());
    CHECK(all.open_count() == 1);
    all.fixture.restart();
    CHECK(all.open_count() == 1);
}

TEST_CASE("Another address of a line: the next register of each meter must prove itself") {
    SKIP_WITHOUT_POSTGRES();
    Quarantines all;
    const std::string other = address_of(all.park.add_line("line-other"));
    const bool restarts = GENERATE(false, true);
    CAPTURE(restarts);
    all.add_meter("m-1", 1, 50'000);
    all.add_meter("m-2", 2, 60'000);
    all.park.add_meter("x-1", "line-other", 1, sim::FAMILY_DDSY1352, 1'050'000, 0);
    all.park.add_meter("x-2", "line-other", 2, sim::FAMILY_DDSY1352, 60'000, 0);
    if (restarts) {
        REQUIRE(all.update_line("move-asleep", "line-01", other, false).ok());
        all.fixture.restart();
        REQUIRE(all.update_line("wake-up", "line-01", other, true).ok());
    } else {
        REQUIRE(all.update_line("move", "line-01", other).ok());
    }
    const v1::Anomaly anomaly = all.open("m-1");
    CHECK(anomaly.after_change());
    CHECK(anomaly.register_total() == 1'050'000);
    CHECK(anomaly.previous_register_total() == 50'000);
    // The first look at it is enough: nothing was only noted before.
    CHECK(all.gateway().eventually("SELECT count(*) = 1 FROM rejected_readings"));
    // A register that goes on where it was is the meter's own, wherever its line is.
    all.park.call(&sim::SimulatorService::StubInterface::SetMeter, [] {
        sim::SetMeterRequest request;
        request.set_meter_id("x-2");
        request.set_register_wh(60'010);
        return request;
    }());
    CHECK(all.gateway().eventually(readings_are("m-2", "0:60000 0:60010")));
}

TEST_CASE("A line is not moved onto an address that is taken, unless it is told to") {
    SKIP_WITHOUT_POSTGRES();
    Quarantines all;
    const std::string taken = "127.0.0.1:2";
    all.gateway().add_line("line-02", taken, v1::TRANSPORT_MODBUS_TCP, 60'000);
    all.add_meter("m-1", 1, 50'000);
    const Status refused = all.update_line("onto-taken", "line-01", taken);
    CHECK(error_reason(refused) == "ADDRESS_TAKEN");
    CHECK(error_message(refused).find("line line-01 would be at 127.0.0.1:2, where line line-02") !=
          std::string::npos);
    // Nothing of it was done: the line polls on where it was.
    CHECK(all.gateway().eventually(
        "SELECT count(*) = 0 FROM lines WHERE line_id = 'line-01' AND address = '127.0.0.1:2'"));
    all.park.set_register("m-1", 50'010);
    CHECK(all.gateway().eventually(readings_are("m-1", "0:50000 0:50010")));
    CHECK(error_reason(all.update_line("nobody", "line-99", "127.0.0.1:3")) == "UNKNOWN_LINE");
    CHECK(all.update_line("its-own", "line-02", taken).ok());
    CHECK(all.update_line("asleep-there", "line-01", taken, false).ok());  // Reads nobody's meters.
    CHECK(error_reason(all.update_line("awake-there", "line-01", taken)) == "ADDRESS_TAKEN");
    CHECK(all.update_line("meant-so", "line-01", taken, true, true).ok());
}
