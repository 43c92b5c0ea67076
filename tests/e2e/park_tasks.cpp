#include "e2e/park.h"

namespace prepay::e2e {

std::string Park::create_task(metering::v1::CommandAction action,
                              const std::vector<std::string>& meter_ids) {
    scheduler::v1::CreateTaskRequest request;
    request.set_request_id(new_request_id());
    request.set_display_name("Batch");
    request.set_action(action);
    request.set_reason_text("maintenance");
    request.mutable_meter_ids()->Assign(meter_ids.begin(), meter_ids.end());
    return call(scheduler_client_, *scheduler_, &scheduler::v1::SchedulerService::Stub::CreateTask,
                request)
        .task()
        .task_id();
}

scheduler::v1::Task Park::wait_task(const std::string& task_id) {
    scheduler::v1::GetTaskRequest request;
    request.set_task_id(task_id);
    scheduler::v1::Task task;
    eventually(
        "every target of the task has a final result",
        [&] {
            task = call(scheduler_client_, *scheduler_,
                        &scheduler::v1::SchedulerService::Stub::GetTask, request)
                       .task();
            return task.state() == scheduler::v1::TASK_STATE_DONE;
        },
        std::chrono::seconds(240));  // A claim that died with its worker lasts a minute.
    return task;
}

std::vector<scheduler::v1::TaskItem> Park::task_items(const std::string& task_id) {
    scheduler::v1::ListTaskItemsRequest request;
    request.set_task_id(task_id);
    request.set_page_size(1000);
    const auto response = call(scheduler_client_, *scheduler_,
                               &scheduler::v1::SchedulerService::Stub::ListTaskItems, request);
    return {response.items().begin(), response.items().end()};
}

}  // namespace prepay::e2e
