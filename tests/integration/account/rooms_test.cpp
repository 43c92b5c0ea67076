#include <catch2/catch.hpp>

#include "books/convert.h"
#include "integration/account/world.h"
#include "tenancy/convert.h"

namespace prepay::account::test {
namespace {

template <typename Work>
Status in(World& world, Work&& work) {
    return world.database->transact([&](pqxx::work& tx) -> Status { return work(tx); });
}

std::vector<v1::Occupancy> spans(World& world, const std::string& meter_id) {
    std::map<std::string, v1::Occupancy> latest;
    for (const auto& event :
         world.published<v1::OccupanciesChanged>("prepay.account.occupancies.v1")) {
        for (const auto& span : event.occupancies()) {
            if (span.meter_id() == meter_id &&
                span.revision() > latest[span.occupancy_id()].revision()) {
                latest[span.occupancy_id()] = span;
            }
        }
    }
    std::vector<v1::Occupancy> list;
    for (const auto& [id, span] : latest) {
        if (!span.deleted()) {
            list.push_back(span);
        }
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
        return a.start_time().seconds() < b.start_time().seconds();
    });
    return list;
}

}  // namespace

TEST_CASE("a meter is paid for by vacancy, tenant, vacancy, without gap or overlap (2a, 2b)") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    world.make_room("r1", 2);
    REQUIRE(spans(world, "r1-m1").size() == 1);
    CHECK(spans(world, "r1-m1")[0].vacancy());
    CHECK(spans(world, "r1-m1")[0].account_id() == "vacancy-park-1");

    std::string account_id;
    const Instant moved_in = world.clock.now() - std::chrono::hours(48);
    REQUIRE(in(world, [&](pqxx::work& tx) -> Status {
                MoveIn wanted;
                wanted.room_id = "r1";
                wanted.customer.display_name = "Li";
                wanted.start_time = moved_in;
                wanted.opening_registers = {{"r1-m1", 123'456}};
                PREPAY_ASSIGN_OR_RETURN(const auto no,
                                        world.accounts.open(tx, wanted, CreditRight::kMayGive));
                account_id = world.views.get(tx, no).state.profile->account_id;
                return absl::OkStatus();
            }).ok());
    auto timeline = spans(world, "r1-m1");
    REQUIRE(timeline.size() == 2);
    CHECK(timeline[0].end_time().seconds() == timeline[1].start_time().seconds());
    CHECK(timeline[0].closing_register() == 123'456);
    CHECK(timeline[1].opening_register() == 123'456);
    CHECK(timeline[1].account_id() == account_id);
    CHECK(spans(world, "r1-m2")[1].opening_register() == -1);
    CHECK(world.account(account_id).meter_ids_size() == 2);

    MoveOut close;
    close.account_id = account_id;
    close.end_time = moved_in - std::chrono::hours(1);
    CHECK(error_reason(in(world, [&](pqxx::work& tx) {
              return world.accounts.close(tx, close).status();
          })) == "TIME_OVERLAPS");
    close.end_time.reset();
    close.closing_registers = {{"r1-m1", 200'000}};
    REQUIRE(
        in(world, [&](pqxx::work& tx) { return world.accounts.close(tx, close).status(); }).ok());
    timeline = spans(world, "r1-m1");
    REQUIRE(timeline.size() == 3);
    CHECK(timeline[1].closing_register() == 200'000);
    CHECK(timeline[2].opening_register() == 200'000);
    CHECK(timeline[2].vacancy());

    MoveIn early;
    early.room_id = "r1";
    early.customer.display_name = "Wang";
    early.start_time = moved_in + std::chrono::hours(1);
    CHECK(error_reason(in(world, [&](pqxx::work& tx) {
              return world.accounts.open(tx, early, CreditRight::kMayGive).status();
          })) == "TIME_OVERLAPS");
}

TEST_CASE("bad rooms and accounts are refused as a whole") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    world.make_room("r1");
    const std::string a = world.open("r1", 0);
    const auto open_reason = [&](const std::string& room, auto&& edit) {
        v1::OpenAccountRequest request;
        request.set_room_id(room);
        request.mutable_customer()->set_display_name("Li");
        edit(request);
        return error_reason(in(world, [&](pqxx::work& tx) -> Status {
            PREPAY_ASSIGN_OR_RETURN(const MoveIn wanted, from_proto(request));
            return world.accounts.open(tx, wanted, CreditRight::kMayGive).status();
        }));
    };
    const auto nothing = [](auto&) {};
    CHECK(open_reason("r1", nothing) == "ROOM_OCCUPIED");
    CHECK(open_reason("none", nothing) == "ROOM_NOT_FOUND");
    world.make_room("bare", 0);
    CHECK(open_reason("bare", nothing) == "ROOM_WITHOUT_METERS");
    world.make_room("r2");
    CHECK(open_reason("r2", [](auto& r) { r.mutable_customer()->clear_display_name(); }) ==
          "BAD_CUSTOMER");
    CHECK(open_reason("r2", [](auto& r) { r.mutable_customer()->set_customer_id("x"); }) ==
          "CUSTOMER_NOT_FOUND");
    CHECK(open_reason("r2", [](auto& r) { r.mutable_alarm_levels()->set_level_1_micros(1); }) ==
          "BAD_ALARM_LEVELS");
    CHECK(open_reason("r2", [](auto& r) { r.add_opening_registers()->set_meter_id("r1-m1"); }) ==
          "METER_NOT_IN_ROOM");
    CHECK(open_reason("r2", [](auto& r) {
              r.add_opening_registers()->set_meter_id("r2-m1");
              r.mutable_opening_registers(0)->set_register_total(-2);
          }) == "BAD_REGISTER");
    CHECK(open_reason("r2", [](auto& r) { r.mutable_start_time()->set_seconds(4'000'000'000); }) ==
          "TIME_IN_FUTURE");
    CHECK(open_reason("r2", [](auto& r) { r.mutable_start_time()->set_seconds(946'684'799); }) ==
          "TIME_TOO_OLD");
    NewRooms rooms;
    for (const char* id : {"r8", "r1"}) {
        Room& room = rooms.rooms.emplace_back();
        room.room_id = id;
        room.site_id = "park-1";
        room.building = "1";
        room.floor = "1";
        room.display_name = id;
    }
    CHECK(error_reason(in(world, [&](pqxx::work& tx) {
              return world.rooms.create_rooms(tx, rooms).status();
          })) == "ROOM_EXISTS");
    CHECK(world.count("SELECT count(*) FROM rooms WHERE room_id = 'r8'") == 0);
    rooms.rooms[1].room_id = "r9";
    rooms.rooms[1].meter_ids = {"r1-m1"};
    CHECK(error_reason(in(world, [&](pqxx::work& tx) {
              return world.rooms.create_rooms(tx, rooms).status();
          })) == "METER_ATTACHED");
    rooms.rooms[1].meter_ids.clear();
    rooms.rooms[1].room_id = "'; DROP TABLE rooms";
    CHECK(error_reason(in(world, [&](pqxx::work& tx) {
              return world.rooms.create_rooms(tx, rooms).status();
          })) == "BAD_ID");
}

TEST_CASE("a meter attached to an occupied room is the tenant's; lists find rooms and accounts") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    world.make_room("r1");
    world.make_room("r2");
    const std::string a = world.open("r1", 1'000'000);
    REQUIRE(in(world, [&](pqxx::work& tx) -> Status {
                NewMeters wanted;
                wanted.room_id = "r1";
                wanted.meter_ids = {"water-1", "r1-m1"};
                return world.rooms.attach(tx, wanted).status();
            }).ok());
    CHECK(world.account(a).meter_ids_size() == 2);
    REQUIRE(world.charge({{1, a, 1'000'000, ""}}).ok());
    CHECK(world.intents(a).size() == 2);
    REQUIRE(in(world, [&](pqxx::work& tx) -> Status {
                RoomFilter filter;
                filter.limit = 1;
                auto page = world.rooms.list(tx, filter);
                REQUIRE(page.rows.size() == 1);
                CHECK(page.rows[0].account_id == a);
                filter.after_room_id = page.next_page_token;
                page = world.rooms.list(tx, filter);
                REQUIRE(page.rows.size() == 1);
                CHECK(page.rows[0].room_id == "r2");
                CHECK(page.next_page_token.empty());
                filter = {};
                filter.query = "water-1";
                CHECK(world.rooms.list(tx, filter).rows.size() == 1);
                AccountFilter accounts;
                accounts.by_phone = true;
                for (const char* query : {"r1", "Customer of", "0000567", "water-1"}) {
                    accounts.query = query;
                    CHECK(world.views.list(tx, accounts).rows.size() == 1);
                }
                accounts.query = "nothing like this";
                CHECK(world.views.list(tx, accounts).rows.empty());
                PostingFilter postings;
                postings.account_id = a;
                postings.limit = 1;
                const auto first = *world.statements.postings(tx, postings);
                REQUIRE(first.rows.size() == 1);
                CHECK(first.rows[0].kind == "charge");
                CHECK(first.rows[0].balance_after == Money());
                postings.page_token = first.next_page_token;
                const auto second = *world.statements.postings(tx, postings);
                REQUIRE(second.rows.size() == 1);
                CHECK(second.rows[0].kind == "top-up");
                const auto trial = world.statements.trial_balance(tx);
                CHECK(trial.total == Money());
                CHECK(trial.lines.size() == 11);
                return absl::OkStatus();
            }).ok());
}

}  // namespace prepay::account::test
