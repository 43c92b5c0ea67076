#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::account {

/// A place with a clock of its own and its own ledger accounts.
struct Site {
    std::string site_id;  ///< Empty = new, gets one.
    std::string display_name;
    std::string time_zone;           ///< IANA name.
    std::string vacancy_account_id;  ///< Pays while nobody else does.
};

/// A room, its meters, and who pays for them now.
struct Room {
    std::string room_id;  ///< Empty = new, gets one.
    std::string site_id;
    std::string building;
    std::string floor;
    std::string display_name;
    std::vector<std::string> meter_ids;
    std::string account_id;  ///< Empty = vacant.
    std::string customer_name;
    std::int64_t revision = 0;
};

/// Rooms that are to be made, with their meters from `start_time` on.
struct NewRooms {
    std::vector<Room> rooms;
    std::optional<Instant> start_time;  ///< Absent = now.
};

/// Meters that a room is to get.
struct NewMeters {
    std::string room_id;
    std::vector<std::string> meter_ids;
    std::optional<Instant> start_time;  ///< Absent = now.
};

/// Which rooms a list shows; an empty text filters nothing.
struct RoomFilter {
    std::string site_id;
    std::string building;
    std::string floor;
    std::string query;          ///< Part of a room's or customer's name, or an id of room or meter.
    std::string after_room_id;  ///< Last one of the page before; empty = the first page.
    int limit = 100;
};

}  // namespace prepay::account
