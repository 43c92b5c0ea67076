#include "gateway_process.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

/// A gateway with the simulated meter "m-1" on the line "line-01", read before anything is wrong.
struct OneMeter : Fixture {
    OneMeter() {
        gateway->add_line("line-01", "127.0.0.1:" + std::to_string(park.add_line("line-01")));
        park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 50'000, 0);
        gateway->add_meter("m-1", "line-01", 1, "acrel-ddsy1352");
        REQUIRE(gateway->eventually("SELECT count(*) > 0 FROM readings"));
    }

    std::map<std::string, std::int64_t> errors() {
        v1::GetMeterDiagnosticsRequest request;
        request.set_meter_id("m-1");
        const auto report = gateway->grpc_meters.get_meter_diagnostics({}, request);
        REQUIRE(report.ok());
        std::map<std::string, std::int64_t> counts;
        for (const v1::ErrorCount& error : report->errors()) {
            counts[error.kind()] = error.count();
        }
        return counts;
    }

    Simulator park;
};

}  // namespace

TEST_CASE("Replies of another transaction and refused relay orders are counted, each by its kind") {
    SKIP_WITHOUT_POSTGRES();
    OneMeter one;
    SECTION("replies that answer another request") {
        one.park.set_fault("m-1", sim::FAULT_KIND_BAD_MBAP);
        CHECK(one.gateway->until([&] { return one.errors()["BAD_REPLY"] >= 2; }));
        CHECK(one.errors().count("METER_EXCEPTION") == 0);
    }
    SECTION("a relay order that the meter refuses") {
        sim::SetMeterRequest fault;
        fault.set_meter_id("m-1");
        fault.add_faults()->set_kind(sim::FAULT_KIND_EXCEPTION);
        fault.mutable_faults(0)->set_exception_code(4);
        fault.mutable_faults(0)->set_function_code(0x10);
        one.park.call(&sim::SimulatorService::StubInterface::SetMeter, fault);
        const auto sent = one.gateway->submit("trip-0001", "m-1", v1::COMMAND_ACTION_TRIP);
        REQUIRE(sent.ok());
        const v1::Command command = one.gateway->follow(sent->command().command_id());
        CHECK(command.state() == v1::COMMAND_STATE_REFUSED);
        CHECK(one.errors()["METER_EXCEPTION"] >= 1);
        CHECK(one.errors().count("BAD_REPLY") == 0);
    }
}

TEST_CASE("A sweep tells the first error of a kind in the log, and not each one") {
    SKIP_WITHOUT_POSTGRES();
    const prepay::test::TestDatabase scratch("metering", metering_gateway_migrations());
    const auto database = scratch.open(2);
    Simulator park;
    add_meter(*database, park);
    GatewayProcess gateway(scratch);
    REQUIRE(eventually(*database, "SELECT count(*) > 0 FROM readings"));
    sim::SetMeterRequest fault;
    fault.set_meter_id("m-1");
    fault.add_faults()->set_kind(sim::FAULT_KIND_EXCEPTION);
    fault.mutable_faults(0)->set_exception_code(4);
    park.call(&sim::SimulatorService::StubInterface::SetMeter, fault);
    const auto lines = [&] {
        std::vector<std::string> found;
        std::istringstream text(gateway.log());
        for (std::string line; std::getline(text, line);) {
            if (line.find("a meter is in trouble") != std::string::npos &&
                line.find("METER_EXCEPTION") != std::string::npos) {
                found.push_back(line);
            }
        }
        return found;
    };
    for (int i = 0; i < 100 && lines().empty(); ++i) {
        REQUIRE(eventually(*database, "SELECT true"));  // A pause of the server's.
    }
    // Some sweeps of 200 ms more, all of them failing.
    for (int i = 0; i < 40; ++i) {
        REQUIRE(eventually(*database, "SELECT true"));
    }
    REQUIRE(lines().size() == 1);
    const std::string line = lines().front();
    CAPTURE(line);
    CHECK(line.find("m-1") != std::string::npos);
    CHECK(line.find("line-01") != std::string::npos);
    CHECK(line.find("exception 4") != std::string::npos);
}
