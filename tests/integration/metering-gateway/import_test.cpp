#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "core/ids.h"
#include "core/proto_time.h"
#include "gateway_fixture.h"
#include "rpc/server.h"
#include "support/child_process.h"
#include "support/paths.h"
#include "support/token_keys.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

struct ImportFixture : Fixture {
    ImportFixture() {
        gateway->add_line("line-01", "127.0.0.1:1", v1::TRANSPORT_MODBUS_TCP, 86'400'000);
        for (int unit = 1; unit <= 20; ++unit) {
            gateway->add_meter("m-" + std::to_string(unit), "line-01", unit, "acrel-ddsy1352");
        }
        start = from_micros(to_micros(gateway->clock.now()) / 3'600'000'000 * 3'600'000'000) -
                std::chrono::hours(24 * 60);
    }

    void add(const std::string& meter_id, int hour, std::int64_t wh) {
        v1::Reading& reading = *request.add_readings();
        reading.set_meter_id(meter_id);
        set_time(*reading.mutable_read_time(), start + std::chrono::hours(hour));
        reading.set_register_total(wh);
    }

    Result<v1::ImportReadingsResponse> send(const std::string& request_id) {
        request.set_request_id(request_id);
        return gateway->grpc_readings.import_readings(
            gateway->context("ImportReadings", request, request_id), request);
    }

    v1::ImportReadingsRequest request;
    Instant start;
};

struct Outcome {
    int exit_code = -1;
    std::vector<std::string> lines;  // Both streams.
};

Outcome run_gateway(const std::vector<std::string>& arguments, const std::string& folder) {
    std::vector<std::string> command = {std::string(prepay::test::binary_dir()) +
                                        "/bin/prepay-metering-gateway"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const std::string log = folder + "/" + new_id(SystemClock()) + ".log";
    prepay::test::ChildProcess process(command, log, {});
    Outcome outcome;
    outcome.exit_code = process.wait(std::chrono::seconds(20));
    std::ifstream file(log);
    for (std::string line; std::getline(file, line);) {
        outcome.lines.push_back(line);
    }
    std::filesystem::remove(log);
    return outcome;
}

std::map<int, std::string> reasons_of(const v1::ImportReadingsResponse& response) {
    std::map<int, std::string> reasons;
    for (const auto& rejected : response.rejected()) {
        reasons[rejected.index()] = rejected.reason();
    }
    return reasons;
}

}  // namespace

TEST_CASE("Readings 16: what an import takes and what it refuses, by reason") {
    SKIP_WITHOUT_POSTGRES();
    ImportFixture f;
    f.add("m-1", 0, 1000);
    f.add("m-1", 1, 2000);
    f.add("m-1", 1, 2000);                          // 2 duplicate, same value
    f.add("m-1", 1, 2010);                          // 3 duplicate, other value
    f.add("m-1", 2, 1500);                          // 4 rollback
    f.add("m-1", 3, 900'000);                       // 5 kWh/Wh mix
    f.add("m-1", 4, -5);                            // 6 negative
    f.add("m-1", 5, 5'000'000'000);                 // 7 more than the register shows
    f.add("m-1", 24 * 90, 9000);                    // 8 future
    f.add("m-1", -24 * 365 * 30, 0);                // 9 too old
    f.add("nobody", 1, 1);                          // 10 unknown meter
    f.add("m-1", 9, 20'000);                        // 11 after a gap
    f.request.add_readings()->set_meter_id("m-1");  // 12 no time
    const auto response = f.send("import-01");
    REQUIRE(response.ok());
    CHECK(response->stored_count() == 3);
    CHECK(response->duplicate_count() == 1);
    CHECK(reasons_of(*response) == std::map<int, std::string>{{3, "VALUE_CONFLICT"},
                                                              {4, "REGISTER_DIP"},
                                                              {5, "TOO_FAST"},
                                                              {6, "NEGATIVE_REGISTER"},
                                                              {7, "OVER_LIMIT"},
                                                              {8, "FUTURE_TIME"},
                                                              {9, "TOO_OLD"},
                                                              {10, "UNKNOWN_METER"},
                                                              {12, "BAD_TIME"}});
    // The same request again: the stored answer, nothing new.
    CHECK(f.send("import-01")->stored_count() == 3);
    CHECK(f.gateway->eventually("SELECT count(*) = 3 FROM readings"));
    // The same rows under another id: duplicates.
    const auto repeated = f.send("import-02");
    REQUIRE(repeated.ok());
    CHECK(repeated->stored_count() == 0);
    CHECK(repeated->duplicate_count() == 4);
    const auto events = f.gateway->events<v1::ReadingsRecorded>("prepay.metering.readings.v1");
    REQUIRE(events.size() == 1);
    CHECK(events[0].readings_size() == 3);
    CHECK(events[0].readings(0).source() == v1::READING_SOURCE_IMPORT);
    f.request.clear_readings();
    CHECK(error_reason(f.send("import-03").status()) == "BAD_COUNT");
}

TEST_CASE("An import in a unit of the other resource is refused, and says which the meter has") {
    SKIP_WITHOUT_POSTGRES();
    ImportFixture f;
    f.gateway->add_meter("w-1", "line-01", 30, "generic-water-valve");
    const auto add = [&](const std::string& meter_id, int hour, common::v1::Resource resource) {
        f.add(meter_id, hour, 1000);
        f.request.mutable_readings(f.request.readings_size() - 1)->set_resource(resource);
    };
    add("w-1", 0, common::v1::RESOURCE_WATER);
    add("w-1", 1, common::v1::RESOURCE_ELECTRICITY);
    add("w-1", 2, common::v1::RESOURCE_UNSPECIFIED);
    add("m-1", 0, common::v1::RESOURCE_WATER);
    add("m-1", 1, common::v1::RESOURCE_ELECTRICITY);
    const auto response = f.send("import-01");
    REQUIRE(response.ok());
    CHECK(response->stored_count() == 3);
    CHECK(reasons_of(*response) ==
          std::map<int, std::string>{{1, "WRONG_RESOURCE"}, {3, "WRONG_RESOURCE"}});
    CHECK(response->rejected(0).message() == "the meter counts water, its register is in mL or m³");
    CHECK(response->rejected(1).message() ==
          "the meter counts electricity, its register is in Wh or kWh");
}

TEST_CASE("History before and between stored readings must fit its neighbours") {
    SKIP_WITHOUT_POSTGRES();
    ImportFixture f;
    f.add("m-1", 100, 50'000);
    f.add("m-1", 110, 60'000);
    REQUIRE(f.send("import-01").ok());
    f.request.clear_readings();
    f.add("m-1", 50, 40'000);
    f.add("m-1", 60, 50'010);  // Above a later one.
    f.add("m-1", 105, 55'000);
    f.add("m-1", 106, 54'000);  // Below the one just before.
    const auto response = f.send("import-02");
    REQUIRE(response.ok());
    CHECK(response->stored_count() == 2);
    CHECK(reasons_of(*response) ==
          std::map<int, std::string>{{1, "REGISTER_DIP"}, {3, "REGISTER_DIP"}});
}

TEST_CASE("ListReadings pages through an import in order") {
    SKIP_WITHOUT_POSTGRES();
    ImportFixture f;
    for (int hour = 0; hour < 24 * 59; ++hour) {
        f.add("m-2", hour, 1000 + hour * 10);
    }
    REQUIRE(f.send("import-01")->stored_count() == 24 * 59);
    v1::ListReadingsRequest request;
    request.set_meter_id("m-2");
    request.set_page_size(500);
    std::int64_t next = 1000;
    do {
        const auto page = f.gateway->grpc_readings.list_readings({}, request);
        REQUIRE(page.ok());
        for (const auto& reading : page->readings()) {
            REQUIRE(reading.register_total() == next);
            next += 10;
        }
        request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    CHECK(next == 1000 + 24 * 59 * 10);
}

TEST_CASE("A new month's table and an import under way do not wait for each other") {
    SKIP_WITHOUT_POSTGRES();
    ImportFixture fixture;
    Gateway& gateway = *fixture.gateway;
    Reading reading;
    reading.meter_no = gateway.registry.list_meters("", 1, "", {"m-1"})->front().config.meter_no;
    reading.meter_id = "m-1";
    reading.slot_time = reading.read_time = fixture.start;
    reading.source = ReadingSource::kImport;
    std::promise<void> compared;
    std::promise<void> go_on;
    auto import = std::async(std::launch::async, [&] {
        return gateway.readings.import(
            {"import-0001", "Import", "", "user:li"},
            {{reading.meter_no, fixture.start, fixture.start, {}}}, {fixture.start},
            [&](auto&) {
                compared.set_value();
                go_on.get_future().wait();
                return std::vector<Reading>{reading};
            },
            [](const std::vector<Reading>&) { return std::string("stored"); },
            [](const Reading&) { return std::string("line-01"); });
    });
    compared.get_future().wait();
    LineBatch batch;
    batch.line_id = "line-01";
    batch.readings.push_back(reading);
    batch.readings[0].slot_time += std::chrono::hours(24 * 400);
    auto sweep = std::async(std::launch::async, [&] { return gateway.readings.write({batch}); });
    const std::string waiting =
        " FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        " AND query LIKE 'CREATE TABLE%'";
    CHECK(gateway.eventually("SELECT count(*) = 1" + waiting));
    go_on.set_value();
    const bool ended = import.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    if (!ended) {
        gateway.eventually("SELECT count(pg_terminate_backend(pid)) >= 0" + waiting);
    }
    REQUIRE(ended);
    CHECK(import.get().ok());
    CHECK(sweep.get().ok());
}

TEST_CASE("Imports are set-based: at least 20,000 readings a second") {
    SKIP_WITHOUT_POSTGRES();
    ImportFixture f;
    for (int hour = 0; hour < 500; ++hour) {
        for (int unit = 1; unit <= 20; ++unit) {
            f.add("m-" + std::to_string(unit), hour, 1000 + hour * 100);
        }
    }
    const auto start = f.gateway->clock.steady();
    const auto response = f.send("import-01");
    const auto elapsed = std::chrono::duration<double>(f.gateway->clock.steady() - start).count();
    REQUIRE(response.ok());
    CHECK(response->stored_count() == 10'000);
    WARN("10,000 readings in " << elapsed << " s");
    CHECK(elapsed < 2.0);  // Four times the room that an idle machine needs.
}

TEST_CASE("import tells every refused row on a line of its own") {
    SKIP_WITHOUT_POSTGRES();
    ImportFixture f;
    f.gateway->add_meter("w-1", "line-01", 30, "generic-water-valve");
    const prepay::test::TokenKeys keys;
    telemetry::Metrics metrics;
    rpc::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.public_key_pem = keys.public_pem();
    const SystemClock clock;
    rpc::Server server(options, metrics, clock);
    f.gateway->add_to(server);
    REQUIRE(server.start().ok());
    const std::string folder =
        (std::filesystem::temp_directory_path() / ("import-" + new_id(clock))).string();
    std::filesystem::create_directories(folder);
    std::ofstream(folder + "/token") << keys.token(rpc::Role::kAdmin, "user:li") << "\n";
    const auto at = [&](int hour) { return format_time(f.start + std::chrono::hours(hour)); };
    std::ofstream(folder + "/history.csv") << "meter,time,register_wh\n"
                                           << "m-1," << at(0) << ",1000\n"
                                           << "m-1," << at(1) << ",900\n"
                                           << "nobody," << at(1) << ",1\n"
                                           << "m-1," << at(2) << ",2000\n"
                                           << "w-1," << at(2) << ",2000\n";
    const Outcome outcome = run_gateway(
        {"import", folder + "/history.csv", "--address",
         "127.0.0.1:" + std::to_string(server.port()), "--token-file", folder + "/token"},
        folder);
    std::filesystem::remove_all(folder);
    CHECK(outcome.exit_code == 1);
    REQUIRE(outcome.lines.size() == 5);
    // In the order of the gateway's answer.
    const std::string refused =
        outcome.lines[0] + "\n" + outcome.lines[1] + "\n" + outcome.lines[2] + "\n";
    CAPTURE(refused);
    CHECK(refused.find("history.csv:3: REGISTER_DIP: ") != std::string::npos);
    CHECK(refused.find("history.csv:4: UNKNOWN_METER: ") != std::string::npos);
    CHECK(refused.find("history.csv:6: WRONG_RESOURCE: the meter counts water") !=
          std::string::npos);
    CHECK(outcome.lines[3] == "\r5 of 5 readings");
    CHECK(outcome.lines[4] == R"({"stored":2,"duplicates":0,"rejected":3})");
    server.stop(std::chrono::seconds(5));
}

TEST_CASE("an option that is mistyped is named, beside what is missing for it") {
    const std::string folder = std::filesystem::temp_directory_path().string();
    const Outcome outcome = run_gateway(
        {"import", "history.csv", "--adress", "127.0.0.1:1", "--token-file", "t"}, folder);
    CHECK(outcome.exit_code == 2);
    const auto said = [&](const std::string& text) {
        return std::any_of(
            outcome.lines.begin(), outcome.lines.end(),
            [&](const std::string& line) { return line.find(text) != std::string::npos; });
    };
    CHECK(said("--adress: there is no such option"));
    CHECK(said("--address is required"));
}
