#include "support/crash.h"
#include "integration/scheduler/world.h"

namespace prepay::scheduler::test {

using prepay::test::environment;
using prepay::test::TestDatabase;

// It dispatches, and takes results in.
TEST_CASE("the process that crashes", "[.scheduler-child]") {
    pg::DatabaseOptions options;
    options.url = environment("SCHEDULER_CHILD_DATABASE");
    options.schema = "scheduler";
    World world(options);
    world.clock.time = from_micros(std::stoll(environment("SCHEDULER_CHILD_TIME")));
    world.dispatch_all();
    REQUIRE(world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED)).ok());
}

TEST_CASE("I-17: killed at claim, send, ack and mark: each effect once, counts add up") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    struct Row {
        const char* crash_point;
        const char* right_after;
        std::int64_t submitted;
    };
    // 250 targets, claimed by 100.
    const Row rows[] = {
        {"scheduler.claimed:1", "250/250/0/0/0/0 RUNNING", 0},
        {"scheduler.claimed:2", "250/150/100/0/0/0 RUNNING", 100},
        {"scheduler.dispatched:1", "250/250/0/0/0/0 RUNNING", 100},
        {"scheduler.dispatched:3", "250/50/200/0/0/0 RUNNING", 250},
        {"scheduler.marked:2", "250/50/200/0/0/0 RUNNING", 200},
        {"scheduler.result", "250/0/250/0/0/0 RUNNING", 250},
    };
    for (const Row& row : rows) {
        INFO(row.crash_point);
        REQUIRE(world.database
                    ->transact([](pqxx::work& tx) {
                        tx.exec("DELETE FROM fake_commands");
                        return absl::OkStatus();
                    })
                    .ok());
        const v1::Task task = world.create(250);
        REQUIRE(prepay::test::dies_at(
            row.crash_point, "[.scheduler-child]",
            {{"SCHEDULER_CHILD_DATABASE", scratch.options().url},
             {"SCHEDULER_CHILD_TIME", std::to_string(to_micros(world.clock.time))}}));
        CHECK(world.summary(task.task_id()) == row.right_after);
        CHECK(world.gateway.count("true") == row.submitted);
        // After the restart; what the dead one held comes back when its lease ends.
        world.dispatch_all();
        world.clock.time += std::chrono::seconds(61);
        world.dispatch_all();
        CHECK(world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED)).ok());
        while (world.resolution.run_once().value() > 0) {
        }
        CHECK(world.summary(task.task_id()) == "250/0/0/250/0/0 DONE");
        CHECK(world.gateway.count("true") == 250);
    }
}

}  // namespace prepay::scheduler::test
