#include "tenancy/adapters/pg_rooms.h"

#include <set>

#include "books/adapters/events.h"
#include "books/domain/id.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"
#include "tenancy/convert.h"

namespace prepay::account {
namespace {

constexpr const char* kRoomsTopic = "prepay.account.rooms.v1";
constexpr std::size_t kRoomsMax = 1000;
constexpr std::size_t kNameMax = 100;
constexpr Duration kFutureMax = std::chrono::minutes(1);  // Clocks of callers.
constexpr Instant kYear2000 = from_micros(946'684'800'000'000);

constexpr const char* kSelectRoom = R"sql(
SELECT r.room_id, r.site_id, r.building, r.floor, r.display_name, r.revision,
       ARRAY(SELECT meter_id FROM room_meters m WHERE m.room_id = r.room_id
             ORDER BY meter_id) AS meter_ids,
       coalesce(p.account_id, '') AS account_id, coalesce(p.display_name, '') AS customer_name
FROM rooms r LEFT JOIN LATERAL (
    SELECT a.account_id, c.display_name
    FROM occupancies o JOIN accounts a USING (account_no) JOIN customers c USING (customer_id)
    WHERE o.room_id = r.room_id AND o.end_time IS NULL AND NOT o.deleted AND NOT o.vacancy LIMIT 1
) p ON true
)sql";

Room to_room(const pg::Row& row) {
    Room room;
    room.room_id = row.text("room_id");
    room.site_id = row.text("site_id");
    room.building = row.text("building");
    room.floor = row.text("floor");
    room.display_name = row.text("display_name");
    room.revision = row.number("revision");
    room.meter_ids = row.texts("meter_ids");
    room.account_id = row.text("account_id");
    room.customer_name = row.text("customer_name");
    return room;
}

Status check_name(const std::string& what, const std::string& name) {
    if (name.empty() || name.size() > kNameMax) {
        return invalid_argument("BAD_ROOM", what + " must have 1 .. 100 bytes");
    }
    return absl::OkStatus();
}

Status check_room(const Room& room) {
    if (!room.room_id.empty()) {
        PREPAY_RETURN_IF_ERROR(check_id("room_id", room.room_id));
    }
    for (const std::string& meter_id : room.meter_ids) {
        PREPAY_RETURN_IF_ERROR(check_id("meter_id", meter_id));
    }
    PREPAY_RETURN_IF_ERROR(check_name("building", room.building));
    PREPAY_RETURN_IF_ERROR(check_name("floor", room.floor));
    return check_name("display_name", room.display_name);
}

}  // namespace

Result<Instant> PgRooms::time_or_now(const std::optional<Instant>& time) const {
    const Instant now = clock_.now();
    if (!time) {
        return now;
    }
    if (*time > now + kFutureMax) {
        return invalid_argument("TIME_IN_FUTURE", "the time must not lie in the future");
    }
    if (*time < kYear2000) {
        return invalid_argument("TIME_TOO_OLD", "the time must not lie before the year 2000");
    }
    return *time;
}

Result<Site> PgRooms::create_site(pqxx::work& tx, const Site& site) {
    Site created = site;
    if (created.site_id.empty()) {
        created.site_id = new_id(clock_);
    }
    PREPAY_RETURN_IF_ERROR(check_id("site_id", created.site_id));
    PREPAY_RETURN_IF_ERROR(check_name("display_name", created.display_name));
    PREPAY_ASSIGN_OR_RETURN(const TimeZone zone, TimeZone::load(created.time_zone));
    const auto inserted = tx.exec_params(
        "INSERT INTO sites (site_id, display_name, time_zone) VALUES ($1, $2, $3)"
        " ON CONFLICT (site_id) DO NOTHING",
        created.site_id, created.display_name, zone.name());
    if (inserted.affected_rows() == 0) {
        return already_exists("SITE_EXISTS", "there is a site " + created.site_id + " already");
    }
    tx.exec_params(
        "WITH made AS (INSERT INTO accounts (account_id, site_id, kind, open_time)"
        " SELECT kind || '-' || $1, $1, kind, $2"
        " FROM unnest(ARRAY['cash', 'wechat', 'revenue', 'vacancy', 'suspense']) AS kind"
        " RETURNING account_no) INSERT INTO balances (account_no) SELECT account_no FROM made",
        created.site_id, pg::to_timestamptz(clock_.now()));
    created.vacancy_account_id = "vacancy-" + created.site_id;
    v1::RoomsChanged event;
    *event.add_sites() = to_proto(created);
    event_writer(outbox_, clock_)
        .append(tx, kRoomsTopic, created.site_id, std::move(event), clock_.now());
    return created;
}

std::vector<Site> PgRooms::list_sites(pqxx::work& tx) {
    std::vector<Site> sites;
    for (const pg::Row row :
         tx.exec("SELECT s.site_id, s.display_name, s.time_zone, a.account_id FROM sites s JOIN "
                 "accounts a"
                 " ON a.site_id = s.site_id AND a.kind = 'vacancy' WHERE s.site_id <> 'unassigned'"
                 " ORDER BY s.site_id")) {
        sites.push_back({row.text("site_id"), row.text("display_name"), row.text("time_zone"),
                         row.text("account_id")});
    }
    return sites;
}

Status PgRooms::insert_room(pqxx::work& tx, const Room& room) {
    const auto inserted =
        run_prepared(tx, "rooms_insert",
                     "INSERT INTO rooms (room_id, site_id, building, floor, display_name, revision)"
                     " VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (room_id) DO NOTHING",
                     room.room_id, room.site_id, room.building, room.floor, room.display_name);
    if (inserted.affected_rows() == 0) {
        return already_exists("ROOM_EXISTS", "there is a room " + room.room_id + " already");
    }
    return absl::OkStatus();
}

Result<std::vector<Room>> PgRooms::create_rooms(pqxx::work& tx, const NewRooms& wanted) {
    if (wanted.rooms.empty() || wanted.rooms.size() > kRoomsMax) {
        return invalid_argument("TOO_MANY_ROOMS", "rooms must hold 1 .. 1,000 rooms");
    }
    PREPAY_ASSIGN_OR_RETURN(const Instant start, time_or_now(wanted.start_time));
    std::set<std::int64_t> payers;
    std::vector<Room> rooms = wanted.rooms;
    for (Room& room : rooms) {
        PREPAY_RETURN_IF_ERROR(check_room(room));
        const auto site = book_.find_site(tx, room.site_id);
        if (!site) {
            return not_found("SITE_NOT_FOUND", "there is no site " + room.site_id);
        }
        payers.insert(site->vacancy_no);
        if (room.room_id.empty()) {
            room.room_id = new_id(clock_);
        }
        PREPAY_RETURN_IF_ERROR(insert_room(tx, room));
    }
    book_.lock(tx, {payers.begin(), payers.end()});
    std::vector<Room> created;
    for (const Room& room : rooms) {
        PREPAY_RETURN_IF_ERROR(bind_meters(tx, room.room_id, room.meter_ids, start));
        PREPAY_ASSIGN_OR_RETURN(Room announced, announce_room(tx, room.room_id));
        created.push_back(std::move(announced));
    }
    return created;
}

// New meters of a room go to whoever pays for its others, else to the site's vacancy account.
Status PgRooms::bind_meters(pqxx::work& tx, const std::string& room_id,
                            const std::vector<std::string>& meter_ids, Instant start) {
    const auto payer = tx.exec_params1(
        "SELECT coalesce((SELECT account_no FROM occupancies WHERE room_id = $1 AND end_time IS "
        "NULL"
        " AND NOT deleted AND NOT vacancy LIMIT 1), 0) AS tenant_no, (SELECT account_no FROM "
        "accounts a"
        " WHERE a.site_id = r.site_id AND a.kind = 'vacancy') AS vacancy_no FROM rooms r"
        " WHERE room_id = $1",
        room_id);
    const auto tenant_no = payer["tenant_no"].as<std::int64_t>();
    std::vector<Occupancy> spans;
    for (const std::string& meter_id : meter_ids) {
        const auto bound = run_prepared(
            tx, "rooms_bind",
            "INSERT INTO room_meters (meter_id, room_id, attach_time) VALUES ($1, $2, $3)"
            " ON CONFLICT (meter_id) DO NOTHING",
            meter_id, room_id, pg::to_timestamptz(start));
        if (bound.affected_rows() == 0) {
            return already_exists("METER_ATTACHED",
                                  "meter " + meter_id + " is attached to a room already");
        }
        run_prepared(tx, "rooms_switch",
                     "INSERT INTO meter_switches (meter_id) VALUES ($1) ON CONFLICT DO NOTHING",
                     meter_id);
        Occupancy span;
        span.account_no = tenant_no != 0 ? tenant_no : payer["vacancy_no"].as<std::int64_t>();
        span.room_id = room_id;
        span.meter_id = meter_id;
        span.start_time = start;
        span.vacancy = tenant_no == 0;
        spans.push_back(std::move(span));
    }
    return move(tx, spans, clock_.now());
}

Result<Room> PgRooms::attach(pqxx::work& tx, const NewMeters& wanted) {
    PREPAY_ASSIGN_OR_RETURN(const Instant start, time_or_now(wanted.start_time));
    PREPAY_RETURN_IF_ERROR(lock(tx, wanted.room_id));
    std::set<std::string> known;
    for (const auto& row :
         tx.exec_params("SELECT meter_id FROM room_meters WHERE room_id = $1", wanted.room_id)) {
        known.insert(pg::only<std::string>(row));
    }
    std::vector<std::string> fresh;
    for (const std::string& meter_id : wanted.meter_ids) {
        PREPAY_RETURN_IF_ERROR(check_id("meter_id", meter_id));
        if (!known.contains(meter_id)) {
            fresh.push_back(meter_id);
        }
    }
    const auto payer = tx.exec_params1(
        "SELECT coalesce((SELECT account_no FROM occupancies WHERE room_id = $1 AND end_time IS "
        "NULL"
        " AND NOT deleted LIMIT 1), (SELECT account_no FROM accounts a WHERE a.site_id = r.site_id"
        " AND a.kind = 'vacancy')) FROM rooms r WHERE room_id = $1",
        wanted.room_id);
    book_.lock_one(tx, pg::only<std::int64_t>(payer));
    PREPAY_RETURN_IF_ERROR(bind_meters(tx, wanted.room_id, fresh, start));
    return announce_room(tx, wanted.room_id);
}

Status PgRooms::lock(pqxx::work& tx, const std::string& room_id) {
    if (tx.exec_params("SELECT 1 FROM rooms WHERE room_id = $1 FOR UPDATE", room_id).empty()) {
        return not_found("ROOM_NOT_FOUND", "there is no room " + room_id);
    }
    return absl::OkStatus();
}

Result<Room> PgRooms::announce_room(pqxx::work& tx, const std::string& room_id) {
    run_prepared(tx, "rooms_touch", "UPDATE rooms SET revision = revision + 1 WHERE room_id = $1",
                 room_id);
    PREPAY_ASSIGN_OR_RETURN(Room room, get(tx, room_id));
    v1::RoomsChanged event;
    *event.add_rooms() = to_proto(room);
    event_writer(outbox_, clock_).append(tx, kRoomsTopic, room_id, std::move(event), clock_.now());
    return room;
}

Result<Room> PgRooms::get(pqxx::work& tx, const std::string& room_id) {
    static const std::string sql = std::string(kSelectRoom) + " WHERE r.room_id = $1";
    const auto rows = run_prepared(tx, "rooms_get", sql.c_str(), room_id);
    if (rows.empty()) {
        return not_found("ROOM_NOT_FOUND", "there is no room " + room_id);
    }
    return to_room(rows[0]);
}

Status PgRooms::tell_rooms(pqxx::work& tx, const outbox::SnapshotRequest& request,
                           const outbox::EmitEvent& emit) {
    const auto tell = [&](const std::string& key, v1::RoomsChanged event) {
        return event_writer(outbox_, clock_).emit(emit, request.topic, key, std::move(event));
    };
    for (const Site& site : list_sites(tx)) {
        if (partition_of(site.site_id, request.partition_count) == request.partition) {
            v1::RoomsChanged event;
            *event.add_sites() = to_proto(site);
            PREPAY_RETURN_IF_ERROR(tell(site.site_id, std::move(event)));
        }
    }
    for (const auto& row : tx.exec("SELECT room_id FROM rooms ORDER BY room_id")) {
        const auto room_id = row["room_id"].as<std::string>();
        if (partition_of(room_id, request.partition_count) == request.partition) {
            PREPAY_ASSIGN_OR_RETURN(const Room room, get(tx, room_id));
            v1::RoomsChanged event;
            *event.add_rooms() = to_proto(room);
            PREPAY_RETURN_IF_ERROR(tell(room_id, std::move(event)));
        }
    }
    return absl::OkStatus();
}

std::vector<Room> PgRooms::of_account(pqxx::work& tx, std::int64_t account_no) {
    std::vector<Room> rooms;
    for (const auto& row : tx.exec_params(
             std::string(kSelectRoom) +
                 " WHERE r.room_id IN (SELECT room_id FROM occupancies WHERE account_no = $1"
                 " AND end_time IS NULL AND NOT deleted) ORDER BY r.display_name",
             account_no)) {
        rooms.push_back(to_room(row));
    }
    return rooms;
}

pg::Page<Room> PgRooms::list(pqxx::work& tx, const RoomFilter& filter) {
    const auto rows = tx.exec_params(
        std::string(kSelectRoom) +
            " WHERE ($1 = '' OR r.site_id = $1) AND ($2 = '' OR r.building = $2)"
            " AND ($3 = '' OR r.floor = $3) AND ($4 = '' OR r.display_name ILIKE $5"
            " OR r.room_id = $4 OR p.display_name ILIKE $5 OR EXISTS (SELECT 1 FROM room_meters m"
            " WHERE m.room_id = r.room_id AND m.meter_id = $4))"
            " AND ($6 = '' OR (r.site_id, r.building, r.floor, r.display_name, r.room_id) >"
            " (SELECT site_id, building, floor, display_name, room_id FROM rooms WHERE room_id = "
            "$6))"
            " ORDER BY r.site_id, r.building, r.floor, r.display_name, r.room_id LIMIT $7",
        filter.site_id, filter.building, filter.floor, filter.query, "%" + filter.query + "%",
        filter.after_room_id, filter.limit + 1);
    return pg::read_page(rows, filter.limit, "room_id", to_room);
}

}  // namespace prepay::account
