#include "convert.h"
#include "core/ids.h"
#include "integration/scheduler/world.h"

namespace prepay::scheduler::test {

using prepay::test::TestDatabase;

namespace {

Result<v1::Task> cancel(World& world, const std::string& task_id) {
    v1::CancelTaskRequest request;
    request.set_task_id(task_id);
    const auto response = world.grpc.cancel_task(world.call(), request);
    return response.ok() ? Result<v1::Task>(response->task()) : response.status();
}

Result<v1::Task> retry(World& world, const std::string& task_id) {
    v1::RetryTaskRequest request;
    request.set_task_id(task_id);
    const auto response = world.grpc.retry_task(world.call(), request);
    return response.ok() ? Result<v1::Task>(response->task()) : response.status();
}

class Collector final : public rpc::RawStreamWriter {
public:
    std::vector<v1::Task> tasks;
    std::function<void(std::size_t)> on_write;
    bool write(const google::protobuf::Message& message) override {
        tasks.push_back(static_cast<const v1::WatchTaskResponse&>(message).task());
        on_write(tasks.size());
        return true;
    }
    [[nodiscard]] bool is_cancelled() const override { return tasks.size() > 10; }
};

}  // namespace

TEST_CASE("I-17: cancel in the middle: waiting ones at once, sent ones withdrawn or finished") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(250);
    CHECK(world.dispatch.run_once().value() == 100);
    // Ten are on the wire already and cannot be withdrawn.
    REQUIRE(world.database
                ->transact([](pqxx::work& tx) {
                    tx.exec("UPDATE fake_commands SET state = 'SENDING' WHERE seq <= 10");
                    return absl::OkStatus();
                })
                .ok());
    const auto cancelled = cancel(world, task.task_id());
    REQUIRE(cancelled.ok());
    CHECK(cancelled->counts().cancelled() == 150);
    CHECK(world.summary(task.task_id()) == "250/0/100/0/0/150 RUNNING");
    CHECK(world.dispatch.run_once().value() == 0);
    CHECK(world.resolution.run_once().value() == 100);
    CHECK(world.summary(task.task_id()) == "250/0/10/0/0/240 RUNNING");
    CHECK(world.resolution.run_once().value() == 0);
    REQUIRE(world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED)).ok());
    CHECK(world.summary(task.task_id()) == "250/0/0/10/0/240 CANCELLED");
    CHECK(world.gateway.count("true") == 100);
    CHECK(world.gateway.count("state = 'VERIFIED'") == 10);
    CHECK(error_reason(cancel(world, task.task_id()).status()) == "TASK_FINAL");
    CHECK(error_reason(cancel(world, "none").status()) == "TASK_NOT_FOUND");
}

TEST_CASE(
    "I-17: a submit that is marked after its event and after a cancel does not delay the cancel") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(3);
    const auto items =
        world.store.claim(world.clock.now(), world.config.dispatch.lease, 10).value();
    REQUIRE(items.size() == 3);
    std::vector<metering::v1::CommandChanged> events;
    std::vector<ItemUpdate> marks;
    for (const ClaimedItem& item : items) {
        REQUIRE(world.gateway.submit(item).ok());
        metering::v1::CommandChanged event;
        event.mutable_command()->set_command_id(item.item_id);
        event.mutable_command()->set_state(metering::v1::COMMAND_STATE_QUEUED);
        events.push_back(event);
        marks.push_back({item.item_id, ItemEvent::kSubmitted, "", item.fence, true, {}});
    }
    REQUIRE(world.deliver(events).ok());
    REQUIRE(cancel(world, task.task_id()).ok());
    REQUIRE(world.store.apply(marks, world.clock.now()).ok());
    CHECK(world.resolution.run_once().value() == 3);
    CHECK(world.summary(task.task_id()) == "3/0/0/0/0/3 CANCELLED");
}

TEST_CASE("a task that waits for its time is cancelled at once") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(20, std::chrono::hours(1));
    CHECK(cancel(world, task.task_id())->state() == v1::TASK_STATE_CANCELLED);
    world.clock.time += std::chrono::hours(2);
    CHECK(world.store.start_due(world.clock.now()).value() == 0);
    CHECK(world.summary(task.task_id()) == "20/0/0/0/0/20 CANCELLED");
}

TEST_CASE(
    "I-17: an item whose submit may have arrived is not called cancelled before that is known") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(2);
    world.gateway.loses_answers = true;
    CHECK(world.dispatch.run_once().value() == 2);  // The first arrives, its answer does not.
    world.gateway.loses_answers = false;
    REQUIRE(cancel(world, task.task_id()).ok());
    CHECK(world.summary(task.task_id()) == "2/2/0/0/0/0 RUNNING");
    world.clock.time += std::chrono::seconds(61);
    world.dispatch_all();
    CHECK(world.summary(task.task_id()) == "2/0/1/0/0/1 RUNNING");
    CHECK(world.resolution.run_once().value() == 1);
    CHECK(world.summary(task.task_id()) == "2/0/0/0/0/2 CANCELLED");
    CHECK(world.gateway.count("state = 'CANCELLED'") == 1);
    CHECK(world.gateway.count("true") == 1);
}

TEST_CASE("retry makes a task of those that did not end verified") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(4);
    CHECK(error_reason(retry(world, task.task_id()).status()) == "TASK_NOT_FINAL");
    world.dispatch_all();
    auto events = world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED);
    events[1].mutable_command()->set_state(metering::v1::COMMAND_STATE_NOT_VERIFIED);
    events[2].mutable_command()->set_state(metering::v1::COMMAND_STATE_CANCELLED);
    REQUIRE(world.deliver(events).ok());
    CHECK(world.summary(task.task_id()) == "4/0/0/2/1/1 DONE");
    const auto again = retry(world, task.task_id());
    REQUIRE(again.ok());
    CHECK(again->retry_of() == task.task_id());
    CHECK(again->counts().total() == 2);
    world.dispatch_all();
    REQUIRE(world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED)).ok());
    CHECK(world.summary(again->task_id()) == "2/0/0/2/0/0 DONE");
    CHECK(error_reason(retry(world, again->task_id()).status()) == "NOTHING_TO_RETRY");
}

TEST_CASE("a request id makes one task; bad orders make none") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const rpc::CallContext context = world.call();
    const auto first = world.grpc.create_task(context, trip_request(2));
    const auto second = world.grpc.create_task(context, trip_request(2));
    REQUIRE(first.ok());
    CHECK(second->task().SerializeAsString() == first->task().SerializeAsString());
    rpc::CallContext other = context;
    other.content_hash = "y";
    CHECK(error_reason(world.grpc.create_task(other, trip_request(3)).status()) ==
          "REQUEST_ID_REUSED");
    v1::CreateTaskRequest unconfirmed = trip_request(11);
    unconfirmed.set_confirm_count(0);
    const Status refused = world.grpc.create_task(world.call(), unconfirmed).status();
    CHECK(error_reason(refused) == "CONFIRM_COUNT_WRONG");
    CHECK(error_metadata(refused).at("targets") == "11");
    v1::CreateTaskRequest no_action = trip_request(1);
    no_action.clear_action();
    CHECK(error_reason(world.grpc.create_task(world.call(), no_action).status()) == "BAD_ACTION");
    CHECK(world.count("tasks") == 1);
    CHECK(world.count("items") == 2);
}

TEST_CASE("overriding keep-power takes its right, for the task and for its retry") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    v1::CreateTaskRequest request = trip_request(2);
    request.set_override_keep_power(true);
    CHECK(error_reason(world.grpc.create_task(world.call(), request).status()) ==
          "OVERRIDE_NOT_ALLOWED");
    CHECK(world.count("tasks") == 0);
    rpc::CallContext admin = world.call();
    admin.identity.role = rpc::Role::kAdmin;
    const auto created = world.grpc.create_task(admin, request);
    REQUIRE(created.ok());
    CHECK(created->task().override_keep_power());
    const auto items = world.store.claim(world.clock.now(), std::chrono::seconds(10), 10);
    REQUIRE(items.ok());
    REQUIRE(items->size() == 2);
    CHECK(items->at(0).override_keep_power);
    world.clock.time += std::chrono::seconds(20);
    world.dispatch_all();
    REQUIRE(world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_NOT_VERIFIED)).ok());
    CHECK(error_reason(retry(world, created->task().task_id()).status()) == "OVERRIDE_NOT_ALLOWED");
    v1::RetryTaskRequest again;
    again.set_task_id(created->task().task_id());
    admin.request_id = "again";
    const auto retried = world.grpc.retry_task(admin, again);
    REQUIRE(retried.ok());
    CHECK(retried->task().override_keep_power());
}

TEST_CASE("the largest selection is one task; lists go page by page") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(10'000);
    v1::ListTaskItemsRequest request;
    request.set_task_id(task.task_id());
    request.set_page_size(1000);
    int count = 0;
    do {
        const auto page = world.grpc.list_task_items(world.call(), request);
        REQUIRE(page.ok());
        for (const auto& item : page->items()) {
            CHECK(item.meter_id() == "m-" + std::to_string(count++));
        }
        request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    CHECK(count == 10'000);
    request.set_state(v1::ITEM_STATE_FAILED);
    CHECK(world.grpc.list_task_items(world.call(), request)->items_size() == 0);
    request.set_task_id("none");
    CHECK(error_reason(world.grpc.list_task_items(world.call(), request).status()) ==
          "TASK_NOT_FOUND");
    world.create(1);
    v1::ListTasksRequest tasks;
    tasks.set_page_size(1);
    const auto newest = world.grpc.list_tasks(world.call(), tasks);
    REQUIRE(newest->tasks_size() == 1);
    CHECK(newest->tasks(0).counts().total() == 1);
    tasks.set_page_token(newest->next_page_token());
    const auto next = world.grpc.list_tasks(world.call(), tasks);
    CHECK(next->tasks(0).counts().total() == 10'000);
    CHECK(next->next_page_token().empty());
}

TEST_CASE("WatchTask: the task now, after each change, and the end") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(3);
    Collector collector;
    collector.on_write = [&](std::size_t count) {
        if (count == 1) {
            world.dispatch_all();
        } else if (count == 2) {
            CHECK(
                world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED)).ok());
        }
    };
    v1::WatchTaskRequest request;
    request.set_task_id(task.task_id());
    rpc::StreamWriter<v1::WatchTaskResponse> writer(collector);
    CHECK(world.grpc.watch_task(world.call(), request, writer).ok());
    REQUIRE(collector.tasks.size() == 3);
    CHECK(collector.tasks[0].counts().waiting() == 3);
    CHECK(collector.tasks[1].counts().sent() == 3);
    CHECK(collector.tasks[2].counts().verified() == 3);
    CHECK(collector.tasks[2].state() == v1::TASK_STATE_DONE);
    request.set_task_id("none");
    CHECK(error_reason(world.grpc.watch_task(world.call(), request, writer)) == "TASK_NOT_FOUND");
}

}  // namespace prepay::scheduler::test
