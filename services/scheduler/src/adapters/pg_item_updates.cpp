#include "adapters/pg_item_updates.h"

#include <map>
#include <set>

#include "convert.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::scheduler {
namespace {

// An item under lock, and what becomes of it.
struct LockedItem {
    std::string task_id;
    ItemStatus status;
    bool changed = false;
    bool attempted = false;
    std::string reason;
    Instant next_time;
};
using LockedItems = std::map<std::string, LockedItem>;

std::vector<std::string> ids_of(const std::vector<ItemUpdate>& updates) {
    std::set<std::string> ids;
    for (const ItemUpdate& update : updates) {
        ids.insert(update.item_id);
    }
    return {ids.begin(), ids.end()};
}

LockedItems lock_items(pqxx::work& tx, const std::vector<std::string>& item_ids) {
    LockedItems items;
    for (const pg::Row row : tx.exec_params(
             "SELECT item_id, task_id, state, fence FROM items WHERE item_id = ANY ($1::text[])"
             " ORDER BY item_seq FOR UPDATE",
             pg::to_array(item_ids))) {
        LockedItem& item = items[row.text("item_id")];
        item.task_id = row.text("task_id");
        item.status = {item_state_from_text(row.text("state")), row.number("fence")};
    }
    return items;
}

// The lease ends with every mark; a sent item is asked about when its result stays out.
void store_items(pqxx::work& tx, const LockedItems& items, Instant now) {
    std::vector<std::string> ids, states, reasons, next_times;
    std::vector<std::int64_t> attempts;
    for (const auto& [id, item] : items) {
        if (item.changed || item.attempted) {
            ids.push_back(id);
            states.push_back(text_of(item.status.state));
            reasons.push_back(item.reason);
            next_times.push_back(pg::to_timestamptz(item.next_time));
            attempts.push_back(item.attempted ? 1 : 0);
        }
    }
    if (ids.empty()) {
        return;
    }
    tx.exec_params(
        "UPDATE items i SET state = u.state, failure_reason = u.reason, lease_time = NULL,"
        " next_time = u.next_time::timestamptz, attempt_count = i.attempt_count + u.attempts,"
        " finish_time = CASE WHEN u.state IN ('WAITING', 'SENT') THEN NULL"
        " ELSE coalesce(i.finish_time, $6::timestamptz) END"
        " FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[])"
        " AS u (item_id, state, reason, next_time, attempts) WHERE i.item_id = u.item_id",
        pg::to_array(ids), pg::to_array(states), pg::to_array(reasons), pg::to_array(next_times),
        pg::to_array(attempts), pg::to_timestamptz(now));
}

}  // namespace

std::map<std::string, LockedTask> lock_tasks(pqxx::work& tx,
                                             const std::vector<std::string>& task_ids) {
    std::map<std::string, LockedTask> tasks;
    for (const pg::Row row : tx.exec_params(
             "SELECT task_id, state, cancel_requested, total_count, waiting_count, sent_count,"
             " verified_count, failed_count, cancelled_count FROM tasks"
             " WHERE task_id = ANY ($1::text[]) ORDER BY task_id FOR UPDATE",
             pg::to_array(task_ids))) {
        tasks[row.text("task_id")] = {
            {row.get<int>("total_count"), row.get<int>("waiting_count"), row.get<int>("sent_count"),
             row.get<int>("verified_count"), row.get<int>("failed_count"),
             row.get<int>("cancelled_count")},
            task_state_from_text(row.text("state")),
            row.get<bool>("cancel_requested")};
    }
    return tasks;
}

void store_counts(pqxx::work& tx, const std::string& task_id, const TaskCounts& counts,
                  bool cancel_requested, Instant now) {
    const TaskState ended = task_state(counts, true, cancel_requested);
    const bool is_over = ended != TaskState::kRunning;
    tx.exec_params(
        "UPDATE tasks SET waiting_count = $2, sent_count = $3, verified_count = $4,"
        " failed_count = $5, cancelled_count = $6, cancel_requested = $7,"
        " state = CASE WHEN $8 THEN $9 ELSE state END,"
        " finish_time = CASE WHEN $8 THEN $10::timestamptz END WHERE task_id = $1",
        task_id, counts.waiting, counts.sent, counts.verified, counts.failed, counts.cancelled,
        cancel_requested, is_over, text_of(ended), pg::to_timestamptz(now));
}

void apply_updates(pqxx::work& tx, const std::vector<ItemUpdate>& updates, Instant now,
                   Duration result_timeout, const SchedulerMetrics& metrics) {
    const std::vector<std::string> item_ids = ids_of(updates);
    std::vector<std::string> task_ids;
    for (const auto& row :
         tx.exec_params("SELECT DISTINCT task_id FROM items WHERE item_id = ANY ($1::text[])",
                        pg::to_array(item_ids))) {
        task_ids.push_back(pg::only<std::string>(row));
    }
    if (task_ids.empty()) {
        return;
    }
    std::map<std::string, LockedTask> tasks = lock_tasks(tx, task_ids);
    LockedItems items = lock_items(tx, item_ids);
    std::set<std::string> changed_tasks;
    for (const ItemUpdate& update : updates) {
        const auto found = items.find(update.item_id);
        if (found == items.end()) {
            continue;
        }
        LockedItem& item = found->second;
        LockedTask& task = tasks.at(item.task_id);
        const ItemDecision decision = decide(item.status, update);
        if (decision.verdict == ItemVerdict::kStaleFence ||
            decision.verdict == ItemVerdict::kLate) {
            metrics.refused(decision.verdict);
            continue;
        }
        item.attempted = item.attempted || update.attempted;
        // Under a cancel there is nothing to wait for: what is sent is withdrawn at once.
        item.next_time = task.cancel_requested ? now : now + result_timeout;
        if (decision.verdict == ItemVerdict::kNoChange) {
            continue;
        }
        item.changed = true;
        item.reason = update.reason;
        if (update.event == ItemEvent::kDeferred) {
            item.next_time = update.retry_time;
        }
        if (decision.state != item.status.state) {
            task.counts.move(item.status.state, decision.state);
            item.status.state = decision.state;
            changed_tasks.insert(item.task_id);
            if (is_final(decision.state)) {
                metrics.finished(decision.state);
            }
        }
    }
    store_items(tx, items, now);
    for (const std::string& task_id : changed_tasks) {
        const LockedTask& task = tasks.at(task_id);
        store_counts(tx, task_id, task.counts, task.cancel_requested, now);
    }
}

}  // namespace prepay::scheduler
