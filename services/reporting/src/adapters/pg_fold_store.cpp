#include "adapters/pg_fold_store.h"

#include <tuple>

#include "adapters/pg_text.h"
#include "convert.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::reporting::pg_fold_store {
namespace {

using Texts = std::vector<std::string>;
using Integers = std::vector<std::int64_t>;

const char* bool_text(bool value) { return value ? "t" : "f"; }

// One row a key, the newest, in key order.
template <typename Record, typename Key, typename Version>
std::map<std::string, Record> newest(const std::vector<Record>& records, Key key, Version version) {
    std::map<std::string, Record> best;
    for (const Record& record : records) {
        const auto [place, is_new] = best.try_emplace(key(record), record);
        if (!is_new && version(place->second) < version(record)) {
            place->second = record;
        }
    }
    return best;
}

const char* order_kind_text(OrderKind kind) {
    switch (kind) {
        case OrderKind::kCashTopUp:
            return "cash_top_up";
        case OrderKind::kWechatTopUp:
            return "wechat_top_up";
        case OrderKind::kCashRefund:
            return "cash_refund";
    }
    return "";
}

}  // namespace

void save_sites(pqxx::work& tx, const std::vector<SiteRecord>& sites) {
    for (const auto& [site_id, site] : newest(
             sites, [](const SiteRecord& s) { return s.site_id; },
             [](const SiteRecord& s) { return s.occur_time; })) {
        tx.exec_params(
            "INSERT INTO sites AS s (site_id, display_name, time_zone, occur_time)"
            " VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (site_id) DO UPDATE SET display_name = EXCLUDED.display_name,"
            " time_zone = EXCLUDED.time_zone, occur_time = EXCLUDED.occur_time,"
            " change_xid = EXCLUDED.change_xid WHERE s.occur_time < EXCLUDED.occur_time",
            site_id, site.display_name, site.time_zone, pg::to_timestamptz(site.occur_time));
    }
}

void save_rooms(pqxx::work& tx, const std::vector<RoomRecord>& rooms) {
    Texts ids, sites, buildings, floors, names, meters;
    Integers revisions;
    for (const auto& [room_id, room] : newest(
             rooms, [](const RoomRecord& r) { return r.facts.room_id; },
             [](const RoomRecord& r) { return r.revision; })) {
        ids.push_back(room_id);
        sites.push_back(room.facts.site_id);
        buildings.push_back(room.facts.building);
        floors.push_back(room.facts.floor);
        names.push_back(room.facts.display_name);
        meters.push_back(pg::to_array(room.facts.meter_ids));
        revisions.push_back(room.revision);
    }
    tx.exec_params(
        "INSERT INTO rooms AS r (room_id, site_id, building, floor, display_name, meter_ids, "
        "revision)"
        " SELECT n.room_id, n.site_id, n.building, n.floor, n.display_name, n.meter_ids::text[],"
        " n.revision FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[],"
        " $6::text[], $7::bigint[])"
        " AS n (room_id, site_id, building, floor, display_name, meter_ids, revision)"
        " ON CONFLICT (room_id) DO UPDATE SET site_id = EXCLUDED.site_id,"
        " building = EXCLUDED.building, floor = EXCLUDED.floor,"
        " display_name = EXCLUDED.display_name, meter_ids = EXCLUDED.meter_ids,"
        " revision = EXCLUDED.revision, change_xid = EXCLUDED.change_xid"
        " WHERE r.revision < EXCLUDED.revision",
        pg::to_array(ids), pg::to_array(sites), pg::to_array(buildings), pg::to_array(floors),
        pg::to_array(names), pg::to_array(meters), pg::to_array(revisions));
}

void save_occupancies(pqxx::work& tx, const std::vector<OccupancyRecord>& occupancies) {
    Texts ids, rooms, accounts, meters, starts, ends, vacancies, deletions;
    Integers revisions;
    for (const auto& [occupancy_id, occupancy] : newest(
             occupancies, [](const OccupancyRecord& o) { return o.facts.occupancy_id; },
             [](const OccupancyRecord& o) { return o.revision; })) {
        ids.push_back(occupancy_id);
        rooms.push_back(occupancy.facts.room_id);
        accounts.push_back(occupancy.facts.account_id);
        meters.push_back(occupancy.meter_id);
        starts.push_back(pg::to_timestamptz(occupancy.facts.start_time));
        ends.push_back(pg::to_timestamptz(occupancy.facts.end_time, "infinity"));
        vacancies.emplace_back(bool_text(occupancy.vacancy));
        deletions.emplace_back(bool_text(occupancy.deleted));
        revisions.push_back(occupancy.revision);
    }
    tx.exec_params(
        "INSERT INTO occupancies AS o (occupancy_id, room_id, account_id, meter_id, start_time,"
        " end_time, vacancy, deleted, revision)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[],"
        " $5::timestamptz[], $6::timestamptz[], $7::boolean[], $8::boolean[], $9::bigint[])"
        " ON CONFLICT (occupancy_id) DO UPDATE SET room_id = EXCLUDED.room_id,"
        " account_id = EXCLUDED.account_id, meter_id = EXCLUDED.meter_id,"
        " start_time = EXCLUDED.start_time, end_time = EXCLUDED.end_time,"
        " vacancy = EXCLUDED.vacancy, deleted = EXCLUDED.deleted, revision = EXCLUDED.revision,"
        " change_xid = EXCLUDED.change_xid WHERE o.revision < EXCLUDED.revision",
        pg::to_array(ids), pg::to_array(rooms), pg::to_array(accounts), pg::to_array(meters),
        pg::to_array(starts), pg::to_array(ends), pg::to_array(vacancies), pg::to_array(deletions),
        pg::to_array(revisions));
}

void save_accounts(pqxx::work& tx, const std::vector<AccountRecord>& accounts) {
    Texts ids, sites, names, states, keeps;
    Integers balances, versions, revisions;
    for (const auto& [account_id, account] : newest(
             accounts, [](const AccountRecord& a) { return a.facts.account_id; },
             [](const AccountRecord& a) { return std::tie(a.version, a.settings_revision); })) {
        ids.push_back(account_id);
        sites.push_back(account.site_id);
        names.push_back(account.facts.customer_name);
        balances.push_back(account.facts.balance.micros());
        states.emplace_back(to_db(account.facts.fee_state));
        keeps.emplace_back(bool_text(account.facts.keep_power));
        versions.push_back(account.version);
        revisions.push_back(account.settings_revision);
    }
    tx.exec_params(
        "INSERT INTO accounts AS a (account_id, site_id, customer_name, balance_micros, fee_state,"
        " keep_power, version, settings_revision)"
        " SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[],"
        " $6::boolean[], $7::bigint[], $8::bigint[])"
        " ON CONFLICT (account_id) DO UPDATE SET site_id = EXCLUDED.site_id,"
        " customer_name = EXCLUDED.customer_name, balance_micros = EXCLUDED.balance_micros,"
        " fee_state = EXCLUDED.fee_state, keep_power = EXCLUDED.keep_power,"
        " version = EXCLUDED.version, settings_revision = EXCLUDED.settings_revision,"
        " change_xid = EXCLUDED.change_xid"
        " WHERE (a.version, a.settings_revision) < (EXCLUDED.version, EXCLUDED.settings_revision)",
        pg::to_array(ids), pg::to_array(sites), pg::to_array(names), pg::to_array(balances),
        pg::to_array(states), pg::to_array(keeps), pg::to_array(versions), pg::to_array(revisions));
}

void save_meter_states(pqxx::work& tx, const std::vector<MeterStateRecord>& states) {
    Texts ids, onlines, relays, resources, holds, foreign;
    Integers revisions;
    for (const auto& [meter_id, state] : newest(
             states, [](const MeterStateRecord& s) { return s.meter_id; },
             [](const MeterStateRecord& s) { return s.revision; })) {
        ids.push_back(meter_id);
        onlines.emplace_back(bool_text(state.online));
        relays.emplace_back(to_db(state.relay));
        resources.emplace_back(to_db(state.resource));
        revisions.push_back(state.revision);
        holds.push_back(tx.esc_raw(holds_to_bytes(state.holds)));
        foreign.emplace_back(bool_text(state.foreign_open));
    }
    tx.exec_params(
        "INSERT INTO meters AS m (meter_id, online, relay, resource, state_revision, holds,"
        " foreign_open) SELECT * FROM unnest($1::text[], $2::boolean[], $3::text[], $4::text[],"
        " $5::bigint[], $6::bytea[], $7::boolean[])"
        " ON CONFLICT (meter_id) DO UPDATE SET online = EXCLUDED.online, relay = EXCLUDED.relay,"
        " resource = EXCLUDED.resource, holds = EXCLUDED.holds,"
        " foreign_open = EXCLUDED.foreign_open,"
        " state_revision = EXCLUDED.state_revision, change_xid = EXCLUDED.change_xid"
        " WHERE m.state_revision < EXCLUDED.state_revision",
        pg::to_array(ids), pg::to_array(onlines), pg::to_array(relays), pg::to_array(resources),
        pg::to_array(revisions), pg::to_array(holds), pg::to_array(foreign));
}

void save_live_values(pqxx::work& tx, const std::vector<LiveValueRecord>& values) {
    Texts ids, times;
    Integers powers;
    for (const auto& [meter_id, value] : newest(
             values, [](const LiveValueRecord& v) { return v.meter_id; },
             [](const LiveValueRecord& v) { return v.read_time; })) {
        ids.push_back(meter_id);
        powers.push_back(value.power_w);
        times.push_back(pg::to_timestamptz(value.read_time));
    }
    tx.exec_params(
        "INSERT INTO meters AS m (meter_id, power_w, read_time)"
        " SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[])"
        " ON CONFLICT (meter_id) DO UPDATE SET power_w = EXCLUDED.power_w,"
        " read_time = EXCLUDED.read_time, change_xid = EXCLUDED.change_xid"
        " WHERE m.read_time < EXCLUDED.read_time",
        pg::to_array(ids), pg::to_array(powers), pg::to_array(times));
}

void save_command_outcomes(pqxx::work& tx, const std::vector<CommandOutcome>& outcomes) {
    for (const bool is_verified : {true, false}) {
        std::vector<CommandOutcome> chosen;
        for (const CommandOutcome& outcome : outcomes) {
            if (outcome.is_verified == is_verified) {
                chosen.push_back(outcome);
            }
        }
        Texts ids, times;
        for (const auto& [meter_id, outcome] : newest(
                 chosen, [](const CommandOutcome& o) { return o.meter_id; },
                 [](const CommandOutcome& o) { return o.finish_time; })) {
            ids.push_back(meter_id);
            times.push_back(pg::to_timestamptz(outcome.finish_time));
        }
        if (ids.empty()) {
            continue;
        }
        const std::string column = is_verified ? "verified_time" : "contradicted_time";
        tx.exec_params("INSERT INTO meters AS m (meter_id, " + column +
                           ") SELECT * FROM unnest($1::text[], $2::timestamptz[])"
                           " ON CONFLICT (meter_id) DO UPDATE SET " +
                           column + " = EXCLUDED." + column +
                           ", change_xid = EXCLUDED.change_xid WHERE m." + column + " < EXCLUDED." +
                           column,
                       pg::to_array(ids), pg::to_array(times));
    }
}

std::vector<OrderRecord> save_new_orders(pqxx::work& tx, const std::vector<OrderRecord>& orders) {
    std::vector<OrderRecord> fresh;
    for (const auto& [order_id, order] : newest(
             orders, [](const OrderRecord& o) { return o.order_id; },
             [](const OrderRecord& o) { return o.finish_time; })) {
        const auto inserted = tx.exec_params(
            "INSERT INTO orders (order_id, account_id, site_id, kind, amount_micros, finish_time)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (order_id) DO NOTHING",
            order_id, order.account_id, order.site_id, order_kind_text(order.kind),
            order.amount.micros(), pg::to_timestamptz(order.finish_time));
        if (inserted.affected_rows() == 1) {
            fresh.push_back(order);
        }
    }
    return fresh;
}

std::set<std::string> claim_events(pqxx::work& tx, const std::set<std::string>& event_ids) {
    std::set<std::string> claimed;
    for (const auto& row :
         tx.exec_params("INSERT INTO folded_messages (event_id) SELECT unnest($1::text[])"
                        " ON CONFLICT (event_id) DO NOTHING RETURNING event_id",
                        pg::to_array(Texts(event_ids.begin(), event_ids.end())))) {
        claimed.insert(pg::only<std::string>(row));
    }
    return claimed;
}

void forget_events_before(pqxx::work& tx, Instant time) {
    tx.exec_params("DELETE FROM folded_messages WHERE fold_time < $1", pg::to_timestamptz(time));
}

}  // namespace prepay::reporting::pg_fold_store
