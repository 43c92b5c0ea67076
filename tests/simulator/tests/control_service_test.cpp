#include "control_service.h"

#include <grpcpp/create_channel.h>

#include <catch2/catch.hpp>
#include <thread>

#include "core/time.h"
#include "prepay/simulator/v1/simulator.grpc.pb.h"
#include "wire.h"

using namespace prepay;
using namespace prepay::simulator;
using namespace prepay::simulator::test;
namespace pb = prepay::simulator::v1;
using namespace std::chrono_literals;

namespace {

const SystemClock kClock;

/// A park driven through its control service alone.
struct Control {
    Control() : park(kClock, 1000), server(ControlServer::start(park, "127.0.0.1:0").value()) {
        stub = pb::SimulatorService::NewStub(grpc::CreateChannel(
            "127.0.0.1:" + std::to_string(server->port()), grpc::InsecureChannelCredentials()));
        pb::AddLinesRequest lines;
        lines.add_lines()->set_line_id("line-01");
        pb::AddLinesResponse opened;
        grpc::ClientContext context;
        REQUIRE(stub->AddLines(&context, lines, &opened).ok());
        port = opened.lines(0).tcp_port();
        REQUIRE(add("m-0001", 1, 999'999'980).ok());
    }
    grpc::Status add(const std::string& id, int unit, std::int64_t register_wh) {
        pb::AddMetersRequest request;
        pb::MeterSpec& meter = *request.add_meters();
        meter.set_meter_id(id);
        meter.set_line_id("line-01");
        meter.set_unit_id(unit);
        meter.set_family(pb::FAMILY_DDSY1352);
        meter.set_register_wh(register_wh);
        meter.set_load_w(3600);
        grpc::ClientContext context;
        pb::AddMetersResponse response;
        return stub->AddMeters(&context, request, &response);
    }
    pb::MeterTruth truth() {
        pb::ListMetersRequest request;
        request.add_meter_ids("m-0001");
        pb::ListMetersResponse response;
        grpc::ClientContext context;
        REQUIRE(stub->ListMeters(&context, request, &response).ok());
        REQUIRE(response.now().seconds() > 1'700'000'000);
        return response.meters(0);
    }
    grpc::Status set(const pb::SetMeterRequest& request) {
        grpc::ClientContext context;
        pb::SetMeterResponse response;
        return stub->SetMeter(&context, request, &response);
    }
    void speed(std::int64_t speed) {
        pb::SetSpeedRequest request;
        request.set_speed(speed);
        grpc::ClientContext context;
        pb::SetSpeedResponse response;
        REQUIRE(stub->SetSpeed(&context, request, &response).ok());
    }
    std::int64_t register_on_wire() {
        Wire wire(port);
        wire.send(hex("00 01 00 00 00 06 01 03 00 00 00 02"));
        const Bytes answer = wire.receive(13, 5s);
        return answer.size() == 13 ? u32_of(Bytes(answer.begin() + 7, answer.end())) : -1;
    }

    ParkServer park;
    std::unique_ptr<ControlServer> server;
    std::unique_ptr<pb::SimulatorService::Stub> stub;
    int port = 0;
};

}  // namespace

TEST_CASE_METHOD(Control, "truth and wire agree, through speed, roll-over and an open relay") {
    speed(10'000);  // 10 Wh a millisecond: turns over within a few
    while (truth().consumed_mwh() < 100'000) {
    }
    speed(0);
    const pb::MeterTruth turned = truth();
    CHECK(turned.register_mwh() == (999'999'980'000 + turned.consumed_mwh()) % 1'000'000'000'000);
    CHECK(turned.register_wh() == turned.register_mwh() / 10'000 * 10);
    CHECK(register_on_wire() == turned.register_wh() / 10);

    pb::SetMeterRequest open;
    open.set_meter_id("m-0001");
    open.set_relay_closed(false);
    REQUIRE(set(open).ok());
    speed(10'000);
    const pb::MeterTruth cut = truth();
    speed(1);
    CHECK_FALSE(cut.relay_closed());
    CHECK(cut.power_w() == 0);
    CHECK(cut.load_w() == 3600);
    CHECK(cut.relay_change_count() == 1);
    CHECK(cut.has_relay_change_time());
    CHECK(truth().consumed_mwh() == turned.consumed_mwh());

    pb::SetMeterRequest back;
    back.set_meter_id("m-0001");
    back.set_register_wh(4'711'000);
    back.set_load_w(0);
    back.set_relay_closed(true);
    REQUIRE(set(back).ok());
    CHECK(register_on_wire() == 471'100);
    CHECK(truth().rate_register_wh_size() == 4);
    CHECK(truth().rate_register_wh(0) == 471'100);
}

TEST_CASE_METHOD(Control, "faults come and go through the control service") {
    pb::SetMeterRequest silent;
    silent.set_meter_id("m-0001");
    pb::Fault& fault = *silent.add_faults();
    fault.set_kind(pb::FAULT_KIND_EXCEPTION);
    fault.set_exception_code(4);
    REQUIRE(set(silent).ok());
    Wire wire(port);
    const Bytes request = hex("00 01 00 00 00 06 01 03 00 00 00 02");
    wire.send(request);
    CHECK(wire.receive(9, 5s) == hex("00 01 00 00 00 03 01 83 04"));
    pb::SetMeterRequest clear;
    clear.set_meter_id("m-0001");
    clear.set_clear_faults(true);
    REQUIRE(set(clear).ok());
    wire.send(request);
    CHECK(wire.receive(13, 5s).size() == 13);

    pb::SetLineRequest line;
    line.set_line_id("line-01");
    line.set_baud(1200);
    pb::Fault& reboot = *line.add_faults();
    reboot.set_kind(pb::FAULT_KIND_REBOOT);
    reboot.set_delay_ms(1);
    grpc::ClientContext context;
    pb::SetLineResponse response;
    REQUIRE(stub->SetLine(&context, line, &response).ok());
    CHECK(wire.receive(1, 5s).empty());
    CHECK(wire.closed());
    grpc::ClientContext list;
    pb::ListLinesResponse lines;
    REQUIRE(stub->ListLines(&list, {}, &lines).ok());
    CHECK(lines.lines(0).line().baud() == 1200);
    CHECK(lines.lines(0).meter_count() == 1);
    CHECK(lines.lines(0).request_count() == 2);
}

TEST_CASE_METHOD(Control, "ListFrames waits for the frame it asks for") {
    std::thread master([this] { register_on_wire(); });
    pb::ListFramesRequest request;
    request.set_from_sequence(1);
    request.set_wait_ms(5000);
    request.set_meter_id("m-0001");
    grpc::ClientContext context;
    pb::ListFramesResponse response;
    const grpc::Status status = stub->ListFrames(&context, request, &response);
    master.join();
    REQUIRE(status.ok());
    REQUIRE(response.frames_size() >= 1);
    CHECK(response.frames(0).sequence() == 1);
    CHECK(response.frames(0).from_master());
    CHECK(response.frames(0).data().size() == 12);
    CHECK(response.next_sequence() == response.frames_size() + 1);
}

TEST_CASE_METHOD(Control, "bad calls are refused with a reason") {
    CHECK_THAT(add("m-0001", 2, 0).error_message(), Catch::StartsWith("METER_EXISTS: "));
    CHECK(add("m-0002", 1, 0).error_code() == grpc::StatusCode::ALREADY_EXISTS);
    CHECK(add("m-0002", 300, 0).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    pb::SetMeterRequest request;
    request.set_meter_id("m-0404");
    CHECK(set(request).error_code() == grpc::StatusCode::NOT_FOUND);
    request.set_meter_id("m-0001");
    request.set_register_wh(1'000'000'000);
    CHECK(set(request).error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    request.clear_register_wh();
    request.set_relay_closed(false);
    request.add_faults();
    CHECK_THAT(set(request).error_message(), Catch::StartsWith("BAD_FAULT: "));
    CHECK(truth().relay_closed());
    // A taken port undoes the whole request.
    pb::AddLinesRequest lines;
    lines.add_lines()->set_line_id("line-02");
    lines.add_lines()->set_line_id("line-03");
    lines.mutable_lines(1)->set_tcp_port(port);
    grpc::ClientContext context;
    pb::AddLinesResponse opened;
    const grpc::Status taken = stub->AddLines(&context, lines, &opened);
    CHECK_THAT(taken.error_message(), Catch::StartsWith("LINE_NOT_OPENED: line 'line-03'"));
    grpc::ClientContext list;
    pb::ListLinesResponse all;
    REQUIRE(stub->ListLines(&list, {}, &all).ok());
    CHECK(all.lines_size() == 1);
}

TEST_CASE("the control service listens on loopback only, and not on a taken port") {
    ParkServer park(kClock, 10);
    CHECK(error_reason(ControlServer::start(park, "0.0.0.0:0").status()) == "BAD_CONTROL_ADDRESS");
    const auto first = ControlServer::start(park, "127.0.0.1:0").value();
    CHECK(error_reason(
              ControlServer::start(park, "127.0.0.1:" + std::to_string(first->port())).status()) ==
          "CONTROL_NOT_OPENED");
}
