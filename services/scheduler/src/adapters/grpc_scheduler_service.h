#pragma once

#include "config.h"
#include "pg/database.h"
#include "prepay/scheduler/v1/scheduler.pb.h"
#include "rpc/server.h"

namespace prepay::scheduler {

/// prepay.scheduler.v1.SchedulerService. Thread-safe.
class GrpcSchedulerService {
public:
    GrpcSchedulerService(pg::Database& database, const SchedulerConfig& config, const Clock& clock);

    void register_with(rpc::Server& server);

    Result<v1::CreateTaskResponse> create_task(const rpc::CallContext& context,
                                               const v1::CreateTaskRequest& request);
    Result<v1::CancelTaskResponse> cancel_task(const rpc::CallContext& context,
                                               const v1::CancelTaskRequest& request);
    Result<v1::RetryTaskResponse> retry_task(const rpc::CallContext& context,
                                             const v1::RetryTaskRequest& request);
    Result<v1::ListTasksResponse> list_tasks(const rpc::CallContext& context,
                                             const v1::ListTasksRequest& request);
    Result<v1::GetTaskResponse> get_task(const rpc::CallContext& context,
                                         const v1::GetTaskRequest& request);
    Result<v1::ListTaskItemsResponse> list_task_items(const rpc::CallContext& context,
                                                      const v1::ListTaskItemsRequest& request);
    /// The task now and after each change, at most four times a second; ends when it is final.
    Status watch_task(const rpc::CallContext& context, const v1::WatchTaskRequest& request,
                      rpc::StreamWriter<v1::WatchTaskResponse>& writer);

private:
    pg::Database& database_;
    const SchedulerConfig& config_;
    const Clock& clock_;
};

}  // namespace prepay::scheduler
