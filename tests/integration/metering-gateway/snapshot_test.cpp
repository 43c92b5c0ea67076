#include <set>

#include "core/ids.h"
#include "core/proto_time.h"
#include "gateway_fixture.h"
#include "lines/adapters/pg_snapshots.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

constexpr int kPartitions = 8;

/// Three meters on two lines; one is tripped by an operator and by money, one order has failed.
struct ThreeMeters {
    ThreeMeters() {
        for (const char* line : {"line-01", "line-02"}) {
            gateway().add_line(line, "127.0.0.1:" + std::to_string(park.add_line(line)));
        }
        add("m-1", "line-01", 1);
        add("m-2", "line-01", 2);
        add("m-3", "line-02", 1);
        REQUIRE(gateway().eventually("SELECT count(*) = 3 FROM meters WHERE online"));
        REQUIRE(gateway().submit("trip", "m-1", v1::COMMAND_ACTION_TRIP).ok());
        gateway().follow("trip");
        REQUIRE(gateway().submit("trip-3", "m-3", v1::COMMAND_ACTION_TRIP).ok());
        gateway().follow("trip-3");
        REQUIRE(gateway().submit("close-3", "m-3", v1::COMMAND_ACTION_CLOSE).ok());
        gateway().follow("close-3");
        REQUIRE(
            gateway().eventually("SELECT count(*) = 3 FROM (SELECT FROM readings GROUP BY"
                                 " meter_no HAVING count(*) >= 3) AS enough",
                                 std::chrono::seconds(30)));
        gateway().park.stop();  // Nothing changes while it is compared.
        // The spool's last batches.
        REQUIRE(gateway().until([this] { return gateway().spool.size() == 0; }));
    }
    void add(const std::string& meter_id, const std::string& line_id, int unit) {
        park.add_meter(meter_id, line_id, unit, sim::FAMILY_DDSY1352, 1000, 500);
        gateway().add_meter(meter_id, line_id, unit, "acrel-ddsy1352");
    }
    Gateway& gateway() { return *fixture.gateway; }

    template <typename Event, typename Tell>
    std::vector<Event> told(Tell tell, std::int64_t after = 0, Instant since = {}) {
        std::vector<Event> events;
        for (int partition = 0; partition < kPartitions; ++partition) {
            REQUIRE(fixture.database
                        ->read([&](pqxx::work& tx) {
                            return (snapshots.*tell)(
                                tx, {"topic", partition, kPartitions, after, since},
                                [&](const outbox::NewMessage& message) {
                                    CHECK(partition_of(message.key, kPartitions) == partition);
                                    Event& event = events.emplace_back();
                                    REQUIRE(event.ParseFromString(message.payload));
                                    CHECK(event.line_id() == message.key);
                                    CHECK_FALSE(event.header().event_id().empty());
                                    return absl::OkStatus();
                                });
                        })
                        .ok());
        }
        return events;
    }

    Simulator park;
    Fixture fixture;
    PgSnapshots snapshots{fixture.gateway->clock};
};

std::map<std::string, std::string> states_of(const std::vector<v1::MeterStatesChanged>& events) {
    std::map<std::string, v1::MeterState> newest;
    for (const auto& event : events) {
        for (const auto& state : event.meter_states()) {
            v1::MeterState& known = newest[state.meter_id()];
            known = state.revision() >= known.revision() ? state : known;
        }
    }
    std::map<std::string, std::string> all;
    for (const auto& [meter_id, state] : newest) {
        all[meter_id] = state.DebugString();
    }
    return all;
}

std::map<std::string, std::string> commands_of(const std::vector<v1::CommandChanged>& events) {
    std::map<std::string, v1::CommandChanged> newest;
    for (const auto& event : events) {
        v1::CommandChanged& known = newest[event.command().command_id()];
        known = event.revision() >= known.revision() ? event : known;
    }
    std::map<std::string, std::string> all;
    for (const auto& [command_id, event] : newest) {
        all[command_id] = event.command().DebugString();
    }
    return all;
}

using Slot = std::pair<std::string, std::int64_t>;

std::map<Slot, std::string> readings_of(const std::vector<v1::ReadingsRecorded>& events) {
    std::map<Slot, std::string> all;
    for (const auto& event : events) {
        for (const auto& reading : event.readings()) {
            all[{reading.meter_id(), to_micros(from_proto_time(reading.slot_time()))}] =
                reading.DebugString();
        }
    }
    return all;
}

}  // namespace

TEST_CASE("a snapshot tells a consumer without history the state that all events lead to") {
    SKIP_WITHOUT_POSTGRES();
    ThreeMeters three;
    const auto states = states_of(three.told<v1::MeterStatesChanged>(&PgSnapshots::tell_states));
    CHECK(states.size() == 3);
    CHECK(states == states_of(three.gateway().events<v1::MeterStatesChanged>(
                        "prepay.metering.meter-states.v1")));
    const auto commands = commands_of(three.told<v1::CommandChanged>(&PgSnapshots::tell_commands));
    CHECK(commands.size() == 3);
    CHECK(commands == commands_of(three.gateway().events<v1::CommandChanged>(
                          "prepay.metering.command-results.v1")));

    const auto all =
        readings_of(three.gateway().events<v1::ReadingsRecorded>("prepay.metering.readings.v1"));
    REQUIRE(all.size() > 3);
    // The newest of each meter only.
    const auto newest = readings_of(three.told<v1::ReadingsRecorded>(&PgSnapshots::tell_readings));
    REQUIRE(newest.size() == 3);
    for (const auto& [slot, reading] : newest) {
        CHECK(all.at(slot) == reading);
        CHECK(std::next(all.find(slot)) == all.upper_bound({slot.first, INT64_MAX}));
    }
}

TEST_CASE("a consumer that has earlier readings is told all since then") {
    SKIP_WITHOUT_POSTGRES();
    ThreeMeters three;
    const auto all =
        readings_of(three.gateway().events<v1::ReadingsRecorded>("prepay.metering.readings.v1"));
    // Not known from when on: everything.
    CHECK(readings_of(three.told<v1::ReadingsRecorded>(&PgSnapshots::tell_readings, 17)) == all);
    const Instant since = from_micros(std::next(all.begin())->first.second);
    std::map<Slot, std::string> later = all;
    std::erase_if(later, [&](const auto& one) { return one.first.second < to_micros(since); });
    REQUIRE(later.size() < all.size());
    // Two days are told twice rather than not at all.
    CHECK(readings_of(three.told<v1::ReadingsRecorded>(&PgSnapshots::tell_readings, 17,
                                                       since + std::chrono::hours(48))) == later);
    const auto told = three.told<v1::CommandChanged>(&PgSnapshots::tell_commands, 17,
                                                     since - std::chrono::hours(1));
    CHECK(told.size() == 3);
    CHECK(three
              .told<v1::CommandChanged>(&PgSnapshots::tell_commands, 17,
                                        since + std::chrono::hours(24 * 9))
              .empty());
}
