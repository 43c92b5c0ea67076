#include "adapters/pg_task_store.h"

#include "adapters/pg_item_updates.h"
#include "convert.h"
#include "core/ids.h"
#include "pg/row.h"

namespace prepay::scheduler {

PgTaskStore::PgTaskStore(pg::Database& database, const SchedulerConfig& config,
                         const SchedulerMetrics& metrics)
    : database_(database), config_(config), metrics_(metrics) {}

Result<int> PgTaskStore::start_due(Instant now) {
    return database_.transact([&](pqxx::work& tx) -> Result<int> {
        const auto lock_key =
            static_cast<std::int64_t>(stable_hash("plan/" + database_.schema()) >> 1);
        if (!pg::only<bool>(tx.exec_params1("SELECT pg_try_advisory_xact_lock($1)", lock_key))) {
            return 0;  // Another process plans.
        }
        const auto started = tx.exec_params(
            "UPDATE tasks SET state = 'RUNNING' WHERE task_id IN (SELECT task_id FROM tasks"
            " WHERE state = 'WAITING' AND due_time <= $1 ORDER BY task_id FOR UPDATE)",
            pg::to_timestamptz(now));
        return static_cast<int>(started.affected_rows());
    });
}

Result<std::vector<ClaimedItem>> PgTaskStore::claim(Instant now, Duration lease, int count_max) {
    using Items = std::vector<ClaimedItem>;
    return database_.transact([&](pqxx::work& tx) -> Result<Items> {
        const auto rows = tx.exec_params(
            "WITH picked AS MATERIALIZED (SELECT i.item_seq, i.submit_claim_time"
            " FROM tasks t JOIN items i USING (task_id)"
            " WHERE t.state = 'RUNNING' AND i.state = 'WAITING' AND i.next_time <= $1"
            " AND (i.lease_time IS NULL OR i.lease_time < $1)"
            " ORDER BY t.task_id, i.item_seq LIMIT $3 FOR UPDATE OF i SKIP LOCKED)"
            " UPDATE items i SET fence = i.fence + 1, lease_time = $2, submit_claim_time ="
            " CASE WHEN t.cancel_requested OR t.not_after <= $1 THEN i.submit_claim_time"
            " ELSE $1::timestamptz END FROM picked p, tasks t"
            " WHERE i.item_seq = p.item_seq AND t.task_id = i.task_id"
            " RETURNING i.item_id, i.task_id, i.meter_id, t.action, t.reason_text, "
            "t.create_user, " +
                pg::micros("t.not_after") +
                " AS not_after, i.fence, i.attempt_count, t.cancel_requested, " +
                pg::micros("coalesce(p.submit_claim_time, 'epoch')") +
                " AS last_submit_time, t.trace_id, t.override_keep_power",
            pg::to_timestamptz(now), pg::to_timestamptz(now + lease), count_max);
        Items items;
        for (const pg::Row row : rows) {
            items.push_back({row.text("item_id"), row.text("task_id"), row.text("meter_id"),
                             action_from_text(row.text("action")), row.text("reason_text"),
                             row.text("create_user"), row.time("not_after"), row.number("fence"),
                             row.get<int>("attempt_count"), row.get<bool>("cancel_requested"),
                             row.time("last_submit_time"), row.text("trace_id"),
                             row.get<bool>("override_keep_power")});
        }
        return items;
    });
}

Status PgTaskStore::apply(const std::vector<ItemUpdate>& updates, Instant now) {
    return database_.transact([&](pqxx::work& tx) {
        apply_updates(tx, updates, now, config_.result_timeout, metrics_);
        return absl::OkStatus();
    });
}

Result<std::vector<SentItem>> PgTaskStore::claim_sent(Instant now, Duration again_after,
                                                      int count_max) {
    using Items = std::vector<SentItem>;
    return database_.transact([&](pqxx::work& tx) -> Result<Items> {
        const auto rows = tx.exec_params(
            "WITH picked AS MATERIALIZED (SELECT item_seq FROM items"
            " WHERE state = 'SENT' AND next_time <= $1"
            " ORDER BY next_time LIMIT $3 FOR UPDATE SKIP LOCKED)"
            " UPDATE items i SET next_time = $2, cancel_request_id = CASE"
            " WHEN t.cancel_requested AND i.cancel_request_id = '' THEN gen_random_uuid()::text"
            " ELSE i.cancel_request_id END FROM picked p, tasks t"
            " WHERE i.item_seq = p.item_seq AND t.task_id = i.task_id"
            " RETURNING i.item_id,"
            " CASE WHEN t.cancel_requested AND NOT i.cancel_answered THEN i.cancel_request_id"
            " ELSE '' END AS cancel_request, t.trace_id",
            pg::to_timestamptz(now), pg::to_timestamptz(now + again_after), count_max);
        Items items;
        for (const pg::Row row : rows) {
            items.push_back(
                {row.text("item_id"), row.text("cancel_request"), row.text("trace_id")});
        }
        return items;
    });
}

Status PgTaskStore::note_cancel_answered(const std::vector<std::string>& item_ids) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params(
            "UPDATE items SET cancel_answered = true WHERE item_seq IN (SELECT item_seq"
            " FROM items WHERE item_id = ANY ($1::text[]) ORDER BY item_seq FOR UPDATE)",
            pg::to_array(item_ids));
        return absl::OkStatus();
    });
}

}  // namespace prepay::scheduler
