#include "charges/adapters/pg_rooms.h"

#include "pg/row.h"

namespace prepay::billing {

void upsert_room(pqxx::work& tx, const RoomName& room) {
    tx.exec_params(
        "INSERT INTO rooms AS stored (room_id, site_id, building, display_name, revision)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (room_id) DO UPDATE SET"
        " site_id = excluded.site_id, building = excluded.building,"
        " display_name = excluded.display_name, revision = excluded.revision"
        " WHERE stored.revision < excluded.revision",
        room.room_id, room.site_id, room.building, room.display_name, room.revision);
}

std::string find_room_name(pqxx::work& tx, const std::string& room_id) {
    const auto rows =
        tx.exec_params("SELECT building, display_name FROM rooms WHERE room_id = $1", room_id);
    if (rows.empty()) {
        return room_id;
    }
    const pg::Row row(rows.front());
    const std::string building = row.text("building");
    return building + (building.empty() ? "" : " ") + row.text("display_name");
}

}  // namespace prepay::billing
