#include "adapters/grpc_scheduler_service.h"

#include <thread>

#include "adapters/pg_task_requests.h"
#include "convert.h"
#include "rpc/access.h"

namespace prepay::scheduler {
namespace {

constexpr std::chrono::milliseconds kWatchPause{250};

pg::RequestKey key_of(const rpc::CallContext& context) {
    return {context.request_id, context.method, context.content_hash, context.identity.subject};
}

bool may_override(const rpc::CallContext& context) {
    return rpc::role_holds(context.identity.role, common::v1::PERMISSION_OVERRIDE);
}

template <typename Response>
Result<Response> with_task(Result<v1::Task> task) {
    if (!task.ok()) {
        return task.status();
    }
    Response response;
    *response.mutable_task() = *std::move(task);
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
    return with_task<v1::CreateTaskResponse>(
        scheduler::create_task(database_, key_of(context), order, config_, clock_));
}

Result<v1::CancelTaskResponse> GrpcSchedulerService::cancel_task(
    const rpc::CallContext& context, const v1::CancelTaskRequest& request) {
    return with_task<v1::CancelTaskResponse>(
        scheduler::cancel_task(database_, key_of(context), request.task_id(), clock_));
}

Result<v1::RetryTaskResponse> GrpcSchedulerService::retry_task(
    const rpc::CallContext& context, const v1::RetryTaskRequest& request) {
    return with_task<v1::RetryTaskResponse>(scheduler::retry_task(
        database_, key_of(context), request.task_id(), may_override(context), config_, clock_));
}

Result<v1::ListTasksResponse> GrpcSchedulerService::list_tasks(
    const rpc::CallContext&, const v1::ListTasksRequest& request) {
    return scheduler::list_tasks(database_, request);
}

Result<v1::GetTaskResponse> GrpcSchedulerService::get_task(const rpc::CallContext&,
                                                           const v1::GetTaskRequest& request) {
    return with_task<v1::GetTaskResponse>(scheduler::get_task(database_, request.task_id()));
}

Result<v1::ListTaskItemsResponse> GrpcSchedulerService::list_task_items(
    const rpc::CallContext&, const v1::ListTaskItemsRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const std::optional<ItemState> state,
                            state_from_proto(request.state()));
    return scheduler::list_task_items(database_, request, state);
}

Status GrpcSchedulerService::watch_task(const rpc::CallContext&,
                                        const v1::WatchTaskRequest& request,
                                        rpc::StreamWriter<v1::WatchTaskResponse>& writer) {
    std::string last;
    while (!writer.is_cancelled()) {
        v1::WatchTaskResponse response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_task(),
                                scheduler::get_task(database_, request.task_id()));
        std::string current = response.SerializeAsString();
        if (current != last && !writer.write(response)) {
            break;
        }
        last = std::move(current);
        if (response.task().has_finish_time()) {
            break;
        }
        std::this_thread::sleep_for(kWatchPause);
    }
    return absl::OkStatus();
}

}  // namespace prepay::scheduler
