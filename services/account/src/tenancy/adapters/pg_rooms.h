#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "core/status.h"
#include "outbox/outbox.h"
#include "pg/page.h"
#include "tenancy/domain/occupancy.h"
#include "tenancy/domain/room.h"

namespace prepay::account {

/// Sites, rooms, meters and who pays for them. Every change is announced. Thread-safe.
class PgRooms {
public:
    PgRooms(PgAccountBook& book, const outbox::Outbox& outbox, const Clock& clock)
        : book_(book), outbox_(outbox), clock_(clock) {}

    /// With the site's own five ledger accounts. Reasons BAD_ID, BAD_TIME_ZONE, SITE_EXISTS.
    Result<Site> create_site(pqxx::work& tx, const Site& site);
    std::vector<Site> list_sites(pqxx::work& tx);

    /// Reasons BAD_ID, BAD_ROOM, TOO_MANY_ROOMS, SITE_NOT_FOUND, ROOM_EXISTS, METER_ATTACHED.
    Result<std::vector<Room>> create_rooms(pqxx::work& tx, const NewRooms& wanted);
    /// Locks the room. Reasons BAD_ID, ROOM_NOT_FOUND, METER_ATTACHED, TIME_IN_FUTURE.
    Result<Room> attach(pqxx::work& tx, const NewMeters& wanted);

    /// By site, building, floor and name.
    pg::Page<Room> list(pqxx::work& tx, const RoomFilter& filter);
    /// Reason ROOM_NOT_FOUND.
    Result<Room> get(pqxx::work& tx, const std::string& room_id);
    std::vector<Room> of_account(pqxx::work& tx, std::int64_t account_no);

    /// NOT_FOUND / ROOM_NOT_FOUND; serializes changes of one room.
    Status lock(pqxx::work& tx, const std::string& room_id);
    /// Moves meters to a payer and announces the spans. Lock room and accounts first.
    /// Reasons ROOM_OCCUPIED, TIME_OVERLAPS.
    Status move(pqxx::work& tx, const std::vector<Occupancy>& next, Instant now);
    /// Raises the revision and announces.
    Result<Room> announce_room(pqxx::work& tx, const std::string& room_id);

    /// Sites and rooms of a partition, one an event; and its meters' spans, all of a meter in one.
    /// For a consumer without history; both only read.
    Status tell_rooms(pqxx::work& tx, const outbox::SnapshotRequest& request,
                      const outbox::EmitEvent& emit);
    Status tell_occupancies(pqxx::work& tx, const outbox::SnapshotRequest& request,
                            const outbox::EmitEvent& emit);

    /// `time` or now where absent. Reasons TIME_IN_FUTURE, TIME_TOO_OLD.
    Result<Instant> time_or_now(const std::optional<Instant>& time) const;

private:
    Status insert_room(pqxx::work& tx, const Room& room);
    Status bind_meters(pqxx::work& tx, const std::string& room_id,
                       const std::vector<std::string>& meter_ids, Instant start);
    std::vector<Occupancy> timeline(pqxx::work& tx, const std::string& meter_id);

    PgAccountBook& book_;
    const outbox::Outbox& outbox_;
    const Clock& clock_;
};

}  // namespace prepay::account
