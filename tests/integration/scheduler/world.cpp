#include "integration/scheduler/world.h"

#include "adapters/pg_task_requests.h"
#include "convert.h"
#include "core/assert.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "support/number_of.h"

namespace prepay::scheduler::test {
namespace {

metering::v1::Command command_of(const std::string& id, const std::string& state) {
    metering::v1::Command command;
    command.set_command_id(id);
    metering::v1::CommandState value = metering::v1::COMMAND_STATE_UNSPECIFIED;
    // Workers on their own threads come here; Catch2 counts on one only.
    PREPAY_ASSERT(metering::v1::CommandState_Parse("COMMAND_STATE_" + state, &value));
    command.set_state(value);
    return command;
}

const Status kAway = unavailable("PEER_UNAVAILABLE", "the gateway is away");

}  // namespace

TableGateway::TableGateway(std::unique_ptr<pg::Database> database)
    : database_(std::move(database)) {
    REQUIRE(database_
                ->transact([](pqxx::work& tx) {
                    tx.exec(
                        "CREATE TABLE IF NOT EXISTS fake_commands (seq bigint GENERATED ALWAYS AS"
                        " IDENTITY, id text PRIMARY KEY, meter_id text NOT NULL, content text NOT"
                        " NULL, state text NOT NULL DEFAULT 'QUEUED', submits int NOT NULL DEFAULT"
                        " 1)");
                    return absl::OkStatus();
                })
                .ok());
}

Result<CommandReport> TableGateway::submit(const ClaimedItem& item) {
    if (is_away) {
        return kAway;
    }
    const std::string content = item.meter_id + item.reason_text + format_time(item.not_after);
    const auto state = database_->transact([&](pqxx::work& tx) -> Result<std::string> {
        const auto row = tx.exec_params1(
            "INSERT INTO fake_commands AS f (id, meter_id, content) VALUES ($1, $2, $3)"
            " ON CONFLICT (id) DO UPDATE SET submits = f.submits + 1 RETURNING state, content",
            item.item_id, item.meter_id, content);
        if (row[1].as<std::string>() != content) {
            return already_exists("REQUEST_ID_REUSED", "same key, other content");
        }
        return row[0].as<std::string>();
    });
    if (!state.ok()) {
        return state.status();
    }
    if (loses_answers) {
        return make_error(absl::StatusCode::kDeadlineExceeded, "PEER_TIMEOUT", "no answer");
    }
    return report_from_proto(command_of(item.item_id, *state));
}

Result<CommandReport> TableGateway::get(const std::string& item_id) {
    if (is_away) {
        return kAway;
    }
    return database_->transact([&](pqxx::work& tx) -> Result<CommandReport> {
        const auto rows = tx.exec_params("SELECT state FROM fake_commands WHERE id = $1", item_id);
        if (rows.empty()) {
            return not_found("COMMAND_NOT_FOUND", "no such command");
        }
        return report_from_proto(command_of(item_id, rows[0][0].as<std::string>()));
    });
}

Result<CommandReport> TableGateway::cancel(const std::string& item_id,
                                           const std::string& request_id) {
    if (is_away) {
        return kAway;
    }
    REQUIRE(is_uuid(request_id));
    return database_->transact([&](pqxx::work& tx) -> Result<CommandReport> {
        const auto rows = tx.exec_params(
            "UPDATE fake_commands SET state = 'CANCELLED' WHERE id = $1 AND state = 'QUEUED'"
            " RETURNING 1",
            item_id);
        if (rows.empty()) {
            return failed_precondition("COMMAND_ON_WIRE", "too late to cancel");
        }
        return report_from_proto(command_of(item_id, "CANCELLED"));
    });
}

std::vector<metering::v1::CommandChanged> TableGateway::finish_all(
    metering::v1::CommandState state) {
    const std::string text = metering::v1::CommandState_Name(state).substr(14);
    return database_
        ->transact([&](pqxx::work& tx) -> Result<std::vector<metering::v1::CommandChanged>> {
            std::vector<metering::v1::CommandChanged> events;
            for (const auto& row : tx.exec_params(
                     "UPDATE fake_commands SET state = $1 WHERE state IN ('QUEUED', 'SENDING')"
                     " RETURNING id",
                     text)) {
                metering::v1::CommandChanged event;
                *event.mutable_command() = command_of(row[0].as<std::string>(), text);
                events.push_back(event);
            }
            return events;
        })
        .value();
}

std::int64_t TableGateway::count(const std::string& where) {
    return database_
        ->read([&](pqxx::work& tx) -> Result<std::int64_t> {
            return tx.exec1("SELECT count(*) FROM fake_commands WHERE " + where)[0]
                .as<std::int64_t>();
        })
        .value();
}

World::World(const prepay::test::TestDatabase& scratch) : World(scratch.options(8)) {}

World::World(const pg::DatabaseOptions& options)
    : database(std::make_unique<pg::Database>(options)),
      store(*database, config, metrics),
      gateway(std::make_unique<pg::Database>(options)),
      dispatch(store, gateway, config.dispatch, clock, metrics),
      resolution(store, gateway, config.resolve, clock),
      grpc(*database, config, clock) {}

rpc::CallContext World::call() {
    rpc::CallContext context;
    context.method = "prepay.scheduler.v1.SchedulerService/Test";
    context.request_id = new_id(clock);
    context.content_hash = "x";
    context.identity = {"user:li", rpc::Role::kOperator, ""};
    return context;
}

v1::CreateTaskRequest trip_request(int target_count) {
    v1::CreateTaskRequest request;
    request.set_display_name("building 1");
    request.set_action(metering::v1::COMMAND_ACTION_TRIP);
    request.set_reason_text("arrears");
    request.set_confirm_count(target_count);
    for (int i = 0; i < target_count; ++i) {
        request.add_meter_ids("m-" + std::to_string(i));
    }
    return request;
}

v1::Task World::create(int target_count, std::chrono::seconds due_in) {
    v1::CreateTaskRequest request = trip_request(target_count);
    if (due_in.count() > 0) {
        set_time(*request.mutable_due_time(), clock.now() + due_in);
    }
    const auto created = grpc.create_task(call(), request);
    REQUIRE(created.ok());
    return created->task();
}

v1::Task World::task(const std::string& task_id) {
    return task_to_proto(
        database->read([&](pqxx::work& tx) { return get_task(tx, task_id); }).value());
}

std::string World::summary(const std::string& task_id) {
    return database
        ->read([&](pqxx::work& tx) -> Result<std::string> {
            const auto row = tx.exec_params1(
                "SELECT concat_ws('/', total_count, waiting_count, sent_count, verified_count,"
                " failed_count, cancelled_count), state, (SELECT concat_ws('/', count(*),"
                " count(*) FILTER (WHERE state = 'WAITING'), count(*) FILTER (WHERE state = "
                "'SENT'),"
                " count(*) FILTER (WHERE state = 'VERIFIED'),"
                " count(*) FILTER (WHERE state = 'FAILED'),"
                " count(*) FILTER (WHERE state = 'CANCELLED')) FROM items WHERE task_id = $1)"
                " FROM tasks WHERE task_id = $1",
                task_id);
            CHECK(row[0].as<std::string>() == row[2].as<std::string>());
            return row[0].as<std::string>() + " " + row[1].as<std::string>();
        })
        .value();
}

void World::dispatch_all() {
    for (int round = 0; round < 1000; ++round) {
        const Result<int> count = dispatch.run_once();
        REQUIRE(count.ok());
        if (*count == 0) {
            return;
        }
    }
    FAIL("dispatch does not come to an end");
}

Status World::deliver(const std::vector<metering::v1::CommandChanged>& events) {
    std::vector<kafka::Message> messages;
    for (const auto& event : events) {
        kafka::Message message;
        message.payload = event.SerializeAsString();
        messages.push_back(message);
    }
    return database->transact(
        [&](pqxx::work& tx) { return take_command_results(tx, messages, config, clock, metrics); });
}

std::int64_t World::count(const std::string& from_where) {
    return prepay::test::number_of(*database, "SELECT count(*) FROM " + from_where);
}

}  // namespace prepay::scheduler::test
