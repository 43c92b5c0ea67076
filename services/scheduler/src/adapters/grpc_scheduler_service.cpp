#include "adapters/grpc_scheduler_service.h"

#include <thread>

#include "adapters/pg_task_requests.h"
#include "convert.h"
#include "pg/request_answer.h"
#include "rpc/access.h"
#include "rpc/request_rules.h"

namespace prepay::scheduler {
namespace {

constexpr std::chrono::milliseconds kWatchPause{250};

bool may_override(const rpc::CallContext& context) {
    return rpc::role_holds(context.identity.role, common::v1::PERMISSION_OVERRIDE);
}

// Runs an effect that gives a task, once per request; a repetition is answered with the task as it
// then was.
template <typename Response, typename Effect>
Result<Response> once(pg::Database& database, const rpc::CallContext& context,
                      const Effect& effect) {
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database.transact([&](pqxx::work& tx) -> Result<std::string> {
            return pg::answer_once(tx,
                                   {context.request_id, context.method, context.content_hash,
                                    context.identity.subject},
                                   [&](pqxx::work& inner) -> Result<std::string> {
                                       PREPAY_ASSIGN_OR_RETURN(const Task task, effect(inner));
                                       return task_to_proto(task).SerializeAsString();
                                   });
        }));
    Response response;
    response.mutable_task()->ParseFromString(answer);
    return response;
}

}  // namespace

GrpcSchedulerService::GrpcSchedulerService(pg::Database& database, const SchedulerConfig& config,
                                           const Clock& clock)
    : database_(database), config_(config), clock_(clock) {}

void GrpcSchedulerService::register_with(rpc::Server& server) {
    const std::string name = "prepay.scheduler.v1.SchedulerService/";
    server.unary(name + "CreateTask", this, &GrpcSchedulerService::create_task);
    server.unary(name + "CancelTask", this, &GrpcSchedulerService::cancel_task);
    server.unary(name + "RetryTask", this, &GrpcSchedulerService::retry_task);
    server.unary(name + "ListTasks", this, &GrpcSchedulerService::list_tasks);
    server.unary(name + "GetTask", this, &GrpcSchedulerService::get_task);
    server.unary(name + "ListTaskItems", this, &GrpcSchedulerService::list_task_items);
    server.stream(name + "WatchTask", this, &GrpcSchedulerService::watch_task);
}

Result<v1::CreateTaskResponse> GrpcSchedulerService::create_task(
    const rpc::CallContext& context, const v1::CreateTaskRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const TaskOrder order, order_from_proto(request));
    if (const auto problem = check_order(order, clock_.now())) {
        return invalid_argument(problem->reason, problem->message,
                                {{"targets", std::to_string(order.meter_ids.size())},
                                 {"targets_max", std::to_string(kTargetsMax)}});
    }
    if (order.override_keep_power && !may_override(context)) {
        return override_not_allowed();
    }
    return once<v1::CreateTaskResponse>(database_, context, [&](pqxx::work& tx) {
        return scheduler::create_task(tx, order, context.identity.subject, config_, clock_);
    });
}

Result<v1::CancelTaskResponse> GrpcSchedulerService::cancel_task(
    const rpc::CallContext& context, const v1::CancelTaskRequest& request) {
    return once<v1::CancelTaskResponse>(database_, context, [&](pqxx::work& tx) {
        return scheduler::cancel_task(tx, request.task_id(), clock_);
    });
}

Result<v1::RetryTaskResponse> GrpcSchedulerService::retry_task(
    const rpc::CallContext& context, const v1::RetryTaskRequest& request) {
    return once<v1::RetryTaskResponse>(database_, context, [&](pqxx::work& tx) {
        return scheduler::retry_task(tx, request.task_id(), context.identity.subject,
                                     may_override(context), config_, clock_);
    });
}

Result<v1::ListTasksResponse> GrpcSchedulerService::list_tasks(
    const rpc::CallContext&, const v1::ListTasksRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t before_seq, rpc::sequence_of(request.page_token()));
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListTasksResponse> {
        const pg::Page<Task> page =
            scheduler::list_tasks(tx, before_seq, rpc::page_size_of(request.page_size()));
        v1::ListTasksResponse response;
        for (const Task& task : page.rows) {
            *response.add_tasks() = task_to_proto(task);
        }
        response.set_next_page_token(page.next_page_token);
        return response;
    });
}

Result<v1::GetTaskResponse> GrpcSchedulerService::get_task(const rpc::CallContext&,
                                                           const v1::GetTaskRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetTaskResponse> {
        PREPAY_ASSIGN_OR_RETURN(const Task task, scheduler::get_task(tx, request.task_id()));
        v1::GetTaskResponse response;
        *response.mutable_task() = task_to_proto(task);
        return response;
    });
}

Result<v1::ListTaskItemsResponse> GrpcSchedulerService::list_task_items(
    const rpc::CallContext&, const v1::ListTaskItemsRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const ItemFilter filter, filter_from_proto(request));
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListTaskItemsResponse> {
        PREPAY_ASSIGN_OR_RETURN(const pg::Page<TaskItem> page,
                                scheduler::list_task_items(tx, filter));
        v1::ListTaskItemsResponse response;
        for (const TaskItem& item : page.rows) {
            *response.add_items() = item_to_proto(item);
        }
        response.set_next_page_token(page.next_page_token);
        return response;
    });
}

Status GrpcSchedulerService::watch_task(const rpc::CallContext&,
                                        const v1::WatchTaskRequest& request,
                                        rpc::StreamWriter<v1::WatchTaskResponse>& writer) {
    std::string last;
    while (!writer.is_cancelled()) {
        PREPAY_ASSIGN_OR_RETURN(const Task task, database_.read([&](pqxx::work& tx) {
            return scheduler::get_task(tx, request.task_id());
        }));
        v1::WatchTaskResponse response;
        *response.mutable_task() = task_to_proto(task);
        std::string current = response.SerializeAsString();
        if (current != last && !writer.write(response)) {
            break;
        }
        last = std::move(current);
        if (task.finish_time) {
            break;
        }
        std::this_thread::sleep_for(kWatchPause);
    }
    return absl::OkStatus();
}

}  // namespace prepay::scheduler
