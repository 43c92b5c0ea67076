#include "support/crash.h"
#include "gateway_fixture.h"
#include "support/number_of.h"
#include "support/paths.h"

// The gateway's own code dies at every crash point in a process of its own, with a trip to carry
// out; the next process finds what it left.
using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

constexpr const char* kDatabase = "METERING_CHILD_DATABASE";
constexpr const char* kAway = "METERING_CHILD_AWAY";
constexpr const char* kOrder = "METERING_CHILD_ORDER";

struct AwayStore final : BatchStore {
    Status write(const std::vector<LineBatch>&) override {
        return unavailable("DATABASE_UNAVAILABLE", "away");
    }
};

// Readings that PostgreSQL does not take, until the process dies.
void fill_spool() {
    AwayStore away;
    telemetry::Metrics metrics;
    const GatewayMetrics gauges(metrics);
    ReadingSpool spool(away, gauges, 100);
    LineBatch batch;
    batch.line_id = "line-01";
    batch.readings.resize(3);
    spool.push(std::move(batch));
    std::stop_source stop;
    stop.request_stop();
    spool.run(stop.get_token());
}

PackLibrary all_packs() {
    return *load_packs(std::string(prepay::test::source_dir()) +
                       "/services/metering-gateway/packs");
}

std::vector<std::int64_t> published_ids(pg::Database& database) {
    const auto ids = database.read([&](pqxx::work& tx) -> Result<std::vector<std::int64_t>> {
        std::vector<std::int64_t> found;
        for (const auto& row : tx.exec("SELECT payload FROM outbox"
                                       " WHERE topic = 'prepay.metering.readings.v1'")) {
            v1::ReadingsRecorded event;
            REQUIRE(event.ParseFromString(pqxx::binarystring(row[0]).str()));
            for (const auto& reading : event.readings()) {
                found.push_back(reading.reading_id());
            }
        }
        return found;
    });
    REQUIRE(ids.ok());
    return *ids;
}

// An intent of account that waits for its line.
void queue(pg::Database& database, const std::string& intent_id, const char* action) {
    const Status status = database.transact([&](pqxx::work& tx) -> Status {
        tx.exec_params(
            "INSERT INTO commands (command_id, meter_id, line_id, action, state, reason_text,"
            " initiator, intent_id, holder, create_time) VALUES ($1, 'm-1', 'line-01', $2,"
            " 'queued', '', 'prepay-account', $1, 'money', now())",
            intent_id, action);
        return absl::OkStatus();
    });
    INFO(error_message(status));
    REQUIRE(status.ok());
}

}  // namespace

TEST_CASE("the gateway that dies", "[.metering-child]") {
    if (!prepay::test::environment(kAway).empty()) {
        fill_spool();
        return;
    }
    pg::DatabaseOptions options;
    options.url = prepay::test::environment(kDatabase);
    options.schema = "metering";
    options.pool_size = 6;
    pg::Database database(options);
    const PackLibrary packs = all_packs();
    FakePermits permits;
    Gateway gateway(database, packs, permits);
    gateway.follow(prepay::test::environment(kOrder));
    gateway.eventually("SELECT count(*) >= 3 FROM readings");
}

TEST_CASE("I-12, I-14: whatever point a gateway dies at, the trip is sent once and proven") {
    SKIP_WITHOUT_POSTGRES();
    for (const std::string& point : prepay::test::crash_points_of({"metering"})) {
        INFO(point);
        Simulator park;
        Fixture fixture;
        fixture.gateway->add_line("line-01",
                                  "127.0.0.1:" + std::to_string(park.add_line("line-01")));
        fixture.gateway->add_meter("m-1", "line-01", 1, "acrel-ddsy1352");
        park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 50'000, 500);
        fixture.gateway.reset();
        queue(*fixture.database, "trip", "trip");
        const bool spool = point == "metering.spool_rotated";
        REQUIRE(prepay::test::dies_at(point, "[.metering-child]",
                                      {{kDatabase, fixture.test_database.options().url},
                                       {kAway, spool ? "yes" : ""},
                                       {kOrder, "trip"}}));
        const std::int64_t stored =
            prepay::test::number_of(*fixture.database, "SELECT count(*) FROM readings");
        fixture.restart();
        Gateway& gateway = *fixture.gateway;
        CHECK(gateway.follow("trip").state() == v1::COMMAND_STATE_VERIFIED);
        CHECK_FALSE(park.truth("m-1").relay_closed());
        CHECK(park.relay_writes("m-1").size() == 1);
        CHECK(prepay::test::number_of(*fixture.database,
                                      "SELECT count(*) FROM holds WHERE holder = 'money'") == 1);
        // Every attempt was a row before it was on the wire; one that was not sent is no harm.
        const std::int64_t attempts =
            prepay::test::number_of(*fixture.database, "SELECT count(*) FROM command_attempts");
        CHECK(attempts >= 1);
        CHECK(attempts <= 2);
        REQUIRE(
            gateway.eventually("SELECT count(*) > " + std::to_string(stored) + " FROM readings"));
        // Readings and their events are one: none lost, none twice.
        fixture.gateway.reset();
        const std::vector<std::int64_t> published = published_ids(*fixture.database);
        CHECK(std::set<std::int64_t>(published.begin(), published.end()).size() ==
              published.size());
        CHECK(prepay::test::number_of(*fixture.database, "SELECT count(*) FROM readings") ==
              static_cast<std::int64_t>(published.size()));
    }
}

TEST_CASE(
    "I-29: whatever point a gateway dies at, a restore releases money's hold and no other's") {
    SKIP_WITHOUT_POSTGRES();
    for (const std::string& point : prepay::test::crash_points_of({"metering"})) {
        if (point.find(".command_") == std::string::npos) {
            continue;
        }
        for (const bool others_hold : {false, true}) {
            INFO(point << ", others hold: " << others_hold);
            Simulator park;
            Fixture fixture;
            Gateway& first = *fixture.gateway;
            first.add_line("line-01", "127.0.0.1:" + std::to_string(park.add_line("line-01")));
            park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 50'000, 500);
            first.add_meter("m-1", "line-01", 1, "acrel-ddsy1352");
            if (others_hold) {
                REQUIRE(first.submit("operator", "m-1", v1::COMMAND_ACTION_TRIP).ok());
                REQUIRE(first.follow("operator").state() == v1::COMMAND_STATE_VERIFIED);
            }
            fixture.gateway.reset();
            queue(*fixture.database, "trip", "trip");
            fixture.restart();
            REQUIRE(fixture.gateway->follow("trip").state() == v1::COMMAND_STATE_VERIFIED);
            fixture.gateway.reset();
            queue(*fixture.database, "restore", "close");
            const bool died = prepay::test::dies_at(
                point, "[.metering-child]",
                {{kDatabase, fixture.test_database.options().url}, {kOrder, "restore"}});
            CHECK((died || others_hold));  // Nothing is sent while others hold.
            fixture.restart();
            CHECK(fixture.gateway->follow("restore").state() ==
                  (others_hold ? v1::COMMAND_STATE_STILL_HELD : v1::COMMAND_STATE_VERIFIED));
            CHECK(park.truth("m-1").relay_closed() != others_hold);
            CHECK(prepay::test::number_of(*fixture.database, "SELECT count(*) FROM holds") ==
                  (others_hold ? 1 : 0));
            CHECK(prepay::test::number_of(*fixture.database,
                                          "SELECT count(*) FROM holds WHERE holder = 'operator'") ==
                  (others_hold ? 1 : 0));
        }
    }
}
