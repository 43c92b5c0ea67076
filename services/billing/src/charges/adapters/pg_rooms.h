#pragma once

#include <pqxx/pqxx>
#include <string>

namespace prepay::billing {

/// What a person calls a room.
struct RoomName {
    std::string room_id;
    std::string site_id;
    std::string building;
    std::string display_name;
    std::int64_t revision = 0;
};

/// Stores a newer revision; an older one changes nothing.
void upsert_room(pqxx::work& tx, const RoomName& room);

/// "building display_name", or the id of a room that is not known yet.
std::string find_room_name(pqxx::work& tx, const std::string& room_id);

}  // namespace prepay::billing
