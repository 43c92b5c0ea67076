#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "adapters/pg_report_store.h"
#include "convert.h"
#include "reporting_fixture.h"

using namespace prepay;
using namespace prepay::reporting;
using namespace prepay::reporting::test;
namespace account_v1 = prepay::account::v1;
namespace metering_v1 = prepay::metering::v1;

namespace {

// A story with newer and older versions of most facts.
std::vector<kafka::Message> story() {
    std::vector<kafka::Message> messages = {
        site_and_rooms(3),
        site_and_rooms(2, "rooms-2", 2),
        occupancy("o1", "r1", "a1", "2026-11-01T00:00:00Z"),
        occupancy("o1", "r1", "a1", "2026-11-01T00:00:00Z", "2026-11-20T00:00:00Z", 2),
        occupancy("o2", "r1", "a2", "2026-11-20T00:00:00Z"),
        balance("a1", 5, 1, 100, account_v1::FEE_STATE_NORMAL),
        balance("a1", 6, 1, -100, account_v1::FEE_STATE_ARREARS),
        balance("a1", 6, 2, -100, account_v1::FEE_STATE_CUT),
        meter_state("m1", true, metering_v1::RELAY_STATE_CLOSED, 1),
        meter_state("m1", true, metering_v1::RELAY_STATE_OPEN, 2),
        live_value("m1", "2026-11-22T01:00:00Z", 500),
        live_value("m1", "2026-11-22T01:00:15Z", 0),
        command("m1", metering_v1::COMMAND_STATE_CONTRADICTED, "2026-11-22T00:50:00Z"),
        command("m1", metering_v1::COMMAND_STATE_VERIFIED, "2026-11-22T01:00:10Z"),
        command("m2", metering_v1::COMMAND_STATE_CONTRADICTED, "2026-11-22T00:50:00Z"),
        payment("t1", account_v1::ORDER_KIND_CASH_TOP_UP, account_v1::ORDER_STATE_CREDITED, 50),
        payment("t2", account_v1::ORDER_KIND_WECHAT_TOP_UP, account_v1::ORDER_STATE_CREDITED, 70),
        payment("t3", account_v1::ORDER_KIND_CASH_REFUND, account_v1::ORDER_STATE_CREDITED, 20),
        payment("t4", account_v1::ORDER_KIND_WECHAT_TOP_UP, account_v1::ORDER_STATE_PENDING, 999),
    };
    for (int i = 0; i < 30; ++i) {
        // Each crosses Shanghai's midnight.
        messages.push_back(charges({charge("r" + std::to_string(i % 3 + 1), "2026-11-21T15:30:00Z",
                                           "2026-11-21T17:00:00Z", 100 + i, 333 + i)},
                                   "charges-" + std::to_string(i), i % 4));
    }
    return messages;
}

}  // namespace

TEST_CASE("Duplicates and any order fold to the same state (I-3)", "[I-3]") {
    SKIP_WITHOUT_POSTGRES();
    Fixture reference;
    for (const kafka::Message& one : story()) {
        REQUIRE(reference.fold({one}).ok());
    }
    const std::string expected = reference.dump();
    CAPTURE(expected);
    CHECK(expected.find("\"fee_state\": \"cut\"") != std::string::npos);
    const auto holds = reference.database->read([](pqxx::work& tx) -> Result<std::string> {
        return pqxx::binarystring(
                   tx.exec1("SELECT holds FROM meters WHERE meter_id = 'm1'")["holds"])
            .str();
    });
    REQUIRE(holds.ok());
    REQUIRE(holds_from_bytes(*holds).size() == 1);  // Why the power is off, for the wall.
    CHECK(holds_from_bytes(*holds)[0].initiator == "user:li");
    CHECK(holds_from_bytes(*holds)[0].holder == Holder::kOperator);
    CHECK(holds_from_bytes(*holds)[0].keep_power_overridden);
    const TotalSum total = PgReportStore(*reference.database).read_totals("park").value();
    CHECK(total.credited == Money::from_micros(100));
    CHECK(total.charge_count == 30);

    std::mt19937 random(7);
    for (int round = 0; round < 4; ++round) {
        std::vector<kafka::Message> messages = story();
        const std::vector<kafka::Message> again = story();
        messages.insert(messages.end(), again.begin(), again.end());
        std::shuffle(messages.begin(), messages.end(), random);
        Fixture other;
        for (const kafka::Message& one : messages) {
            REQUIRE(other.fold({one}).ok());
        }
        CHECK(other.dump() == expected);
        const TotalSum same = PgReportStore(*other.database).read_totals("").value();
        CHECK(same.charged == total.charged);
        CHECK(same.energy == total.energy);
        CHECK(same.credited == total.credited);
        CHECK(same.charge_count == total.charge_count);
    }
}

TEST_CASE("One transaction of many messages equals many of one") {
    SKIP_WITHOUT_POSTGRES();
    Fixture one_by_one;
    Fixture batched;
    std::map<std::pair<std::string, int>, std::vector<kafka::Message>> by_place;
    for (const kafka::Message& one : story()) {
        REQUIRE(one_by_one.fold({one}).ok());
        by_place[{one.topic, one.partition}].push_back(one);
    }
    for (const auto& [place, messages] : by_place) {
        REQUIRE(batched.fold(messages).ok());
    }
    CHECK(batched.dump() == one_by_one.dump());
}

TEST_CASE("Report totals equal the charges to the last unit (I-27)", "[I-27]") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    REQUIRE(fixture.fold({site_and_rooms(50)}).ok());
    std::mt19937_64 random(27);
    std::int64_t micros = 0;
    std::int64_t wh = 0;
    for (int batch = 0; batch < 20; ++batch) {
        std::vector<account_v1::PostedCharge> list;
        for (int i = 0; i < 200; ++i) {
            const Instant start = from_micros(
                1'790'000'000'000'000 + static_cast<std::int64_t>(random() % 5'000'000'000'000U));
            const Instant end = start + Duration(random() % 100'000'000'000U);  // Up to 28 hours.
            list.push_back(
                charge("r" + std::to_string(random() % 50 + 1), format_time(start),
                       format_time(end), static_cast<std::int64_t>(random() % 100'000) - 20'000,
                       static_cast<std::int64_t>(random() % 1'000'000'000) - 200'000'000));
            micros += list.back().amount_micros();
            wh += list.back().quantity();
        }
        REQUIRE(fixture.fold({charges(list, "batch-" + std::to_string(batch), batch % 8)}).ok());
    }
    PgReportStore reports(*fixture.database);
    const TotalSum totals = reports.read_totals("park").value();
    CHECK(totals.charged == Money::from_micros(micros));
    CHECK(totals.energy == Quantity::wh(wh));
    CHECK(totals.charge_count == 4000);
    const RoomDayPage page =
        reports.list_room_days({"", "", {2026, 1, 1}, {2027, 1, 1}}, nullptr, 1).value();
    CHECK(page.total.amount == totals.charged);
    CHECK(page.total.energy == totals.energy);
    CHECK(page.total.rate_energy_wh[1] == wh);
    std::int64_t hours = 0;
    REQUIRE(fixture.database
                ->read([&](pqxx::work& tx) {
                    hours = tx.exec1("SELECT sum(amount_micros)::bigint FROM room_hours")[0]
                                .as<std::int64_t>();
                    return absl::OkStatus();
                })
                .ok());
    CHECK(hours == micros);
    CHECK(reports.read_totals("elsewhere").value().charge_count == 0);
}

TEST_CASE("Charges that come before their site wait for its days, not for its totals") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    REQUIRE(fixture
                .fold({charges({charge("r1", "2026-11-22T01:00:00Z", "2026-11-22T01:15:00Z", 9, 7)},
                               "early", 3)})
                .ok());
    PgReportStore reports(*fixture.database);
    const DayFilter november{"", "", {2026, 11, 1}, {2026, 12, 1}};
    CHECK(reports.read_totals("park").value().charged == Money::from_micros(7));
    CHECK(reports.list_room_days(november, nullptr, 10).value().days.empty());
    REQUIRE(fixture.fold({site_and_rooms(1)}).ok());
    REQUIRE(fixture.fold({site_and_rooms(1)}).ok());
    const RoomDayPage page = reports.list_room_days(november, nullptr, 10).value();
    REQUIRE(page.days.size() == 1);
    CHECK(page.days[0].sum.amount == Money::from_micros(7));
    CHECK(reports.read_totals("park").value().charged == Money::from_micros(7));
}

TEST_CASE("What cannot be folded is a bad message and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    REQUIRE(fixture.fold({site_and_rooms(1)}).ok());
    const std::string before = fixture.dump();
    kafka::Message garbage;
    garbage.topic = "prepay.account.rooms.v1";
    garbage.payload = "\xff\xff not a proto";
    kafka::Message no_event_id =
        charges({charge("r1", "2026-11-22T01:00:00Z", "2026-11-22T01:15:00Z", 9, 7)}, "");
    account_v1::PostedCharge timeless =
        charge("r1", "2026-11-22T01:00:00Z", "2026-11-22T01:15:00Z", 9, 7);
    timeless.clear_start_time();
    account_v1::RoomsChanged nowhere;
    nowhere.add_sites()->set_site_id("x");
    nowhere.mutable_sites(0)->set_time_zone("Mars/Olympus");
    account_v1::RoomsChanged zero;
    zero.add_rooms()->set_room_id(std::string("a\0b", 3));
    kafka::Message foreign;
    foreign.topic = "prepay.billing.charges.v1";
    for (const kafka::Message& bad : {garbage, no_event_id, charges({timeless}, "timeless"),
                                      message("prepay.account.rooms.v1", nowhere, "nowhere"),
                                      message("prepay.account.rooms.v1", zero, "zero"), foreign}) {
        const Status status = fixture.fold({bad});
        CAPTURE(bad.topic, error_message(status));
        CHECK(error_reason(status) == "BAD_MESSAGE");
    }
    CHECK(fixture.dump() == before);
}

TEST_CASE("Two replicas fold charges of the same rooms at once") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    REQUIRE(fixture.fold({site_and_rooms(20)}).ok());
    const auto work = [&](int partition) {
        int failed_count = 0;
        for (int i = 0; i < 50; ++i) {
            std::vector<account_v1::PostedCharge> list;
            for (int room = 20; room >= 1; --room) {
                list.push_back(charge("r" + std::to_string(room), "2026-11-22T01:00:00Z",
                                      "2026-11-22T01:15:00Z", 1, 1));
            }
            const std::string id = std::to_string(partition) + "/" + std::to_string(i);
            failed_count += fixture.fold({charges(list, id, partition)}).ok() ? 0 : 1;
        }
        return failed_count;
    };
    int failed[2] = {-1, -1};
    std::thread first([&] { failed[0] = work(0); });
    std::thread second([&] { failed[1] = work(1); });
    first.join();
    second.join();
    CHECK(failed[0] == 0);
    CHECK(failed[1] == 0);
    CHECK(PgReportStore(*fixture.database).read_totals("").value().charge_count == 2000);
}

TEST_CASE("The wall image follows the tables, restarts included") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    FakeClock clock("2026-11-22T02:00:00Z");
    WallImage image;
    PgWallSource source(*fixture.database, clock, image);
    REQUIRE(source.refresh().ok());
    CHECK(image.room_count() == 0);
    for (const kafka::Message& one :
         {site_and_rooms(3), occupancy("o1", "r1", "a1", "2026-11-01T00:00:00Z"),
          balance("a1", 1, 1, 12'500'000, account_v1::FEE_STATE_LOW_1),
          meter_state("m1", true, metering_v1::RELAY_STATE_CLOSED, 1),
          live_value("m1", "2026-11-22T01:59:50Z", 640),
          charges({charge("r1", "2026-11-22T01:00:00Z", "2026-11-22T01:15:00Z", 160, 80)}, "c1")}) {
        REQUIRE(fixture.fold({one}).ok());
    }
    REQUIRE(source.refresh().ok());
    const auto room = [&](const WallImage& from, std::size_t index) {
        return *from.list({}, "", 10).rows.at(index);
    };
    CHECK(image.room_count() == 3);
    CHECK(room(image, 0).state == WallState::kLow1);
    CHECK(room(image, 0).balance == Money::from_micros(12'500'000));
    CHECK(room(image, 0).customer_name == "Chen a1");
    CHECK(room(image, 0).energy_today == Quantity::wh(160));
    CHECK(room(image, 0).power_w == 640);
    CHECK(format_time(*room(image, 0).read_time) == "2026-11-22T01:59:50Z");
    CHECK(room(image, 1).state == WallState::kLost);  // Its meter was never heard of.

    const std::uint64_t seen = image.changes_since(0, "").change_number;
    REQUIRE(source.refresh().ok());
    CHECK(image.changes_since(seen, "").rows.empty());

    REQUIRE(
        fixture
            .fold({command("m1", metering_v1::COMMAND_STATE_CONTRADICTED, "2026-11-22T02:00:00Z")})
            .ok());
    REQUIRE(source.refresh().ok());
    CHECK(room(image, 0).state == WallState::kContradicted);
    REQUIRE(
        fixture.fold({command("m1", metering_v1::COMMAND_STATE_VERIFIED, "2026-11-22T02:00:05Z")})
            .ok());
    REQUIRE(
        fixture
            .fold({occupancy("o1", "r1", "a1", "2026-11-01T00:00:00Z", "2026-11-22T01:59:59Z", 2)})
            .ok());
    REQUIRE(source.refresh().ok());
    CHECK(room(image, 0).state == WallState::kVacant);

    clock.set("2026-11-22T16:00:01Z");  // The next day in Shanghai.
    REQUIRE(fixture
                .fold({charges({charge("r2", "2026-11-22T16:00:00Z", "2026-11-22T16:00:01Z", 3, 4)},
                               "c2")})
                .ok());
    REQUIRE(source.refresh().ok());
    CHECK(room(image, 0).energy_today == Quantity());
    REQUIRE(source.refresh().ok());
    CHECK(room(image, 1).energy_today == Quantity::wh(3));

    WallImage fresh;
    PgWallSource restarted(*fixture.database, clock, fresh);
    REQUIRE(restarted.refresh().ok());
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(room(fresh, i) == room(image, i));
    }
}

TEST_CASE("A row committed late by an old transaction is still seen") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    FakeClock clock("2026-11-22T02:00:00Z");
    WallImage image;
    PgWallSource source(*fixture.database, clock, image);
    pqxx::connection connection(fixture.files.admin_url());
    pqxx::work slow(connection);
    slow.exec("SET search_path TO reporting");
    REQUIRE(fixture.fold(slow, {site_and_rooms(2)}).ok());  // Has its xid, not committed.
    REQUIRE(fixture.fold({meter_state("m1", true, metering_v1::RELAY_STATE_CLOSED, 1)}).ok());
    REQUIRE(source.refresh().ok());
    CHECK(image.room_count() == 0);
    slow.commit();
    REQUIRE(source.refresh().ok());
    CHECK(image.room_count() == 2);
}

TEST_CASE("The fold keeps up with 10,000 charges a second", "[throughput]") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    REQUIRE(fixture.fold({site_and_rooms(1000)}).ok());
    constexpr int kMessages = 200;
    constexpr int kChargesPerMessage = 250;
    std::vector<kafka::Message> messages;
    for (int i = 0; i < kMessages; ++i) {
        std::vector<account_v1::PostedCharge> list;
        for (int j = 0; j < kChargesPerMessage; ++j) {
            list.push_back(charge("r" + std::to_string((i * kChargesPerMessage + j) % 1000 + 1),
                                  "2026-11-22T01:00:00Z", "2026-11-22T01:00:15Z", 3, 2));
        }
        messages.push_back(charges(list, "m" + std::to_string(i)));
    }
    const auto start = std::chrono::steady_clock::now();
    for (int first = 0; first < kMessages; first += 20) {
        REQUIRE(fixture.fold({messages.begin() + first, messages.begin() + first + 20}).ok());
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const double per_second = kMessages * kChargesPerMessage / elapsed.count();
    WARN("folded " << static_cast<int>(per_second) << " charges/s");
    CHECK(per_second >= 10'000);
}
