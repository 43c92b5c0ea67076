#include <catch2/catch.hpp>
#include <set>

#include "core/proto_time.h"
#include "metering_gateway_migrations.h"
#include "outbox/parts.h"
#include "pg/row.h"
#include "prepay/metering/v1/events.pb.h"
#include "readings/adapters/pg_reading_store.h"
#include "support/fake_clock.h"
#include "support/test_database.h"

using namespace prepay;
using namespace prepay::metering;

namespace {

constexpr int kMeters = 4000;

std::string meter_of(std::int64_t meter_no) { return "meter-" + std::to_string(meter_no); }

/// A concentrator's line with thousands of meters.
struct LargeLine {
    LargeLine() {
        REQUIRE(database
                    ->transact([&](pqxx::work& tx) {
                        tx.exec(
                            "INSERT INTO lines (line_id, display_name, transport, address,"
                            " poll_interval_ms, response_timeout_ms, enabled) VALUES ('line-1', '',"
                            " 'modbus_tcp', '127.0.0.1:1', 60000, 200, true)");
                        tx.exec_params(
                            "INSERT INTO meters (meter_id, line_id, unit_id, driver_pack,"
                            " serial_number, display_name, resource, rated_power_w, ct_ratio,"
                            " enabled) SELECT 'meter-' || n, 'line-1', n, 'acrel-ddsy1352', '', '',"
                            " 'electricity', 0, 1, true FROM generate_series(1, $1::int) AS n",
                            kMeters);
                        return absl::OkStatus();
                    })
                    .ok());
    }

    /// One sweep: a reading with live values of each meter; with each meter's state, a hold in it.
    LineBatch sweep(int minute, bool has_states) {
        LineBatch batch;
        batch.line_id = "line-1";
        batch.trace_id = "trace";
        const Instant slot = start + std::chrono::minutes(minute);
        for (std::int64_t no = 1; no <= kMeters; ++no) {
            Reading& reading = batch.readings.emplace_back();
            reading.meter_no = no;
            reading.meter_id = meter_of(no);
            reading.slot_time = slot;
            reading.read_time = slot + Duration(no);
            reading.register_total = RegisterTotal::from_base_units(1'000'000 * no + minute);
            MeterValues& values = reading.values.emplace();
            values.read_time = reading.read_time;
            values.register_total = reading.register_total;
            values.voltage_mv = {230'000, 231'000, 229'000};
            values.current_ma = {1'000, 2'000, 3'000};
            values.power_w = 1'234;
            values.power_factor_ppm = 990'000;
            if (!has_states) {
                continue;
            }
            MeterStateChange& change = batch.state_changes.emplace_back();
            change.meter_no = no;
            change.meter_id = reading.meter_id;
            change.online = true;
            change.relay = RelayState::kOpen;
            change.change_time = reading.read_time;
            change.revision = minute;
            change.driver_pack = "acrel-ddsy1352";
            Hold hold;
            hold.place_time = reading.read_time;
            hold.initiator = "user:li";
            hold.reason_text = std::string(400, 'w');
            hold.command_id = "command-" + reading.meter_id;
            change.holds.place(hold);
        }
        return batch;
    }

    /// The events of a topic; checks that each is of a size that a consumer takes and has a header
    /// of its own.
    template <typename Event>
    std::vector<Event> parts(const std::string& topic) {
        std::vector<Event> events;
        std::set<std::string> event_ids;
        REQUIRE(database
                    ->read([&](pqxx::work& tx) {
                        for (const pg::Row row : tx.exec_params(
                                 "SELECT message_key, payload FROM outbox WHERE topic = $1"
                                 " ORDER BY outbox_id",
                                 topic)) {
                            const std::string payload = row.bytes("payload");
                            CHECK(payload.size() <= outbox::kPartBytesMax);
                            Event& event = events.emplace_back();
                            REQUIRE(event.ParseFromString(payload));
                            CHECK(event.line_id() == "line-1");
                            CHECK(row.text("message_key") == "line-1");
                            CHECK(event_ids.insert(event.header().event_id()).second);
                            CHECK(event.header().trace_id() == "trace");
                        }
                        return absl::OkStatus();
                    })
                    .ok());
        return events;
    }

    const Instant start = parse_time("2026-11-01T00:00:00Z").value();
    prepay::test::TestDatabase files{"metering", metering_gateway_migrations()};
    std::unique_ptr<pg::Database> database = files.open();
    prepay::test::FakeClock clock;
    outbox::Outbox outbox{8};
    PgReadingStore store{*database, outbox, clock};
};

}  // namespace

TEST_CASE("sweeps of a line of thousands of meters are published in parts, each reading once") {
    SKIP_WITHOUT_POSTGRES();
    LargeLine line;
    // The database was away for three sweeps: the spool writes them in one transaction.
    const std::vector<LineBatch> batches = {line.sweep(1, true), line.sweep(2, true),
                                            line.sweep(3, false)};
    REQUIRE(line.store.write(batches).ok());

    const auto readings = line.parts<v1::ReadingsRecorded>("prepay.metering.readings.v1");
    CHECK(readings.size() >= 2);
    // In the order of the sweeps, for a meter's registers only grow.
    std::vector<std::pair<std::string, std::int64_t>> told;
    for (const auto& event : readings) {
        for (const auto& reading : event.readings()) {
            told.emplace_back(reading.meter_id(), to_micros(from_proto_time(reading.slot_time())));
        }
    }
    std::vector<std::pair<std::string, std::int64_t>> wanted;
    for (const LineBatch& batch : batches) {
        for (const Reading& reading : batch.readings) {
            wanted.emplace_back(reading.meter_id, to_micros(reading.slot_time));
        }
    }
    CHECK(told == wanted);

    const auto states = line.parts<v1::MeterStatesChanged>("prepay.metering.meter-states.v1");
    CHECK(states.size() >= 2 * 2);
    std::map<std::string, std::vector<std::int64_t>> revisions;
    for (const auto& event : states) {
        for (const auto& state : event.meter_states()) {
            revisions[state.meter_id()].push_back(state.revision());
            CHECK(state.holds_size() == 1);
        }
    }
    CHECK(revisions.size() == kMeters);
    for (const auto& [meter_id, in_order] : revisions) {
        CHECK(in_order == std::vector<std::int64_t>{1, 2});
    }

    // Written again they are known, and nothing is said.
    REQUIRE(line.store.write(batches).ok());
    CHECK(line.parts<v1::ReadingsRecorded>("prepay.metering.readings.v1").size() ==
          readings.size());
    CHECK(line.parts<v1::MeterStatesChanged>("prepay.metering.meter-states.v1").size() ==
          states.size());
}
