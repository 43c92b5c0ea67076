#include "adapters/pg_task_requests.h"

#include "adapters/pg_item_updates.h"
#include "convert.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"
#include "telemetry/log.h"

namespace prepay::scheduler {
namespace {

const std::string kTaskColumns =
    "SELECT task_seq, task_id, display_name, action, state, " + pg::micros("due_time") +
    " AS due_time, " + pg::micros("create_time") + " AS create_time, " + pg::micros("finish_time") +
    " AS finish_time, create_user, reason_text, total_count, waiting_count, sent_count, "
    "verified_count,"
    " failed_count, cancelled_count, retry_of, override_keep_power FROM tasks";

Task task_of(const pg::Row& row) {
    Task task;
    task.task_id = row.text("task_id");
    task.display_name = row.text("display_name");
    task.action = action_from_text(row.text("action"));
    task.state = task_state_from_text(row.text("state"));
    task.due_time = row.time("due_time");
    task.create_time = row.time("create_time");
    task.finish_time = row.find_time("finish_time");
    task.create_user = row.text("create_user");
    task.reason_text = row.text("reason_text");
    task.counts.total = row.get<int>("total_count");
    task.counts.waiting = row.get<int>("waiting_count");
    task.counts.sent = row.get<int>("sent_count");
    task.counts.verified = row.get<int>("verified_count");
    task.counts.failed = row.get<int>("failed_count");
    task.counts.cancelled = row.get<int>("cancelled_count");
    task.retry_of = row.text("retry_of");
    task.override_keep_power = row.get<bool>("override_keep_power");
    return task;
}

TaskItem item_of(const pg::Row& row) {
    TaskItem item;
    item.item_id = row.text("item_id");
    item.task_id = row.text("task_id");
    item.meter_id = row.text("meter_id");
    item.state = item_state_from_text(row.text("state"));
    item.failure_reason = row.text("failure_reason");
    item.finish_time = row.find_time("finish_time");
    item.attempt_count = row.get<int>("attempt_count");
    return item;
}

Result<Task> insert_task(pqxx::work& tx, const TaskOrder& order, const std::string& create_user,
                         const std::string& retry_of, const SchedulerConfig& config,
                         const Clock& clock) {
    const Instant now = clock.now();
    const Instant due_time = std::max(order.due_time.value_or(now), now);
    const std::string task_id = new_id(clock);
    tx.exec_params(
        "INSERT INTO tasks (task_id, display_name, action, state, due_time, not_after, create_time,"
        " create_user, reason_text, retry_of, total_count, waiting_count, trace_id,"
        " override_keep_power)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)",
        task_id, order.display_name, text_of(order.action),
        text_of(due_time <= now ? TaskState::kRunning : TaskState::kWaiting),
        pg::to_timestamptz(due_time), pg::to_timestamptz(due_time + config.command_ttl),
        pg::to_timestamptz(now), create_user, order.reason_text, retry_of,
        static_cast<std::int64_t>(order.meter_ids.size()), telemetry::current_trace_id(),
        order.override_keep_power);
    std::vector<std::string> item_ids;
    item_ids.reserve(order.meter_ids.size());
    for (std::size_t i = 0; i < order.meter_ids.size(); ++i) {
        item_ids.push_back(new_id(clock));
    }
    tx.exec_params(
        "INSERT INTO items (item_id, task_id, meter_id, next_time)"
        " SELECT u.item_id, $1, u.meter_id, $4 FROM unnest($2::text[], $3::text[])"
        " WITH ORDINALITY AS u (item_id, meter_id, place) ORDER BY u.place",
        task_id, pg::to_array(item_ids), pg::to_array(order.meter_ids),
        pg::to_timestamptz(due_time));
    return get_task(tx, task_id);
}

}  // namespace

Status override_not_allowed() {
    return permission_denied("OVERRIDE_NOT_ALLOWED",
                             "overriding keep-power needs a permission of its own");
}

Result<Task> create_task(pqxx::work& tx, const TaskOrder& order, const std::string& create_user,
                         const SchedulerConfig& config, const Clock& clock) {
    return insert_task(tx, order, create_user, "", config, clock);
}

Result<Task> cancel_task(pqxx::work& tx, const std::string& task_id, const Clock& clock) {
    std::map<std::string, LockedTask> tasks = lock_tasks(tx, {task_id});
    if (tasks.empty()) {
        return not_found("TASK_NOT_FOUND", "there is no task " + task_id);
    }
    LockedTask& task = tasks.begin()->second;
    if (task.state == TaskState::kDone || task.state == TaskState::kCancelled) {
        return failed_precondition("TASK_FINAL", "the task is over; nothing is left to cancel");
    }
    const std::string now = pg::to_timestamptz(clock.now());
    // Fence 0 = no worker ever had it, so it is not at the gateway. The others are asked for.
    const auto cancelled = tx.exec_params(
        "UPDATE items SET state = 'CANCELLED', finish_time = $2 WHERE item_seq IN"
        " (SELECT item_seq FROM items WHERE task_id = $1 AND state = 'WAITING' AND fence = 0"
        " ORDER BY item_seq FOR UPDATE)",
        task_id, now);
    tx.exec_params(
        "UPDATE items SET next_time = $2 WHERE item_seq IN (SELECT item_seq FROM items"
        " WHERE task_id = $1 AND state IN ('WAITING', 'SENT') ORDER BY item_seq"
        " FOR UPDATE)",
        task_id, now);
    const int count = static_cast<int>(cancelled.affected_rows());
    task.counts.waiting -= count;
    task.counts.cancelled += count;
    store_counts(tx, task_id, task.counts, true, clock.now());
    return get_task(tx, task_id);
}

Result<Task> retry_task(pqxx::work& tx, const std::string& task_id, const std::string& create_user,
                        bool may_override, const SchedulerConfig& config, const Clock& clock) {
    const auto rows = tx.exec_params(
        "SELECT display_name, action, reason_text, state, override_keep_power FROM tasks"
        " WHERE task_id = $1",
        task_id);
    if (rows.empty()) {
        return not_found("TASK_NOT_FOUND", "there is no task " + task_id);
    }
    const pg::Row old(rows.front());
    const TaskState state = task_state_from_text(old.text("state"));
    if (state != TaskState::kDone && state != TaskState::kCancelled) {
        return failed_precondition("TASK_NOT_FINAL", "wait until the task is over, or cancel it");
    }
    TaskOrder order;
    order.override_keep_power = old.get<bool>("override_keep_power");
    if (order.override_keep_power && !may_override) {
        return override_not_allowed();
    }
    order.display_name = old.text("display_name");
    order.action = action_from_text(old.text("action"));
    order.reason_text = old.text("reason_text");
    for (const auto& row : tx.exec_params("SELECT meter_id FROM items WHERE task_id = $1 AND "
                                          "state IN ('FAILED', 'CANCELLED')"
                                          " ORDER BY item_seq",
                                          task_id)) {
        order.meter_ids.push_back(pg::only<std::string>(row));
    }
    if (order.meter_ids.empty()) {
        return failed_precondition("NOTHING_TO_RETRY", "every target of the task was verified");
    }
    return insert_task(tx, order, create_user, task_id, config, clock);
}

Result<Task> get_task(pqxx::work& tx, const std::string& task_id) {
    const auto rows = tx.exec_params(kTaskColumns + " WHERE task_id = $1", task_id);
    if (rows.empty()) {
        return not_found("TASK_NOT_FOUND", "there is no task " + task_id);
    }
    return task_of(rows.front());
}

pg::Page<Task> list_tasks(pqxx::work& tx, std::int64_t before_seq, int limit) {
    const auto rows = tx.exec_params(kTaskColumns +
                                         " WHERE ($1 = 0 OR task_seq < $1)"
                                         " ORDER BY task_seq DESC LIMIT $2",
                                     before_seq, limit + 1);
    return pg::read_page(rows, limit, "task_seq", task_of);
}

Result<pg::Page<TaskItem>> list_task_items(pqxx::work& tx, const ItemFilter& filter) {
    PREPAY_RETURN_IF_ERROR(get_task(tx, filter.task_id).status());
    const auto rows = tx.exec_params(
        "SELECT item_seq, item_id, task_id, meter_id, state, failure_reason, " +
            pg::micros("finish_time") +
            " AS finish_time, attempt_count FROM items WHERE task_id = $1 AND item_seq > $2"
            " AND ($3 = '' OR state = $3) ORDER BY item_seq LIMIT $4",
        filter.task_id, filter.after_seq, filter.state ? text_of(*filter.state) : "",
        filter.limit + 1);
    return pg::read_page(rows, filter.limit, "item_seq", item_of);
}

}  // namespace prepay::scheduler
