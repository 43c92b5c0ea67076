#include "adapters/pg_task_requests.h"

#include "adapters/pg_item_updates.h"
#include "convert.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "pg/page.h"
#include "pg/row.h"
#include "rpc/request_rules.h"
#include "telemetry/log.h"

namespace prepay::scheduler {
namespace {

const std::string kTaskColumns =
    "SELECT task_seq, task_id, display_name, action, state, " + pg::micros("due_time") +
    " AS due_time, " + pg::micros("create_time") + " AS create_time, " + pg::micros("finish_time") +
    " AS finish_time, create_user, reason_text, total_count, waiting_count, sent_count, "
    "verified_count,"
    " failed_count, cancelled_count, retry_of, override_keep_power FROM tasks";

v1::Task task_of(const pg::Row& row) {
    v1::Task task;
    task.set_task_id(row.text("task_id"));
    task.set_display_name(row.text("display_name"));
    task.set_action(action_to_proto(action_from_text(row.text("action"))));
    task.set_state(state_to_proto(task_state_from_text(row.text("state"))));
    set_time(*task.mutable_due_time(), row.time("due_time"));
    set_time(*task.mutable_create_time(), row.time("create_time"));
    if (!row.is_null("finish_time")) {
        set_time(*task.mutable_finish_time(), row.time("finish_time"));
    }
    task.set_create_user(row.text("create_user"));
    task.set_reason_text(row.text("reason_text"));
    v1::TaskCounts& counts = *task.mutable_counts();
    counts.set_total(row.get<int>("total_count"));
    counts.set_waiting(row.get<int>("waiting_count"));
    counts.set_sent(row.get<int>("sent_count"));
    counts.set_verified(row.get<int>("verified_count"));
    counts.set_failed(row.get<int>("failed_count"));
    counts.set_cancelled(row.get<int>("cancelled_count"));
    task.set_retry_of(row.text("retry_of"));
    task.set_override_keep_power(row.get<bool>("override_keep_power"));
    return task;
}

Result<v1::Task> read_task(pqxx::work& tx, const std::string& task_id) {
    const auto rows = tx.exec_params(kTaskColumns + " WHERE task_id = $1", task_id);
    if (rows.empty()) {
        return not_found("TASK_NOT_FOUND", "there is no task " + task_id);
    }
    return task_of(rows.front());
}

// Runs an effect that gives a task id, once per request; answers with the task as it then was.
template <typename Effect>
Result<v1::Task> once(pg::Database& database, const pg::RequestKey& key, const Effect& effect) {
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database.transact([&](pqxx::work& tx) -> Result<std::string> {
            return pg::answer_once(tx, key, [&](pqxx::work&) -> Result<std::string> {
                PREPAY_ASSIGN_OR_RETURN(const std::string task_id, effect(tx));
                PREPAY_ASSIGN_OR_RETURN(const v1::Task task, read_task(tx, task_id));
                return task.SerializeAsString();
            });
        }));
    v1::Task task;
    task.ParseFromString(answer);
    return task;
}

std::string insert_task(pqxx::work& tx, const TaskOrder& order, const std::string& create_user,
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
    return task_id;
}

}  // namespace

Status override_not_allowed() {
    return permission_denied("OVERRIDE_NOT_ALLOWED",
                             "overriding keep-power needs a permission of its own");
}

Result<v1::Task> create_task(pg::Database& database, const pg::RequestKey& key,
                             const TaskOrder& order, const SchedulerConfig& config,
                             const Clock& clock) {
    return once(database, key, [&](pqxx::work& tx) -> Result<std::string> {
        return insert_task(tx, order, key.subject, "", config, clock);
    });
}

Result<v1::Task> cancel_task(pg::Database& database, const pg::RequestKey& key,
                             const std::string& task_id, const Clock& clock) {
    return once(database, key, [&](pqxx::work& tx) -> Result<std::string> {
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
        return task_id;
    });
}

Result<v1::Task> retry_task(pg::Database& database, const pg::RequestKey& key,
                            const std::string& task_id, bool may_override,
                            const SchedulerConfig& config, const Clock& clock) {
    return once(database, key, [&](pqxx::work& tx) -> Result<std::string> {
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
            return failed_precondition("TASK_NOT_FINAL",
                                       "wait until the task is over, or cancel it");
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
        return insert_task(tx, order, key.subject, task_id, config, clock);
    });
}

Result<v1::Task> get_task(pg::Database& database, const std::string& task_id) {
    return database.read([&](pqxx::work& tx) { return read_task(tx, task_id); });
}

Result<v1::ListTasksResponse> list_tasks(pg::Database& database,
                                         const v1::ListTasksRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t border, rpc::sequence_of(request.page_token()));
    const int size = rpc::page_size_of(request.page_size());
    return database.read([&](pqxx::work& tx) -> Result<v1::ListTasksResponse> {
        v1::ListTasksResponse response;
        const auto rows = tx.exec_params(kTaskColumns +
                                             " WHERE ($1 = 0 OR task_seq < $1)"
                                             " ORDER BY task_seq DESC LIMIT $2",
                                         border, size + 1);
        pg::fill_page(rows, size, "task_seq", response,
                      [&](const pg::Row& row) { *response.add_tasks() = task_of(row); });
        return response;
    });
}

Result<v1::ListTaskItemsResponse> list_task_items(pg::Database& database,
                                                  const v1::ListTaskItemsRequest& request,
                                                  const std::optional<ItemState>& state) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t border, rpc::sequence_of(request.page_token()));
    const int size = rpc::page_size_of(request.page_size());
    return database.read([&](pqxx::work& tx) -> Result<v1::ListTaskItemsResponse> {
        PREPAY_RETURN_IF_ERROR(read_task(tx, request.task_id()).status());
        v1::ListTaskItemsResponse response;
        const auto rows = tx.exec_params(
            "SELECT item_seq, item_id, task_id, meter_id, state, failure_reason, " +
                pg::micros("finish_time") +
                " AS finish_time, attempt_count FROM items WHERE task_id = $1 AND item_seq > $2"
                " AND ($3 = '' OR state = $3) ORDER BY item_seq LIMIT $4",
            request.task_id(), border, state ? text_of(*state) : "", size + 1);
        pg::fill_page(rows, size, "item_seq", response, [&](const pg::Row& row) {
            v1::TaskItem& item = *response.add_items();
            item.set_item_id(row.text("item_id"));
            item.set_task_id(row.text("task_id"));
            item.set_meter_id(row.text("meter_id"));
            item.set_state(state_to_proto(item_state_from_text(row.text("state"))));
            item.set_failure_reason(row.text("failure_reason"));
            if (!row.is_null("finish_time")) {
                set_time(*item.mutable_finish_time(), row.time("finish_time"));
            }
            item.set_attempt_count(row.get<int>("attempt_count"));
        });
        return response;
    });
}

}  // namespace prepay::scheduler
