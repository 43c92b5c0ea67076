#include "holds/adapters/pg_holds.h"

#include "devices/adapters/pg_values.h"
#include "holds/convert.h"

namespace prepay::metering {

namespace {

const std::string& hold_columns() {
    static const std::string text = "h.meter_id, h.holder, " + pg::micros("h.place_time") +
                                    " AS placed, h.initiator, h.reason_text, " +
                                    pg::micros("h.expire_time") +
                                    " AS expires, h.command_id, h.keep_power_overridden";
    return text;
}

std::optional<Hold> hold_from_row(const pqxx::row& row) {
    const auto holder = holder_from_text(row["holder"].as<std::string>());
    if (!holder) {
        return std::nullopt;
    }
    Hold hold;
    hold.holder = *holder;
    hold.place_time = from_micros(row["placed"].as<std::int64_t>());
    hold.initiator = row["initiator"].as<std::string>();
    hold.reason_text = row["reason_text"].as<std::string>();
    hold.expire_time = instant_from_field(row["expires"]);
    hold.command_id = row["command_id"].as<std::string>();
    hold.keep_power_overridden = row["keep_power_overridden"].as<bool>();
    return hold;
}

HeldMeter held_from_row(const pqxx::row& row) {
    HeldMeter meter;
    meter.meter_id = row["meter_id"].as<std::string>();
    meter.display_name = row["display_name"].as<std::string>();
    meter.line_id = row["line_id"].as<std::string>();
    meter.online = row["online"].as<bool>();
    meter.relay = relay_from_text(row["relay"].as<std::string>());
    return meter;
}

}  // namespace

bool write_meter_state(pqxx::work& tx, const MeterStateChange& change) {
    const auto updated = tx.exec_params(
        "UPDATE meters SET online = $2, relay = $3, state_revision = $4, state_change_time = $5,"
        " foreign_open = $6 WHERE meter_no = $1 AND state_revision < $4",
        change.meter_no, change.online, relay_text(change.relay), change.revision,
        pg::to_timestamptz(change.change_time), change.holds.foreign_open);
    if (updated.affected_rows() == 0) {
        return false;
    }
    std::vector<std::string> holders;
    for (const Hold& hold : change.holds.standing) {
        holders.emplace_back(holder_text(hold.holder));
        tx.exec_params(
            "INSERT INTO holds (meter_id, holder, place_time, initiator, reason_text, expire_time,"
            " command_id, keep_power_overridden) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
            " ON CONFLICT (meter_id, holder) DO UPDATE SET place_time = EXCLUDED.place_time,"
            " initiator = EXCLUDED.initiator, reason_text = EXCLUDED.reason_text,"
            " expire_time = EXCLUDED.expire_time, command_id = EXCLUDED.command_id,"
            " keep_power_overridden = EXCLUDED.keep_power_overridden",
            change.meter_id, holders.back(), pg::to_timestamptz(hold.place_time), hold.initiator,
            hold.reason_text, optional_timestamptz(hold.expire_time), hold.command_id,
            hold.keep_power_overridden);
    }
    tx.exec_params("DELETE FROM holds WHERE meter_id = $1 AND holder <> ALL($2::text[])",
                   change.meter_id, pg::to_array(holders));
    return true;
}

std::map<std::string, std::vector<Hold>> select_holds(pqxx::work& tx,
                                                      const std::vector<std::string>& meter_ids) {
    std::map<std::string, std::vector<Hold>> found;
    for (const auto& row : tx.exec_params(
             "SELECT " + hold_columns() + " FROM holds h WHERE h.meter_id = ANY($1::text[])",
             pg::to_array(meter_ids))) {
        std::optional<Hold> hold = hold_from_row(row);
        if (!hold) {
            continue;
        }
        MeterHolds all{std::move(found[row["meter_id"].as<std::string>()]), false};
        all.place(*std::move(hold));
        found[row["meter_id"].as<std::string>()] = std::move(all.standing);
    }
    return found;
}

Result<std::vector<HeldMeter>> PgHoldList::list_holds(const HoldFilter& filter,
                                                      const std::optional<HeldMeter>& after,
                                                      int count_max) {
    using Meters = std::vector<HeldMeter>;
    const bool from_start = !after || !after->hold;
    return database_.read([&](pqxx::work& tx) -> Result<Meters> {
        Meters meters;
        for (const auto& row : tx.exec_params(
                 "SELECT " + hold_columns() +
                     ", m.display_name, m.line_id, m.online, m.relay"
                     " FROM holds h JOIN meters m USING (meter_id)"
                     " WHERE ($1 = '' OR h.holder = $1) AND ($2 = '' OR h.meter_id = $2)"
                     " AND ($3 OR (h.place_time, h.meter_id, h.holder) < ($4::timestamptz, $5, $6))"
                     " ORDER BY h.place_time DESC, h.meter_id DESC, h.holder DESC LIMIT $7",
                 filter.holder ? holder_text(*filter.holder) : "", filter.meter_id, from_start,
                 pg::to_timestamptz(from_start ? Instant{} : after->hold->place_time),
                 from_start ? "" : after->meter_id,
                 from_start ? "" : holder_text(after->hold->holder), count_max)) {
            HeldMeter meter = held_from_row(row);
            meter.hold = hold_from_row(row);
            meters.push_back(std::move(meter));
        }
        return meters;
    });
}

Result<std::vector<HeldMeter>> PgHoldList::list_foreign(const std::string& meter_id,
                                                        const std::string& after, int count_max) {
    using Meters = std::vector<HeldMeter>;
    return database_.read([&](pqxx::work& tx) -> Result<Meters> {
        Meters meters;
        for (const auto& row : tx.exec_params(
                 "SELECT m.meter_id, m.display_name, m.line_id, m.online, m.relay, " +
                     pg::micros("m.state_change_time") +
                     " AS changed FROM meters m WHERE m.foreign_open"
                     " AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.meter_id = m.meter_id)"
                     " AND ($1 = '' OR m.meter_id = $1) AND m.meter_id > $2"
                     " ORDER BY m.meter_id LIMIT $3",
                 meter_id, after, count_max)) {
            meters.push_back(held_from_row(row));
            meters.back().foreign_since = instant_from_field(row["changed"]);
        }
        return meters;
    });
}

// The states are those of may_act_late(). Not read since the order's end: its time has not begun.
std::map<std::string, LateOrder> select_late_orders(pqxx::work& tx,
                                                    const std::vector<std::string>& meter_ids,
                                                    Instant now, Duration horizon) {
    std::map<std::string, LateOrder> found;
    for (const auto& row : tx.exec_params(
             "SELECT c.meter_id, c.action, c.holder, " + pg::micros("c.create_time") +
                 " AS created, " + pg::micros("c.finish_time") + " AS finished, " +
                 pg::micros("r.read_time") +
                 " AS was_read FROM meters m"
                 " CROSS JOIN LATERAL (SELECT * FROM commands WHERE meter_id = m.meter_id"
                 "  AND finish_time > $2::timestamptz - interval '14 days'"
                 "  AND ((attempt_count > 0"
                 "  AND state IN ('not_verified', 'contradicted')) OR (attempt_count > 1"
                 "  AND state IN ('verified', 'still_held', 'refused')))"
                 "  ORDER BY create_time DESC, command_id DESC LIMIT 1) c"
                 " LEFT JOIN LATERAL (SELECT read_time FROM readings WHERE meter_no = m.meter_no"
                 "  AND channel = 0 ORDER BY slot_time DESC, revision DESC LIMIT 1) r ON true"
                 " WHERE m.meter_id = ANY($1::text[])",
             pg::to_array(meter_ids), pg::to_timestamptz(now))) {
        LateOrder late;
        late.action =
            action_from_text(row["action"].as<std::string>()).value_or(CommandAction::kTrip);
        late.holder = holder_from_text(row["holder"].as<std::string>()).value_or(Holder::kOperator);
        late.create_time = from_micros(row["created"].as<std::int64_t>());
        late.end_time = from_micros(row["finished"].as<std::int64_t>());
        late.horizon = horizon;
        const auto was_read = instant_from_field(row["was_read"]);
        if (was_read && *was_read > late.end_time) {
            late.until = late.end_time + horizon;
        }
        if (!late.until || now < *late.until) {
            found[row["meter_id"].as<std::string>()] = late;
        }
    }
    return found;
}

std::string holds_hex(const std::vector<Hold>& holds) {
    v1::MeterState carrier;
    for (const Hold& hold : holds) {
        *carrier.add_holds() = to_proto_hold(hold);
    }
    return bytes_hex(carrier.SerializeAsString());
}

std::vector<Hold> holds_from_field(const pqxx::field& field) {
    std::vector<Hold> holds;
    v1::MeterState carrier;
    if (!field.is_null() && carrier.ParseFromString(pqxx::binarystring(field).str())) {
        for (const v1::Hold& hold : carrier.holds()) {
            holds.push_back(from_proto_hold(hold));
        }
    }
    return holds;
}

}  // namespace prepay::metering
