#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "convert.h"
#include "domain/item.h"
#include "domain/task.h"

namespace prepay::scheduler {
namespace {

const std::map<std::string, ItemState> kStates = {{"waiting", ItemState::kWaiting},
                                                  {"sent", ItemState::kSent},
                                                  {"verified", ItemState::kVerified},
                                                  {"failed", ItemState::kFailed},
                                                  {"cancelled", ItemState::kCancelled}};
const std::map<std::string, ItemEvent> kEvents = {{"submitted", ItemEvent::kSubmitted},
                                                  {"verified", ItemEvent::kVerified},
                                                  {"failed", ItemEvent::kFailed},
                                                  {"cancelled", ItemEvent::kCancelled},
                                                  {"deferred", ItemEvent::kDeferred}};
const std::map<std::string, ItemVerdict> kVerdicts = {{"applied", ItemVerdict::kApplied},
                                                      {"no-change", ItemVerdict::kNoChange},
                                                      {"stale-fence", ItemVerdict::kStaleFence},
                                                      {"late", ItemVerdict::kLate}};

TaskOrder order_of(std::size_t count) {
    TaskOrder order;
    order.reason_text = "arrears";
    for (std::size_t i = 0; i < count; ++i) {
        order.meter_ids.push_back("m-" + std::to_string(i));
    }
    order.confirm_count = static_cast<int>(count);
    return order;
}

constexpr Instant kNow = from_micros(1'767'571'200'000'000);

std::string problem_of(const TaskOrder& order) {
    const auto problem = check_order(order, kNow);
    return problem ? problem->reason : "";
}

}  // namespace

TEST_CASE("I-17: item states only go forward; old fences and late results are refused") {
    // state  event  fence (of the item is 3; - = the gateway itself)  => verdict  state after
    std::istringstream lines(R"(
        waiting    submitted  3  => applied      sent
        waiting    submitted  -  => applied      sent
        waiting    verified   -  => applied      verified
        waiting    verified   3  => applied      verified
        waiting    failed     3  => applied      failed
        waiting    cancelled  3  => applied      cancelled
        waiting    deferred   3  => applied      waiting
        waiting    submitted  2  => stale-fence  waiting
        waiting    failed     2  => stale-fence  waiting
        waiting    deferred   2  => stale-fence  waiting
        sent       submitted  3  => no-change    sent
        sent       submitted  -  => no-change    sent
        sent       deferred   3  => no-change    sent
        sent       verified   -  => applied      verified
        sent       failed     -  => applied      failed
        sent       cancelled  -  => applied      cancelled
        sent       failed     2  => stale-fence  sent
        verified   submitted  3  => late         verified
        verified   failed     -  => late         verified
        failed     verified   -  => late         failed
        cancelled  verified   -  => late         cancelled
        cancelled  submitted  2  => stale-fence  cancelled
    )");
    int count = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.find("=>") == std::string::npos) {
            continue;
        }
        INFO(line);
        std::istringstream words(line);
        std::string state, event, fence, arrow, verdict, after;
        words >> state >> event >> fence >> arrow >> verdict >> after;
        ItemUpdate update;
        update.event = kEvents.at(event);
        if (fence != "-") {
            update.fence = std::stoi(fence);
        }
        const ItemDecision decision = decide({kStates.at(state), 3}, update);
        CHECK(decision.verdict == kVerdicts.at(verdict));
        CHECK(decision.state == kStates.at(after));
        ++count;
    }
    CHECK(count == 22);
}

TEST_CASE("what a worker does with a claimed item") {
    const Instant before = kNow - std::chrono::seconds(1);
    const Instant after = kNow + std::chrono::seconds(1);
    CHECK(next_step(false, false, after, kNow) == Step::kSubmit);
    CHECK(next_step(true, false, after, kNow) == Step::kSubmit);
    CHECK(next_step(true, true, after, kNow) == Step::kAsk);
    CHECK(next_step(true, false, before, kNow) == Step::kAsk);
    CHECK(next_step(false, false, before, kNow) == Step::kExpire);
    CHECK(next_step(false, false, kNow, kNow) == Step::kExpire);
}

TEST_CASE("I-17: counts move, add up and decide the task's state") {
    TaskCounts counts{3, 3};
    CHECK(counts.adds_up());
    CHECK(task_state(counts, false, false) == TaskState::kWaiting);
    CHECK(task_state(counts, true, false) == TaskState::kRunning);
    counts.move(ItemState::kWaiting, ItemState::kSent);
    counts.move(ItemState::kWaiting, ItemState::kCancelled);
    counts.move(ItemState::kWaiting, ItemState::kFailed);
    CHECK(counts == TaskCounts{3, 0, 1, 0, 1, 1});
    CHECK(counts.adds_up());
    CHECK(task_state(counts, true, true) == TaskState::kRunning);
    counts.move(ItemState::kSent, ItemState::kVerified);
    CHECK(task_state(counts, true, true) == TaskState::kCancelled);
    CHECK(task_state(counts, true, false) == TaskState::kDone);
    CHECK(task_state({2, 0, 0, 2, 0, 0}, true, true) == TaskState::kDone);
    CHECK_FALSE(TaskCounts{3, 1, 1, 0, 0, 0}.adds_up());
    CHECK_FALSE(TaskCounts{0, -1, 1, 0, 0, 0}.adds_up());
}

TEST_CASE("6b: what a task must say") {
    CHECK(problem_of(order_of(1)).empty());
    CHECK(problem_of(order_of(kTargetsMax)).empty());
    CHECK(problem_of(order_of(0)) == "NO_TARGETS");
    CHECK(problem_of(order_of(kTargetsMax + 1)) == "TOO_MANY_TARGETS");
    TaskOrder order = order_of(3);
    order.meter_ids[2] = order.meter_ids[0];
    CHECK(problem_of(order) == "DUPLICATE_TARGET");
    order = order_of(2);
    order.meter_ids[1] = "m 1";
    CHECK(problem_of(order) == "BAD_METER_ID");
    order = order_of(2);
    order.reason_text = " \n";
    CHECK(problem_of(order) == "REASON_REQUIRED");
    order.action = Action::kClose;
    CHECK(problem_of(order).empty());
    order = order_of(2);
    order.reason_text.assign(kReasonBytesMax + 1, 'x');
    CHECK(problem_of(order) == "TEXT_TOO_LONG");
    order = order_of(10);
    order.confirm_count = 0;
    CHECK(problem_of(order).empty());
    order = order_of(11);
    order.confirm_count = 10;
    CHECK(problem_of(order) == "CONFIRM_COUNT_WRONG");
    order = order_of(1);
    order.override_keep_power = true;
    CHECK(problem_of(order).empty());
    order.action = Action::kClose;
    CHECK(problem_of(order) == "OVERRIDE_NOT_A_TRIP");
    order = order_of(1);
    order.due_time = kNow + kDueAheadMax + std::chrono::seconds(1);
    CHECK(problem_of(order) == "DUE_TIME_TOO_FAR");
}

TEST_CASE("B32: only a read-back effect counts as verified") {
    using namespace metering::v1;
    const std::map<CommandState, ItemEvent> expected = {
        {COMMAND_STATE_UNSPECIFIED, ItemEvent::kSubmitted},
        {COMMAND_STATE_QUEUED, ItemEvent::kSubmitted},
        {COMMAND_STATE_SENDING, ItemEvent::kSubmitted},
        {COMMAND_STATE_VERIFIED, ItemEvent::kVerified},
        {COMMAND_STATE_NOT_VERIFIED, ItemEvent::kFailed},
        {COMMAND_STATE_CONTRADICTED, ItemEvent::kFailed},
        {COMMAND_STATE_EXPIRED, ItemEvent::kFailed},
        {COMMAND_STATE_CANCELLED, ItemEvent::kCancelled},
        {COMMAND_STATE_REFUSED, ItemEvent::kFailed},
        {COMMAND_STATE_STILL_HELD, ItemEvent::kFailed}};
    for (const auto& [state, event] : expected) {
        Command command;
        command.set_state(state);
        INFO(CommandState_Name(state));
        CHECK(report_from_proto(command).event == event);
        CHECK(report_from_proto(command).reason.empty() == (event != ItemEvent::kFailed));
    }
    Command held;
    held.set_state(COMMAND_STATE_STILL_HELD);
    CHECK(report_from_proto(held).reason == "STILL_HELD");
    Command kept;  // Account said no right before the wire.
    kept.set_state(COMMAND_STATE_CANCELLED);
    kept.set_failure_reason("KEEP_POWER");
    CHECK(report_from_proto(kept).event == ItemEvent::kFailed);
    CHECK(report_from_proto(kept).reason == "KEEP_POWER");
}

}  // namespace prepay::scheduler
