#include "readings/adapters/pg_anomaly_store.h"

#include "core/proto_time.h"
#include "devices/adapters/pg_values.h"
#include "readings/convert.h"

namespace prepay::metering {
namespace {

const std::string& anomaly_columns() {
    static const std::string text =
        "SELECT a.rejected_reading_id, m.meter_no, m.line_id, a.meter_id, m.resource, a.reason,"
        " a.state, a.previous_total, " +
        pg::micros("a.previous_read_time") + " AS previous_at, a.register_total, " +
        pg::micros("a.read_time") + " AS read_at, a.latest_total, " +
        pg::micros("a.latest_read_time") +
        " AS latest_at, a.after_change, a.decision, a.opening_total, a.closing_total,"
        " a.reason_text, a.decided_by, " +
        pg::micros("a.decide_time") +
        " AS decide_at, a.frames FROM rejected_readings a JOIN meters m USING (meter_id)";
    return text;
}

std::optional<RegisterTotal> total_from_field(const pqxx::field& field) {
    if (field.is_null()) {
        return std::nullopt;
    }
    return RegisterTotal::from_base_units(field.as<std::int64_t>());
}

Anomaly anomaly_from_row(const pqxx::row& row) {
    Anomaly anomaly;
    anomaly.anomaly_id = row["rejected_reading_id"].as<std::int64_t>();
    anomaly.meter_no = row["meter_no"].as<std::int64_t>();
    anomaly.line_id = row["line_id"].as<std::string>();
    anomaly.meter_id = row["meter_id"].as<std::string>();
    anomaly.resource = resource_from_text(row["resource"].as<std::string>());
    anomaly.reason = row["reason"].as<std::string>();
    anomaly.state = anomaly_state_from_text(row["state"].as<std::string>());
    anomaly.previous_total =
        RegisterTotal::from_base_units(row["previous_total"].as<std::int64_t>());
    anomaly.previous_read_time = instant_from_field(row["previous_at"]);
    anomaly.register_total =
        RegisterTotal::from_base_units(row["register_total"].as<std::int64_t>());
    anomaly.read_time = from_micros(row["read_at"].as<std::int64_t>());
    anomaly.latest_total = total_from_field(row["latest_total"]);
    anomaly.latest_read_time = instant_from_field(row["latest_at"]);
    anomaly.after_change = row["after_change"].as<bool>();
    anomaly.decision = decision_from_text(row["decision"].as<std::string>());
    anomaly.opening = total_from_field(row["opening_total"]);
    anomaly.closing = total_from_field(row["closing_total"]);
    anomaly.reason_text = row["reason_text"].as<std::string>();
    anomaly.decided_by = row["decided_by"].as<std::string>();
    anomaly.decide_time = instant_from_field(row["decide_at"]);
    anomaly.frames = frames_from_field(row["frames"]);
    return anomaly;
}

Result<Anomaly> find(pqxx::work& tx, std::int64_t anomaly_id, const char* lock) {
    const auto rows =
        tx.exec_params(anomaly_columns() + " WHERE a.rejected_reading_id = $1" + lock, anomaly_id);
    if (rows.empty()) {
        return not_found("UNKNOWN_ANOMALY", "there is no anomaly " + std::to_string(anomaly_id));
    }
    return anomaly_from_row(rows[0]);
}

Status status_of(DecisionFault fault) {
    switch (fault) {
        case DecisionFault::kNone:
            return absl::OkStatus();
        case DecisionFault::kBelowPrevious:
            return failed_precondition("REGISTER_BELOW_PREVIOUS",
                                       "the register is below the last good one: no consumption");
        case DecisionFault::kBadOpening:
            return invalid_argument("BAD_OPENING_REGISTER",
                                    "the opening register is 0 .. what the meter shows");
        case DecisionFault::kBadClosing:
            return invalid_argument("BAD_CLOSING_REGISTER",
                                    "the closing register is not below the last good one");
    }
    return absl::OkStatus();
}

}  // namespace

Result<std::vector<Anomaly>> PgAnomalyStore::list(const AnomalyFilter& filter, std::int64_t before,
                                                  int count_max) {
    using Anomalies = std::vector<Anomaly>;
    const std::string state = filter.state ? anomaly_state_text(*filter.state) : "";
    return database_.read([&](pqxx::work& tx) -> Result<Anomalies> {
        Anomalies anomalies;
        for (const auto& row : tx.exec_params(
                 anomaly_columns() +
                     " WHERE a.rejected_reading_id < $1 AND ($2 = '' OR a.state = $2)"
                     " AND ($3 = '' OR a.meter_id = $3) AND ($4 = '' OR m.line_id = $4)"
                     " AND ($5 = '' OR a.reason = $5)"
                     " ORDER BY a.rejected_reading_id DESC LIMIT $6",
                 before, state, filter.meter_id, filter.line_id, filter.reason, count_max)) {
            anomalies.push_back(anomaly_from_row(row));
        }
        return anomalies;
    });
}

Result<std::int64_t> PgAnomalyStore::count_open() {
    return database_.read([](pqxx::work& tx) -> Result<std::int64_t> {
        return tx.exec1("SELECT count(*) FROM rejected_readings WHERE state = 'open'")[0]
            .as<std::int64_t>();
    });
}

Result<std::set<std::string>> PgAnomalyStore::quarantined_among(
    const std::vector<std::string>& meter_ids) {
    using Ids = std::set<std::string>;
    return database_.read([&](pqxx::work& tx) -> Result<Ids> {
        Ids ids;
        for (const auto& row : tx.exec_params("SELECT meter_id FROM rejected_readings"
                                              " WHERE state = 'open' AND meter_id = ANY($1)",
                                              pg::to_array(meter_ids))) {
            ids.insert(row["meter_id"].as<std::string>());
        }
        return ids;
    });
}

Result<Anomaly> PgAnomalyStore::get(std::int64_t anomaly_id) {
    return database_.read(
        [&](pqxx::work& tx) -> Result<Anomaly> { return find(tx, anomaly_id, ""); });
}

Status PgAnomalyStore::apply(pqxx::work& tx, const QuarantineOrder& order) {
    PREPAY_ASSIGN_OR_RETURN(const Anomaly anomaly, find(tx, order.anomaly_id, " FOR UPDATE OF a"));
    if (anomaly.state != AnomalyState::kOpen) {
        return failed_precondition(
            "NOT_IN_QUARANTINE",
            "this register waits for no decision" +
                (anomaly.decided_by.empty() ? std::string()
                                            : ", " + anomaly.decided_by + " has decided"));
    }
    const auto last = tx.exec_params1(
        "SELECT " + pg::micros("slot_time") + " AS slot_at, " + pg::micros("read_time") +
            " AS read_at, register_total, register_epoch FROM readings WHERE meter_no = $1"
            " AND channel = 0 ORDER BY slot_time DESC, revision DESC LIMIT 1",
        anomaly.meter_no);
    const ReadingBase base{
        from_micros(last["read_at"].as<std::int64_t>()),
        RegisterTotal::from_base_units(last["register_total"].as<std::int64_t>()),
        last["register_epoch"].as<int>()};
    const Decided decided = decide_quarantine(order.decision, base, base.epoch, anomaly.seen(),
                                              order.opening, order.closing, order.register_limit);
    PREPAY_RETURN_IF_ERROR(status_of(decided.fault));
    // Slots of their own, behind what is stored: see MeterTrack::append_readings.
    Instant slot = std::max(anomaly.seen_time(),
                            from_micros(last["slot_at"].as<std::int64_t>()) + Duration(1));
    std::vector<Reading> readings;
    for (const DecidedRegister& decided_register : decided.registers) {
        Reading reading;
        reading.meter_no = anomaly.meter_no;
        reading.meter_id = anomaly.meter_id;
        reading.resource = anomaly.resource;
        reading.slot_time = slot;
        reading.read_time = std::max(anomaly.seen_time(), base.read_time);
        reading.register_total = decided_register.total;
        reading.register_epoch = decided_register.epoch;
        reading.source = ReadingSource::kOnDemand;
        readings.push_back(std::move(reading));
        slot += Duration(1);
    }
    readings_.store(tx, anomaly.line_id, std::move(readings));
    const auto units_of = [](const std::optional<RegisterTotal>& total) {
        return total ? std::optional(total->base_units()) : std::nullopt;
    };
    tx.exec_params(
        "UPDATE rejected_readings SET state = 'decided', decision = $2, opening_total = $3,"
        " closing_total = $4, reason_text = $5, decided_by = $6, decide_time = $7"
        " WHERE rejected_reading_id = $1",
        order.anomaly_id, decision_text(order.decision), units_of(order.opening),
        units_of(order.closing), order.reason_text, order.decided_by,
        pg::to_timestamptz(clock_.now()));
    v1::ReadingRejected event;
    event.set_line_id(anomaly.line_id);
    event.set_meter_id(anomaly.meter_id);
    event.set_reason(anomaly.reason);
    event.set_previous_register_total(base.total.base_units());
    event.set_register_total(anomaly.seen().base_units());
    set_time(*event.mutable_read_time(), anomaly.seen_time());
    event.set_state(v1::ANOMALY_STATE_DECIDED);
    event.set_decision(to_proto_decision(order.decision));
    events_.append(tx, kAnomaliesTopic, anomaly.line_id, std::move(event), clock_.now());
    return absl::OkStatus();
}

Status PgAnomalyStore::decide(const pg::RequestKey& key, const QuarantineOrder& order) {
    PREPAY_ASSIGN_OR_RETURN(const Anomaly anomaly, get(order.anomaly_id));
    PREPAY_RETURN_IF_ERROR(readings_.ensure_months_of({anomaly.seen_time()}));
    return database_
        .transact([&](pqxx::work& tx) {
            return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                PREPAY_RETURN_IF_ERROR(apply(inner, order));
                return std::string();
            });
        })
        .status();
}

}  // namespace prepay::metering
