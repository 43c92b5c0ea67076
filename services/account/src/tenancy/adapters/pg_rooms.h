#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "core/status.h"
#include "outbox/outbox.h"
#include "prepay/account/v1/account.pb.h"
#include "tenancy/domain/occupancy.h"

namespace prepay::account {

/// Sites, rooms, meters and who pays for them. Every change is announced. Thread-safe.
class PgRooms {
public:
    PgRooms(PgAccountBook& book, const outbox::Outbox& outbox, const Clock& clock)
        : book_(book), outbox_(outbox), clock_(clock) {}

    /// With the site's own five ledger accounts. Reasons BAD_ID, BAD_TIME_ZONE, SITE_EXISTS.
    Result<v1::Site> create_site(pqxx::work& tx, const v1::Site& site);
    std::vector<v1::Site> list_sites(pqxx::work& tx);

    /// Reasons BAD_ID, BAD_ROOM, TOO_MANY_ROOMS, SITE_NOT_FOUND, ROOM_EXISTS, METER_ATTACHED.
    Result<std::vector<v1::Room>> create_rooms(pqxx::work& tx,
                                               const v1::CreateRoomsRequest& request);
    /// Locks the room. Reasons BAD_ID, ROOM_NOT_FOUND, METER_ATTACHED, TIME_IN_FUTURE.
    Result<v1::Room> attach(pqxx::work& tx, const v1::AttachMetersRequest& request);

    Result<v1::ListRoomsResponse> list(pqxx::work& tx, const v1::ListRoomsRequest& request);
    /// Reason ROOM_NOT_FOUND.
    Result<v1::Room> get(pqxx::work& tx, const std::string& room_id);
    std::vector<v1::Room> of_account(pqxx::work& tx, std::int64_t account_no);

    /// NOT_FOUND / ROOM_NOT_FOUND; serializes changes of one room.
    Status lock(pqxx::work& tx, const std::string& room_id);
    /// Moves meters to a payer and announces the spans. Lock room and accounts first.
    /// Reasons ROOM_OCCUPIED, TIME_OVERLAPS.
    Status move(pqxx::work& tx, const std::vector<Occupancy>& next, Instant now);
    /// Raises the revision and announces.
    Result<v1::Room> announce_room(pqxx::work& tx, const std::string& room_id);

    /// Sites and rooms of a partition, one an event; and its meters' spans, all of a meter in one.
    /// For a consumer without history; both only read.
    Status tell_rooms(pqxx::work& tx, const outbox::SnapshotRequest& request,
                      const outbox::EmitEvent& emit);
    Status tell_occupancies(pqxx::work& tx, const outbox::SnapshotRequest& request,
                            const outbox::EmitEvent& emit);

    /// `time` or now where absent. Reason TIME_IN_FUTURE.
    Result<Instant> time_or_now(bool has_time, const google::protobuf::Timestamp& time) const;

private:
    Status insert_room(pqxx::work& tx, const v1::Room& room);
    Status bind_meters(pqxx::work& tx, const std::string& room_id,
                       const std::vector<std::string>& meter_ids, Instant start);
    std::vector<Occupancy> timeline(pqxx::work& tx, const std::string& meter_id);

    PgAccountBook& book_;
    const outbox::Outbox& outbox_;
    const Clock& clock_;
};

}  // namespace prepay::account
