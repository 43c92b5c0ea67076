#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "adapters/grpc_scheduler_service.h"
#include "adapters/kafka_command_results.h"
#include "adapters/pg_task_store.h"
#include "app/dispatch_items.h"
#include "app/resolve_sent.h"
#include "prepay/metering/v1/events.pb.h"
#include "scheduler_migrations.h"
#include "support/fake_clock.h"
#include "support/test_database.h"

namespace prepay::scheduler::test {

using prepay::test::FakeClock;

/// A gateway whose commands are rows of a table in the test's database, so that they outlive a
/// killed scheduler. Each key has its effect once; `submits` counts how often it came.
class TableGateway final : public Gateway {
public:
    explicit TableGateway(std::unique_ptr<pg::Database> database);
    Result<CommandReport> submit(const ClaimedItem& item) override;
    Result<CommandReport> get(const std::string& item_id) override;
    Result<CommandReport> cancel(const std::string& item_id,
                                 const std::string& request_id) override;

    /// Ends every queued command and gives the events of all that ended now.
    std::vector<metering::v1::CommandChanged> finish_all(metering::v1::CommandState state);
    std::int64_t count(const std::string& where);

    bool is_away = false;        ///< Nothing arrives.
    bool loses_answers = false;  ///< Everything arrives, no answer comes back.

private:
    std::unique_ptr<pg::Database> database_;
};

/// The service without processes, threads and broker.
struct World {
    explicit World(const prepay::test::TestDatabase& scratch);
    explicit World(const pg::DatabaseOptions& options);

    std::unique_ptr<pg::Database> database;
    FakeClock clock;
    SchedulerConfig config;
    telemetry::Metrics telemetry;
    SchedulerMetrics metrics{telemetry};
    PgTaskStore store;
    TableGateway gateway;
    ItemDispatch dispatch;
    SentResolution resolution;
    GrpcSchedulerService grpc;

    /// A call by user:li with a request id of its own.
    rpc::CallContext call();
    v1::Task create(int target_count, std::chrono::seconds due_in = std::chrono::seconds(0));
    v1::Task task(const std::string& task_id);
    /// "total/waiting/sent/verified/failed/cancelled STATE", after comparing the counts with the
    /// items.
    std::string summary(const std::string& task_id);
    void dispatch_all();
    Status deliver(const std::vector<metering::v1::CommandChanged>& events);
    std::int64_t count(const std::string& from_where);
};

v1::CreateTaskRequest trip_request(int target_count);

}  // namespace prepay::scheduler::test
