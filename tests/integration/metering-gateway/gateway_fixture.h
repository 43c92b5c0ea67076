#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

#include "commands/adapters/grpc_commands.h"
#include "commands/adapters/intent_subscriber.h"
#include "core/anchored_clock.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "devices/adapters/yaml_pack_loader.h"
#include "devices/convert.h"
#include "holds/adapters/grpc_holds.h"
#include "lines/adapters/grpc_lines.h"
#include "lines/adapters/park_load.h"
#include "metering_gateway_migrations.h"
#include "meters/adapters/grpc_meters.h"
#include "meters/adapters/grpc_quarantine.h"
#include "pg/database_time.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/simulator/v1/simulator.grpc.pb.h"
#include "readings/adapters/grpc_anomalies.h"
#include "readings/adapters/grpc_readings.h"
#include "rpc/client.h"
#include "support/child_process.h"
#include "support/paths.h"
#include "support/test_database.h"
#include "transports/adapters/asio_line_loop.h"

namespace prepay::metering::test {

namespace sim = simulator::v1;

/// The park simulator as a process, with its control service.
class Simulator {
public:
    Simulator() {
        const int port = prepay::test::free_port();
        const std::string address = "127.0.0.1:" + std::to_string(port);
        process_ = std::make_unique<prepay::test::ChildProcess>(
            std::vector<std::string>{
                std::string(prepay::test::binary_dir()) + "/bin/prepay-park-simulator", "--control",
                address},
            "/dev/null");
        client_ = std::make_unique<rpc::Client>(
            rpc::ClientOptions{address, "", std::chrono::seconds(10)});
        stub_ = sim::SimulatorService::NewStub(client_->channel());
        REQUIRE(client_->channel()->WaitForConnected(std::chrono::system_clock::now() +
                                                     std::chrono::seconds(10)));
    }

    template <typename Request, typename Response>
    Response call(grpc::Status (sim::SimulatorService::StubInterface::*method)(grpc::ClientContext*,
                                                                               const Request&,
                                                                               Response*),
                  const Request& request) {
        auto response = client_->call(static_cast<sim::SimulatorService::StubInterface&>(*stub_),
                                      method, request);
        INFO((response.ok() ? std::string() : error_message(response.status())));
        REQUIRE(response.ok());
        return *std::move(response);
    }

    int add_line(const std::string& line_id, const std::string& pty = "", int tcp_port = 0) {
        sim::AddLinesRequest request;
        auto* line = request.add_lines();
        line->set_line_id(line_id);
        line->set_pty_link(pty);
        line->set_tcp_port(tcp_port);
        return call(&sim::SimulatorService::StubInterface::AddLines, request).lines(0).tcp_port();
    }

    void add_meter(const std::string& meter_id, const std::string& line_id, int unit,
                   sim::Family family, std::int64_t register_wh, std::int64_t load_w) {
        sim::AddMetersRequest request;
        auto* meter = request.add_meters();
        meter->set_meter_id(meter_id);
        meter->set_line_id(line_id);
        meter->set_unit_id(unit);
        meter->set_family(family);
        meter->set_register_wh(register_wh);
        meter->set_load_w(load_w);
        call(&sim::SimulatorService::StubInterface::AddMeters, request);
    }

    sim::MeterTruth truth(const std::string& meter_id) {
        sim::ListMetersRequest request;
        request.add_meter_ids(meter_id);
        return call(&sim::SimulatorService::StubInterface::ListMeters, request).meters(0);
    }

    void set_register(const std::string& meter_id, std::int64_t wh) {
        sim::SetMeterRequest request;
        request.set_meter_id(meter_id);
        request.set_register_wh(wh);
        call(&sim::SimulatorService::StubInterface::SetMeter, request);
    }

    void set_fault(const std::string& meter_id, sim::FaultKind kind, int count = 0,
                   int function = 0, int delay_ms = 0) {
        sim::SetMeterRequest request;
        request.set_meter_id(meter_id);
        auto* fault = request.add_faults();
        fault->set_kind(kind);
        fault->set_count(count);
        fault->set_function_code(function);
        fault->set_delay_ms(delay_ms);
        call(&sim::SimulatorService::StubInterface::SetMeter, request);
    }

    void clear_faults(const std::string& meter_id) {
        sim::SetMeterRequest request;
        request.set_meter_id(meter_id);
        request.set_clear_faults(true);
        call(&sim::SimulatorService::StubInterface::SetMeter, request);
    }

    /// Relay orders seen on the wire for a meter.
    std::vector<std::string> relay_writes(const std::string& meter_id) {
        sim::ListFramesRequest request;
        request.set_meter_id(meter_id);
        request.set_relay_writes_only(true);
        request.set_page_size(1000);
        std::vector<std::string> frames;
        const sim::ListFramesResponse response =
            call(&sim::SimulatorService::StubInterface::ListFrames, request);
        for (const auto& frame : response.frames()) {
            frames.push_back(frame.data());
        }
        return frames;
    }

private:
    std::unique_ptr<prepay::test::ChildProcess> process_;
    std::unique_ptr<rpc::Client> client_;
    std::unique_ptr<sim::SimulatorService::StubInterface> stub_;
};

/// A machine whose wall clock somebody sets.
class SteppedMachine final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return system_.now() + Duration(step_us); }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return system_.steady();
    }
    std::atomic<std::int64_t> step_us{0};

private:
    SystemClock system_;
};

/// Account's answers, set by the test.
class FakePermits final : public SwitchPermits {
public:
    std::atomic<ClaimOutcome> outcome{ClaimOutcome::kGranted};
    std::atomic<ClaimOutcome> cut_outcome{ClaimOutcome::kGranted};
    ClaimOutcome claim(const std::string&) override { return outcome; }
    CutAnswer check_cut(const std::string&) override {
        return {cut_outcome, "user:zhang", "dialysis"};
    }
};

/// The gateway's parts over a database that outlives them, so that a test can "restart" it.
class Gateway {
public:
    Gateway(pg::Database& database, const PackLibrary& packs, FakePermits& permits)
        : database_(database),
          registry(database, clock, settings().late_horizon),
          readings(database, outbox_, clock),
          anomalies(database, outbox_, clock, readings),
          commands(database, outbox_, clock, signal),
          hold_list(database),
          spool(readings, gauges, 10'000),
          loops(clock),
          park({clock, gauges, commands, permits, spool, board, PlausibilityLimits{}, settings()},
               packs, loops.all()),
          intents(commands, park, park, signal, clock),
          grpc_lines({registry, park}),
          grpc_meters({registry, park, park, board, packs}),
          grpc_quarantine({registry, anomalies, park, park, park}),
          grpc_anomalies({anomalies}),
          grpc_readings({readings, anomalies, park, park, gauges, clock}),
          grpc_commands({commands, park, park, signal, permits, clock}),
          grpc_holds({hold_list}) {
        REQUIRE(load_park(registry, park).ok());
        REQUIRE(submit_open(commands, park, Duration(0)).ok());
        writer_ = std::jthread([this](const std::stop_token& stop) { spool.run(stop); });
        park.start();
    }
    ~Gateway() {
        park.stop();
        writer_.request_stop();
        writer_.join();
    }

    void add_to(rpc::Server& server) {
        grpc_lines.add_to(server);
        grpc_meters.add_to(server);
        grpc_quarantine.add_to(server);
        grpc_anomalies.add_to(server);
        grpc_readings.add_to(server);
        grpc_commands.add_to(server);
        grpc_holds.add_to(server);
    }

    rpc::CallContext context(const std::string& method, const google::protobuf::Message& request,
                             const std::string& request_id) {
        rpc::CallContext context;
        context.method = method;
        context.identity.subject = "user:li";
        context.identity.role = rpc::Role::kAdmin;
        context.request_id = request_id;
        context.content_hash = std::to_string(stable_hash(request.SerializeAsString()));
        return context;
    }

    void add_line(const std::string& line_id, const std::string& address,
                  v1::Transport transport = v1::TRANSPORT_MODBUS_TCP, int interval_ms = 200) {
        v1::RegisterLinesRequest request;
        auto* line = request.add_lines();
        line->set_line_id(line_id);
        line->set_address(address);
        line->set_transport(transport);
        line->set_poll_interval_ms(interval_ms);
        line->set_response_timeout_ms(200);
        line->set_enabled(true);
        const auto response = grpc_lines.register_lines(
            context("RegisterLines", request, "line-" + line_id + std::to_string(++count_)),
            request);
        INFO((response.ok() ? std::string() : error_message(response.status())));
        REQUIRE(response.ok());
    }

    static void fill_meter(v1::Meter& meter, const std::string& meter_id,
                           const std::string& line_id, int unit, const std::string& pack) {
        meter.set_meter_id(meter_id);
        meter.set_line_id(line_id);
        meter.set_unit_id(unit);
        meter.set_driver_pack(pack);
        meter.set_enabled(true);
    }

    void add_meter(const std::string& meter_id, const std::string& line_id, int unit,
                   const std::string& pack, const std::string& serial = "") {
        v1::RegisterMetersRequest request;
        fill_meter(*request.add_meters(), meter_id, line_id, unit, pack);
        request.mutable_meters(0)->set_serial_number(serial);
        const auto response = grpc_meters.register_meters(
            context("RegisterMeters", request, "meter-" + meter_id + std::to_string(++count_)),
            request);
        INFO((response.ok() ? std::string() : error_message(response.status())));
        REQUIRE(response.ok());
    }

    Result<v1::SubmitCommandResponse> submit(const std::string& request_id,
                                             const std::string& meter_id, v1::CommandAction action,
                                             std::chrono::seconds time = std::chrono::seconds(60)) {
        v1::SubmitCommandRequest request;
        request.set_request_id(request_id);
        request.set_meter_id(meter_id);
        request.set_action(action);
        request.set_reason_text("test");
        set_time(*request.mutable_not_after(), clock.now() + time);
        rpc::CallContext call = context("SubmitCommand", request, request_id);
        call.trace_id = "trace-" + request_id;
        return grpc_commands.submit_command(call, request);
    }

    /// The command when it is final, by WatchCommand.
    v1::Command follow(const std::string& command_id) {
        struct Collector final : rpc::RawStreamWriter {
            bool write(const google::protobuf::Message& message) override {
                last.CopyFrom(static_cast<const v1::WatchCommandResponse&>(message).command());
                return true;
            }
            [[nodiscard]] bool is_cancelled() const override {
                return std::chrono::steady_clock::now() > deadline;
            }
            v1::Command last;
            std::chrono::steady_clock::time_point deadline =
                std::chrono::steady_clock::now() + std::chrono::seconds(20);
        } collector;
        rpc::StreamWriter<v1::WatchCommandResponse> writer(collector);
        v1::WatchCommandRequest request;
        request.set_command_id(command_id);
        const Status status = grpc_commands.watch_command({}, request, writer);
        INFO(status);
        CHECK(status.ok());
        return collector.last;
    }

    Result<v1::DecideQuarantineResponse> decide(v1::DecideQuarantineRequest request,
                                                const std::string& request_id = "") {
        request.set_reason_text("test");
        const std::string id =
            request_id.empty() ? "decide-" + std::to_string(++count_) : request_id;
        return grpc_quarantine.decide_quarantine(context("DecideQuarantine", request, id), request);
    }

    /// Waits until a condition holds.
    bool until(const std::function<bool()>& holds) {
        for (int i = 0; i < 300 && !holds(); ++i) {
            eventually("SELECT true");  // A pause of the server's.
        }
        return holds();
    }

    Status deliver(const account::v1::SwitchIntentChanged& event,
                   const std::string& trace_id = "") {
        return database_.transact(
            [&](pqxx::work& tx) { return apply_intent(tx, event, trace_id); });
    }
    Status apply_intent(pqxx::work& tx, const account::v1::SwitchIntentChanged& event,
                        const std::string& trace_id = "") {
        kafka::Message message;
        message.trace_id = trace_id;
        message.payload = event.SerializeAsString();
        return intents.apply(tx, {message});
    }

    /// Waits until a condition on the database holds.
    bool eventually(const std::string& sql, std::chrono::seconds time = std::chrono::seconds(15)) {
        const auto deadline = clock.steady() + time;
        while (clock.steady() < deadline) {
            const auto holds = database_.read([&](pqxx::work& tx) -> Result<bool> {
                // The pause is the server's: there is no event to wait for from outside.
                tx.exec("SELECT pg_sleep(0.02)");
                return tx.exec1(sql)[0].as<bool>();
            });
            REQUIRE(holds.ok());
            if (*holds) {
                return true;
            }
        }
        return false;
    }

    template <typename Event>
    std::vector<Event> events(const std::string& topic) {
        std::vector<Event> result;
        const Status status = database_.read([&](pqxx::work& tx) -> Status {
            for (const auto& row : tx.exec_params(
                     "SELECT payload FROM outbox WHERE topic = $1 ORDER BY outbox_id", topic)) {
                result.emplace_back();
                REQUIRE(result.back().ParseFromString(pqxx::binarystring(row[0]).str()));
            }
            return absl::OkStatus();
        });
        REQUIRE(status.ok());
        return result;
    }

    SteppedMachine machine;
    AnchoredClock clock{machine};

private:
    static CommandSettings settings() {
        CommandSettings result;
        result.settle_time = std::chrono::milliseconds(300);
        result.verify_window = std::chrono::milliseconds(2000);
        return result;
    }

    pg::Database& database_;
    outbox::Outbox outbox_{8};
    int count_ = 0;

public:
    telemetry::Metrics metrics;
    GatewayMetrics gauges{metrics};
    LatestBoard board;
    CommandSignal signal;
    PgRegistryStore registry;
    PgReadingStore readings;
    PgAnomalyStore anomalies;
    PgCommandStore commands;
    PgHoldList hold_list;
    ReadingSpool spool;
    AsioLineLoops loops;
    LinePark park;
    IntentSubscriber intents;
    GrpcLines grpc_lines;
    GrpcMeters grpc_meters;
    GrpcQuarantine grpc_quarantine;
    GrpcAnomalies grpc_anomalies;
    GrpcReadings grpc_readings;
    GrpcCommands grpc_commands;
    GrpcHolds grpc_holds;

private:
    std::jthread writer_;
};

/// Database, packs and one gateway.
struct Fixture {
    Fixture()
        : test_database("metering", metering_gateway_migrations()),
          database(test_database.open(6)),
          packs(*load_packs(std::string(prepay::test::source_dir()) +
                            "/services/metering-gateway/packs")) {
        restart();
    }
    void restart() {
        gateway.reset();
        gateway = std::make_unique<Gateway>(*database, packs, permits);
    }

    prepay::test::TestDatabase test_database;
    std::unique_ptr<pg::Database> database;
    PackLibrary packs;
    FakePermits permits;
    std::unique_ptr<Gateway> gateway;
};

}  // namespace prepay::metering::test
