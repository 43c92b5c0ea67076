#include <catch2/catch.hpp>
#include <chrono>
#include <set>

#include "adapters/grpc_reporting_service.h"
#include "reporting_fixture.h"

using namespace prepay;
using namespace prepay::reporting;
using namespace prepay::reporting::test;
namespace account_v1 = prepay::account::v1;

namespace {

class CollectingWriter final : public rpc::RawStreamWriter {
public:
    bool write(const google::protobuf::Message& one) override {
        messages.push_back(std::unique_ptr<google::protobuf::Message>(one.New()));
        messages.back()->CopyFrom(one);
        return messages.size() < count_max;
    }
    [[nodiscard]] bool is_cancelled() const override { return messages.size() >= count_max; }

    std::vector<std::unique_ptr<google::protobuf::Message>> messages;
    std::size_t count_max = 10'000;
};

struct Service : Fixture {
    explicit Service(int room_count, ReportingConfig config = {})
        : wall_source(*database, clock, wall),
          reports(*database),
          rpc(wall, reports, clock, config, metrics) {
        REQUIRE(fold({site_and_rooms(room_count)}).ok());
    }

    FakeClock clock{"2026-11-22T02:00:00Z"};
    WallImage wall;
    PgWallSource wall_source;
    PgReportStore reports;
    GrpcReportingService rpc;
    rpc::CallContext context;
};

v1::ListRoomDaysRequest november() {
    v1::ListRoomDaysRequest request;
    request.set_site_id("park");
    request.set_start_date("2026-11-01");
    request.set_end_date("2026-12-01");
    return request;
}

// RFC 4180, as a spreadsheet reads it.
std::vector<std::vector<std::string>> parse_csv(const std::string& text) {
    std::vector<std::vector<std::string>> rows(1, {""});
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::string& field = rows.back().back();
        if (quoted) {
            if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
                field += c;
                ++i;
            } else if (c == '"') {
                quoted = false;
            } else {
                field += c;
            }
        } else if (c == '"') {
            quoted = true;
        } else if (c == ',') {
            rows.back().emplace_back();
        } else if (c == '\n') {
            rows.push_back({""});
        } else if (c != '\r') {
            field += c;
        }
    }
    rows.pop_back();
    return rows;
}

void charge_three_days(Service& service, int room_count) {
    std::vector<account_v1::PostedCharge> list;
    for (const char* day : {"20", "21", "22"}) {
        for (int room = 1; room <= room_count; ++room) {
            list.push_back(charge("r" + std::to_string(room),
                                  std::string("2026-11-") + day + "T01:00:00Z",
                                  std::string("2026-11-") + day + "T01:15:00Z", room, room * 10));
        }
    }
    REQUIRE(service.fold({charges(list, "three-days")}).ok());
}

}  // namespace

TEST_CASE("Pages of room days are complete, in order, each with the grand total") {
    SKIP_WITHOUT_POSTGRES();
    Service service(7);
    charge_three_days(service, 7);
    v1::ListRoomDaysRequest request = november();
    request.set_page_size(4);
    std::vector<std::string> lines;
    std::int64_t sum = 0;
    int pages = 0;
    while (true) {
        const auto response = service.rpc.list_room_days(service.context, request);
        REQUIRE(response.ok());
        ++pages;
        CHECK(response->total().energy_wh() == 3 * 28);
        CHECK(response->total().amount_micros() == 3 * 280);
        CHECK(response->total().rate_energy_wh(1) == 3 * 28);
        for (const v1::RoomDay& day : response->days()) {
            lines.push_back(day.local_date() + " " + day.room_name());
            sum += day.amount_micros();
        }
        if (response->next_page_token().empty()) {
            break;
        }
        request.set_page_token(response->next_page_token());
    }
    CHECK(pages == 6);
    CHECK(lines.size() == 21);
    CHECK(std::is_sorted(lines.begin(), lines.end()));
    CHECK(std::set<std::string>(lines.begin(), lines.end()).size() == 21);
    CHECK(sum == 3 * 280);

    v1::ListRoomDaysRequest one_room = november();
    one_room.set_room_id("r3");
    CHECK(service.rpc.list_room_days(service.context, one_room)->days_size() == 3);
    v1::ListRoomDaysRequest one_day = november();
    one_day.set_start_date("2026-11-21");
    one_day.set_end_date("2026-11-22");
    CHECK(service.rpc.list_room_days(service.context, one_day)->days_size() == 7);
}

TEST_CASE("Bad questions get a stable reason") {
    SKIP_WITHOUT_POSTGRES();
    Service service(1);
    const auto reason = [&](auto change) {
        v1::ListRoomDaysRequest request = november();
        change(request);
        return error_reason(service.rpc.list_room_days(service.context, request).status());
    };
    CHECK(reason([](auto& r) { r.set_start_date("2026-11-31"); }) == "BAD_DATE");
    CHECK(reason([](auto& r) { r.set_end_date(""); }) == "BAD_DATE");
    CHECK(reason([](auto& r) { r.set_end_date("2026-11-01"); }) == "BAD_DATE");
    CHECK(reason([](auto& r) { r.set_end_date("2099-11-01"); }) == "BAD_DATE");
    CHECK(reason([](auto& r) { r.set_page_token("x"); }) == "BAD_PAGE_TOKEN");
    CHECK(reason([](auto& r) { r.set_page_token("2026-11-01"); }) == "BAD_PAGE_TOKEN");
    CHECK(reason([](auto& r) { r.set_site_id(std::string("a\0b", 3)); }) == "BAD_TEXT");
    CHECK(reason([](auto& r) { r.set_room_id("'; DROP TABLE rooms; --"); }).empty());
    v1::ListRoomHoursRequest hours;
    hours.set_room_id("nowhere");
    hours.set_local_date("2026-11-22");
    CHECK(error_reason(service.rpc.list_room_hours(service.context, hours).status()) ==
          "ROOM_UNKNOWN");
    v1::ListWallRequest wall;
    wall.add_states(static_cast<v1::WallState>(77));
    CHECK(error_reason(service.rpc.list_wall(service.context, wall).status()) == "BAD_STATE");
}

TEST_CASE("The CSV parses, adds up and equals the list") {
    SKIP_WITHOUT_POSTGRES();
    Service service(5);
    account_v1::RoomsChanged renamed;
    account_v1::Room* room = renamed.add_rooms();
    room->set_room_id("r1");
    room->set_site_id("park");
    room->set_display_name("Shop \"Moon\", left\nwing");
    room->set_revision(9);
    REQUIRE(service.fold({message("prepay.account.rooms.v1", renamed, "renamed")}).ok());
    charge_three_days(service, 5);
    v1::ExportRoomDaysRequest request;
    request.set_site_id("park");
    request.set_start_date("2026-11-01");
    request.set_end_date("2026-12-01");
    CollectingWriter raw;
    rpc::StreamWriter<v1::ExportRoomDaysResponse> writer(raw);
    REQUIRE(service.rpc.export_room_days(service.context, request, writer).ok());
    std::string csv;
    for (const auto& chunk : raw.messages) {
        csv += static_cast<const v1::ExportRoomDaysResponse&>(*chunk).data();
    }
    CHECK(csv.substr(0, 3) == "\xEF\xBB\xBF");
    const auto rows = parse_csv(csv.substr(3));
    REQUIRE(rows.size() == 1 + 15 + 1);
    CHECK(rows[0][0] == "日期 Date");
    for (const auto& row : rows) {
        CHECK(row.size() == 13);
    }
    CHECK(rows[5][1] == "Shop \"Moon\", left\nwing");  // Sorted behind "1-20x".
    CHECK(rows[16][0] == "合计 Total");
    CHECK(rows[16][3] == "0.045");
    CHECK(rows[16][4] == "0.045");
    CHECK(rows[16][11] == "0.00");
    CHECK(rows[16][12] == "450");
    std::int64_t micros = 0;
    for (std::size_t i = 1; i < 16; ++i) {
        micros += std::stoll(rows[i][12]);
    }
    CHECK(micros == 450);
}

TEST_CASE("An export that is too large says so and sends nothing") {
    SKIP_WITHOUT_POSTGRES();
    ReportingConfig config;
    config.export_row_max = 10;
    Service service(5, config);
    charge_three_days(service, 5);
    v1::ExportRoomDaysRequest request;
    request.set_start_date("2026-11-01");
    request.set_end_date("2026-12-01");
    CollectingWriter raw;
    rpc::StreamWriter<v1::ExportRoomDaysResponse> writer(raw);
    const Status status = service.rpc.export_room_days(service.context, request, writer);
    CHECK(error_reason(status) == "EXPORT_TOO_LARGE");
    CHECK(raw.messages.empty());
}

TEST_CASE("Hours of a local day, zero where nothing was charged") {
    SKIP_WITHOUT_POSTGRES();
    Service service(1);
    REQUIRE(
        service
            .fold({charges({charge("r1", "2026-11-21T15:30:00Z", "2026-11-21T17:00:00Z", 90, 900)},
                           "hours")})
            .ok());
    v1::ListRoomHoursRequest request;
    request.set_room_id("r1");
    request.set_local_date("2026-11-22");
    const auto response = service.rpc.list_room_hours(service.context, request);
    REQUIRE(response.ok());
    REQUIRE(response->hours_size() == 24);
    CHECK(response->hours(0).energy_wh() == 60);
    CHECK(response->hours(0).start_time().seconds() == 1'795'276'800);  // 2026-11-21T16:00Z
    CHECK(response->hours(1).energy_wh() == 0);
    request.set_local_date("2026-11-21");
    CHECK(service.rpc.list_room_hours(service.context, request)->hours(23).energy_wh() == 30);
}

TEST_CASE("Totals as an answer") {
    SKIP_WITHOUT_POSTGRES();
    Service service(2);
    charge_three_days(service, 2);
    REQUIRE(service
                .fold({payment("p1", account_v1::ORDER_KIND_CASH_TOP_UP,
                               account_v1::ORDER_STATE_CREDITED, 5'000'000)})
                .ok());
    const auto totals = service.rpc.get_totals(service.context, {});
    REQUIRE(totals.ok());
    CHECK(totals->charge_micros() == 90);
    CHECK(totals->energy_wh() == 9);
    CHECK(totals->charge_count() == 6);
    CHECK(totals->credit_micros() == 5'000'000);
    CHECK(totals->as_of_time().seconds() == 1'795'316'400);  // The payment, 2026-11-22T03:00Z.
}

TEST_CASE("Water beside energy: days, hours, totals, CSV and today on the wall") {
    SKIP_WITHOUT_POSTGRES();
    Service service(2);
    auto wet = charge("r1", "2026-11-21T16:30:00Z", "2026-11-21T17:30:00Z", 1'200'001, 3'720'003);
    wet.set_charge_id("water");
    wet.set_resource(common::v1::RESOURCE_WATER);
    REQUIRE(service
                .fold({charges(
                    {charge("r1", "2026-11-21T16:00:00Z", "2026-11-21T17:00:00Z", 90, 900), wet},
                    "both")})
                .ok());
    REQUIRE(service
                .fold({meter_state("m1", true, metering::v1::RELAY_STATE_CLOSED, 1,
                                   common::v1::RESOURCE_WATER)})
                .ok());
    v1::ListRoomDaysRequest request;
    request.set_start_date("2026-11-22");
    request.set_end_date("2026-11-23");
    const auto days = service.rpc.list_room_days(service.context, request);
    REQUIRE(days.ok());
    REQUIRE(days->days_size() == 1);
    for (const v1::RoomDay& day : {days->days(0), days->total()}) {
        CHECK(day.energy_wh() == 90);
        CHECK(day.water_ml() == 1'200'001);
        CHECK(day.amount_micros() == 3'720'903);
        CHECK(day.rate_energy_wh(1) == 90);
    }
    v1::ListRoomHoursRequest of_day;
    of_day.set_room_id("r1");
    of_day.set_local_date("2026-11-22");
    const auto hours = service.rpc.list_room_hours(service.context, of_day);
    REQUIRE(hours.ok());
    CHECK(hours->hours(0).water_ml() == 600'000);
    CHECK(hours->hours(0).energy_wh() == 90);
    CHECK(hours->hours(1).water_ml() == 600'001);
    CHECK(hours->hours(1).energy_wh() == 0);
    const auto totals = service.rpc.get_totals(service.context, {});
    CHECK(totals->water_ml() == 1'200'001);
    CHECK(totals->energy_wh() == 90);
    CHECK(totals->charge_micros() == 3'720'903);

    v1::ExportRoomDaysRequest wanted;
    wanted.set_start_date("2026-11-22");
    wanted.set_end_date("2026-11-23");
    CollectingWriter raw;
    rpc::StreamWriter<v1::ExportRoomDaysResponse> writer(raw);
    REQUIRE(service.rpc.export_room_days(service.context, wanted, writer).ok());
    std::string csv;
    for (const auto& message : raw.messages) {
        csv += dynamic_cast<const v1::ExportRoomDaysResponse&>(*message).data();
    }
    CHECK(csv.find("水量 Water (m³),金额 Amount (CNY),金额(微元) Exact amount (micro-CNY)\r\n") !=
          std::string::npos);
    CHECK(csv.find(",0.090,0.000,0.000,0.000,0.000,0.000,1.200001,3.72,3720903\r\n") !=
          std::string::npos);

    REQUIRE(service.wall_source.refresh().ok());
    const auto wall = service.rpc.list_wall(service.context, {});
    REQUIRE(wall.ok());
    REQUIRE(wall->rooms_size() == 2);
    CHECK(wall->rooms(0).has_water_today_ml());
    CHECK(wall->rooms(0).water_today_ml() == 1'200'001);
    CHECK(wall->rooms(0).energy_today_wh() == 90);
    CHECK_FALSE(wall->rooms(1).has_water_today_ml());
}

TEST_CASE("1,000 rooms in one snapshot") {
    SKIP_WITHOUT_POSTGRES();
    Service service(1000);
    REQUIRE(service.wall_source.refresh().ok());
    CollectingWriter raw;
    raw.count_max = 6;  // Five chunks and the end of the snapshot.
    rpc::StreamWriter<v1::WatchWallResponse> writer(raw);
    v1::WatchWallRequest request;
    request.set_site_id("park");
    REQUIRE(service.rpc.watch_wall(service.context, request, writer).ok());
    int rooms = 0;
    for (const auto& one : raw.messages) {
        rooms += static_cast<const v1::WatchWallResponse&>(*one).rooms_size();
    }
    CHECK(rooms == 1000);
    v1::ListWallRequest list;
    list.set_page_size(1000);
    const auto page = service.rpc.list_wall(service.context, list);
    REQUIRE(page.ok());
    CHECK(page->rooms_size() == 1000);
    CHECK(page->next_page_token().empty());
    list.set_page_size(300);
    int counted = 0;
    while (true) {
        const auto part = service.rpc.list_wall(service.context, list);
        REQUIRE(part.ok());
        counted += part->rooms_size();
        if (part->next_page_token().empty()) {
            break;
        }
        list.set_page_token(part->next_page_token());
    }
    CHECK(counted == 1000);
}
