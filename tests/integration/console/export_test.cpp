#include <catch2/catch.hpp>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

std::string export_text(const World& world, const std::string& site) {
    return "GET /export/room-days.csv?site_id=" + site +
           " HTTP/1.1\r\nHost: c\r\nConnection: close\r\nauthorization: Bearer " +
           world.token(rpc::Role::kViewer) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("the export is a CSV file for those who may read") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string path =
        "/export/room-days.csv?site_id=s-1&start_date=2026-01-01&end_date=2026-02-01";
    CHECK(world.get(path).reason() == "TOKEN_MISSING");
    const HttpAnswer tenant =
        world.get(path, {{"authorization", "Bearer " + world.token(rpc::Role::kTenant, "a-1")}});
    CHECK(tenant.status == 403);
    CHECK(tenant.reason() == "PERMISSION_DENIED");
    CHECK(world.services.calls().empty());

    const httplib::Headers viewer = {
        {"authorization", "Bearer " + world.token(rpc::Role::kViewer)}};
    const HttpAnswer file = world.get(path, viewer);
    CHECK(file.status == 200);
    CHECK(file.header("Content-Type") == "text/csv; charset=utf-8");
    CHECK(file.header("Content-Disposition") == "attachment; filename=\"room-days.csv\"");
    CHECK(file.body == "room,day,wh\n3-201,2026-01-31,1200\n");
    reporting::v1::ExportRoomDaysRequest asked;
    REQUIRE(asked.ParseFromString(world.services.calls().at(0).request));
    CHECK(asked.site_id() == "s-1");
    CHECK(asked.end_date() == "2026-02-01");

    const HttpAnswer absent = world.get("/export/room-days.csv?site_id=absent", viewer);
    CHECK(absent.status == 404);
    CHECK(absent.reason() == "NO_SITE");
    CHECK(world.get("/export/room-days.csv?site_id=%c3%28", viewer).reason() == "BAD_REQUEST");
}

TEST_CASE("an export that fails in the middle is cut off, not ended") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    RawClient client(world.port());
    client.send(export_text(world, "broken"));
    const std::string answer = client.read_to_end();
    CHECK(answer.find("room,day,wh") != std::string::npos);
    CHECK(answer.find("\r\n0\r\n") == std::string::npos);
}

TEST_CASE("an export whose client leaves ends in the service") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    RawClient client(world.port());
    client.send(export_text(world, "endless"));
    client.read_until("3-201");
    CHECK(world.services.open_streams() == 1);
    client.close();
    await([&] { return world.services.open_streams() == 0; });
    await([&] { return world.metric("prepay_console_open_streams ") == 0; });
}
