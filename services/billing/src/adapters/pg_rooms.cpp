#include "adapters/pg_rooms.h"

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
    const auto building = rows[0][0].as<std::string>();
    return building + (building.empty() ? "" : " ") + rows[0][1].as<std::string>();
}

}  // namespace prepay::billing
