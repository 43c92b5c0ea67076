#include "books/adapters/events.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"
#include "tenancy/adapters/pg_rooms.h"
#include "tenancy/convert.h"

// The occupancies' half of PgRooms: who pays for a meter, from when to when.
namespace prepay::account {
namespace {

constexpr const char* kOccupanciesTopic = "prepay.account.occupancies.v1";

constexpr const char* kSaveOccupancy = R"sql(
INSERT INTO occupancies (occupancy_id, account_no, room_id, meter_id, start_time, end_time,
                         opening_register, closing_register, revision, vacancy, deleted)
VALUES ($1, $2, $3, $4, $5, NULLIF($6, '')::timestamptz, $7, $8, $9, $10, $11)
ON CONFLICT (occupancy_id) DO UPDATE SET end_time = EXCLUDED.end_time,
    closing_register = EXCLUDED.closing_register, revision = EXCLUDED.revision,
    deleted = EXCLUDED.deleted
)sql";

Occupancy span_of(const pg::Row& row, const std::string& meter_id) {
    Occupancy span;
    span.occupancy_id = row.text("occupancy_id");
    span.account_no = row.number("account_no");
    span.room_id = row.text("room_id");
    span.meter_id = meter_id;
    span.start_time = row.time("start_micros");
    span.end_time = row.find_time("end_micros");
    span.opening_register = row.number("opening_register");
    span.closing_register = row.number("closing_register");
    span.revision = row.number("revision");
    span.vacancy = row.get<bool>("vacancy");
    return span;
}

}  // namespace

std::vector<Occupancy> PgRooms::timeline(pqxx::work& tx, const std::string& meter_id) {
    std::vector<Occupancy> spans;
    static const std::string sql =
        "SELECT occupancy_id, account_no, room_id, " + pg::micros("start_time") +
        " AS start_micros, " + pg::micros("end_time") +
        " AS end_micros, opening_register, closing_register, revision, vacancy FROM occupancies"
        " WHERE meter_id = $1 AND NOT deleted ORDER BY start_time";
    for (const pg::Row row : run_prepared(tx, "rooms_timeline", sql.c_str(), meter_id)) {
        spans.push_back(span_of(row, meter_id));
    }
    return spans;
}

Status PgRooms::move(pqxx::work& tx, const std::vector<Occupancy>& next, Instant now) {
    const outbox::EventWriter events = event_writer(outbox_, clock_);
    outbox::EventBatch batch(events, kOccupanciesTopic,
                             &v1::OccupanciesChanged::mutable_occupancies);
    for (const Occupancy& wanted : next) {
        std::vector<Occupancy> spans = timeline(tx, wanted.meter_id);
        switch (move_payer(spans, wanted)) {
            case MoveOutcome::kMoved:
                break;
            case MoveOutcome::kOccupied:
                return failed_precondition("ROOM_OCCUPIED", "meter " + wanted.meter_id +
                                                                " is paid for by another account");
            case MoveOutcome::kTooEarly:
                return failed_precondition("TIME_OVERLAPS",
                                           "the time lies in a span somebody else pays for");
        }
        v1::OccupanciesChanged& event = batch.event_of(wanted.meter_id);
        for (Occupancy& span : spans) {
            if (!span.changed) {
                continue;
            }
            if (span.occupancy_id.empty()) {
                span.occupancy_id = new_id(clock_);
            }
            run_prepared(tx, "rooms_save_span", kSaveOccupancy, span.occupancy_id, span.account_no,
                         span.room_id, span.meter_id, pg::to_timestamptz(span.start_time),
                         pg::to_timestamptz(span.end_time, ""), span.opening_register,
                         span.closing_register, span.revision, span.vacancy, span.deleted);
            const auto payer = run_prepared(
                tx, "rooms_payer", "SELECT account_id, site_id FROM accounts WHERE account_no = $1",
                span.account_no);
            *event.add_occupancies() = to_proto(span, payer[0]["account_id"].as<std::string>(),
                                                payer[0]["site_id"].as<std::string>());
        }
    }
    batch.append(tx, now);
    return absl::OkStatus();
}

Status PgRooms::tell_occupancies(pqxx::work& tx, const outbox::SnapshotRequest& request,
                                 const outbox::EmitEvent& emit) {
    static const std::string spans_sql =
        "SELECT occupancy_id, account_no, room_id, opening_register, closing_register,"
        " o.revision, vacancy, deleted, account_id, a.site_id, " +
        pg::micros("start_time") + " AS start_micros, " + pg::micros("end_time") +
        " AS end_micros FROM occupancies o JOIN accounts a USING (account_no)"
        " WHERE meter_id = $1 ORDER BY start_time, occupancy_id";
    for (const auto& meter : tx.exec("SELECT meter_id FROM room_meters ORDER BY meter_id")) {
        const auto meter_id = meter["meter_id"].as<std::string>();
        if (partition_of(meter_id, request.partition_count) != request.partition) {
            continue;
        }
        v1::OccupanciesChanged event;
        // Withdrawn ones, too: who is only behind may know them as valid.
        for (const pg::Row row :
             run_prepared(tx, "rooms_tell_spans", spans_sql.c_str(), meter_id)) {
            Occupancy span = span_of(row, meter_id);
            span.deleted = row.get<bool>("deleted");
            *event.add_occupancies() = to_proto(span, row.text("account_id"), row.text("site_id"));
        }
        if (event.occupancies_size() > 0) {
            PREPAY_RETURN_IF_ERROR(event_writer(outbox_, clock_)
                                       .emit(emit, request.topic, meter_id, std::move(event)));
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::account
