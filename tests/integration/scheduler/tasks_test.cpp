#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "core/ids.h"
#include "integration/scheduler/world.h"

namespace prepay::scheduler::test {

using metering::v1::CommandChanged;
using prepay::test::TestDatabase;

TEST_CASE("6b: a task over 250 meters, each once, with proof") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(250);
    CHECK(task.state() == v1::TASK_STATE_RUNNING);
    CHECK(task.create_user() == "user:li");
    CHECK(world.dispatch.run_once().value() == 100);
    CHECK(world.summary(task.task_id()) == "250/150/100/0/0/0 RUNNING");
    world.dispatch_all();
    CHECK(world.summary(task.task_id()) == "250/0/250/0/0/0 RUNNING");
    auto events = world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED);
    REQUIRE(events.size() == 250);
    events[0].mutable_command()->set_state(metering::v1::COMMAND_STATE_CONTRADICTED);
    // Duplicated and reordered, among commands of others.
    std::vector<CommandChanged> noisy = events;
    noisy.insert(noisy.end(), events.begin(), events.end());
    std::shuffle(noisy.begin() + 250, noisy.end(), std::mt19937(1));
    CommandChanged foreign;
    foreign.mutable_command()->set_command_id("somebody-elses");
    foreign.mutable_command()->set_state(metering::v1::COMMAND_STATE_VERIFIED);
    noisy.push_back(foreign);
    REQUIRE(world.deliver(noisy).ok());
    REQUIRE(world.deliver(events).ok());
    CHECK(world.summary(task.task_id()) == "250/0/0/249/1/0 DONE");
    CHECK(world.gateway.count("true") == 250);
    CHECK(world.count("items WHERE failure_reason = 'CONTRADICTED' AND attempt_count = 1") == 1);
}

TEST_CASE("6e: a task waits for its time; only one process plans") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(3, std::chrono::hours(2));
    CHECK(task.state() == v1::TASK_STATE_WAITING);
    CHECK(world.store.start_due(world.clock.now()).value() == 0);
    CHECK(world.dispatch.run_once().value() == 0);
    world.clock.time += std::chrono::hours(2);
    CHECK(world.dispatch.run_once().value() == 0);  // Planning is what starts it.
    {
        // While another leader is at it, nothing is planned here.
        pqxx::connection other(scratch.options().url);
        pqxx::work leading(other);
        leading.exec_params("SELECT pg_advisory_xact_lock($1)",
                            static_cast<std::int64_t>(stable_hash("plan/scheduler") >> 1));
        CHECK(world.store.start_due(world.clock.now()).value() == 0);
    }
    CHECK(world.store.start_due(world.clock.now()).value() == 1);
    CHECK(world.store.start_due(world.clock.now()).value() == 0);
    world.dispatch_all();
    CHECK(world.summary(task.task_id()) == "3/0/3/0/0/0 RUNNING");
}

TEST_CASE("I-17: several workers, results and readers at once: each effect once, counts add up") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(1500);
    std::atomic<bool> done{false};
    std::atomic<int> snapshots{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            ItemDispatch dispatch(world.store, world.gateway, world.config.dispatch, world.clock,
                                  world.metrics);
            while (!done) {
                if (dispatch.run_once().value_or(0) == 0) {
                    std::this_thread::yield();
                }
            }
        });
    }
    for (int round = 0; round < 5000 && world.task(task.task_id()).counts().verified() < 1500;
         ++round) {
        CHECK(world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED)).ok());
        world.summary(task.task_id());  // Compares counts and items at one snapshot.
        ++snapshots;
    }
    done = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(snapshots > 2);
    CHECK(world.summary(task.task_id()) == "1500/0/0/1500/0/0 DONE");
    CHECK(world.gateway.count("submits > 1") == 0);
    CHECK(world.gateway.count("true") == 1500);
    CHECK(world.count("items WHERE fence > 1") == 0);
}

TEST_CASE("I-17: a worker whose lease is over is refused; its successor's mark counts") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(1);
    const auto lease = std::chrono::seconds(60);
    const auto first = world.store.claim(world.clock.now(), lease, 100).value();
    REQUIRE(first.size() == 1);
    CHECK(world.store.claim(world.clock.now(), lease, 100).value().empty());
    world.clock.time += std::chrono::seconds(61);
    const auto second = world.store.claim(world.clock.now(), lease, 100).value();
    REQUIRE(second.size() == 1);
    CHECK(second[0].fence == first[0].fence + 1);
    const std::string& id = first[0].item_id;
    REQUIRE(
        world.store
            .apply({{id, ItemEvent::kFailed, "OLD", first[0].fence, true, {}}}, world.clock.now())
            .ok());
    CHECK(world.summary(task.task_id()) == "1/1/0/0/0/0 RUNNING");
    REQUIRE(
        world.store
            .apply({{id, ItemEvent::kSubmitted, "", second[0].fence, true, {}}}, world.clock.now())
            .ok());
    CHECK(world.summary(task.task_id()) == "1/0/1/0/0/0 RUNNING");
    REQUIRE(world.store
                .apply({{id, ItemEvent::kFailed, "OLD", first[0].fence, true, {}},
                        {id, ItemEvent::kVerified, "", std::nullopt, false, {}},
                        {id, ItemEvent::kFailed, "LATE", std::nullopt, false, {}}},
                       world.clock.now())
                .ok());
    CHECK(world.summary(task.task_id()) == "1/0/0/1/0/0 DONE");
    CHECK(world.count("items WHERE failure_reason = '' AND attempt_count = 1") == 1);
    CHECK(world.telemetry.render().find("refused_updates_total{why=\"stale_fence\"} 2") !=
          std::string::npos);
    CHECK(world.telemetry.render().find("refused_updates_total{why=\"final\"} 1") !=
          std::string::npos);
}

TEST_CASE("a result that overtakes the answer to its submit is kept") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(2);
    const auto items = world.store.claim(world.clock.now(), std::chrono::seconds(60), 100).value();
    std::vector<ItemUpdate> marks;
    for (const ClaimedItem& item : items) {
        REQUIRE(world.gateway.submit(item).ok());
        marks.push_back({item.item_id, ItemEvent::kSubmitted, "", item.fence, true, {}});
    }
    REQUIRE(world.deliver(world.gateway.finish_all(metering::v1::COMMAND_STATE_VERIFIED)).ok());
    CHECK(world.summary(task.task_id()) == "2/0/0/2/0/0 DONE");
    REQUIRE(world.store.apply(marks, world.clock.now()).ok());
    CHECK(world.summary(task.task_id()) == "2/0/0/2/0/0 DONE");
}

TEST_CASE("a lost result is found by asking; a lost answer by repeating the key") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(5);
    world.gateway.loses_answers = true;
    world.dispatch_all();
    CHECK(world.summary(task.task_id()) == "5/5/0/0/0/0 RUNNING");
    world.gateway.loses_answers = false;
    world.clock.time += std::chrono::seconds(40);
    world.dispatch_all();
    CHECK(world.summary(task.task_id()) == "5/0/5/0/0/0 RUNNING");
    CHECK(world.gateway.count("true") == 5);
    CHECK(world.gateway.count("submits = 2") == 1);  // The first one; then the gateway was spared.
    world.gateway.finish_all(metering::v1::COMMAND_STATE_REFUSED);  // The events are lost.
    CHECK(world.resolution.run_once().value() == 0);                // Not yet overdue.
    world.clock.time += std::chrono::seconds(31);
    CHECK(world.resolution.run_once().value() == 5);
    CHECK(world.summary(task.task_id()) == "5/0/0/0/5/0 DONE");
}

TEST_CASE("a gateway that stays away: nothing is lost, and nothing is sent after not_after") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    const v1::Task task = world.create(3);
    world.gateway.is_away = true;
    for (int i = 0; i < 10; ++i) {
        world.dispatch_all();
        world.clock.time += std::chrono::seconds(35);
    }
    CHECK(world.summary(task.task_id()) == "3/3/0/0/0/0 RUNNING");
    world.clock.time += std::chrono::minutes(30);
    world.gateway.is_away = false;
    world.dispatch_all();
    CHECK(world.summary(task.task_id()) == "3/0/0/0/3/0 DONE");
    CHECK(world.count("items WHERE failure_reason = 'EXPIRED'") == 3);
    CHECK(world.gateway.count("true") == 0);
}

TEST_CASE("a message without command is named bad and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("scheduler", scheduler_migrations());
    World world(scratch);
    CHECK(error_reason(world.deliver({CommandChanged()})) == "BAD_MESSAGE");
}

}  // namespace prepay::scheduler::test
