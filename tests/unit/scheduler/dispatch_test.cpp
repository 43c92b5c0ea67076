#include <catch2/catch.hpp>
#include <map>

#include "app/dispatch_items.h"
#include "app/resolve_sent.h"

namespace prepay::scheduler {
namespace {

class FakeClock final : public Clock {
public:
    Instant time = from_micros(1'767'571'200'000'000);
    [[nodiscard]] Instant now() const override { return time; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(time.time_since_epoch());
    }
};

class FakeStore final : public TaskStore {
public:
    std::vector<ClaimedItem> waiting;
    std::vector<SentItem> sent;
    std::map<std::string, ItemUpdate> updates;
    std::vector<std::string> cancels_answered;

    Result<int> start_due(Instant) override { return 0; }
    Result<std::vector<ClaimedItem>> claim(Instant, Duration, int) override { return waiting; }
    Status apply(const std::vector<ItemUpdate>& all, Instant) override {
        for (const ItemUpdate& update : all) {
            updates[update.item_id] = update;
        }
        return absl::OkStatus();
    }
    Result<std::vector<SentItem>> claim_sent(Instant, Duration, int) override { return sent; }
    Status note_cancel_answered(const std::vector<std::string>& ids) override {
        cancels_answered = ids;
        return absl::OkStatus();
    }
};

// Answers by item id; every call takes `call_time`.
class FakeGateway final : public Gateway {
public:
    explicit FakeGateway(FakeClock& clock) : clock_(clock) {}
    std::map<std::string, Result<CommandReport>> answers;
    std::vector<std::string> calls;
    Duration call_time{0};

    Result<CommandReport> submit(const ClaimedItem& item) override {
        return answer("submit", item.item_id);
    }
    Result<CommandReport> get(const std::string& id) override { return answer("get", id); }
    Result<CommandReport> cancel(const std::string& id, const std::string&) override {
        return answer("cancel", id);
    }

private:
    Result<CommandReport> answer(const std::string& what, const std::string& id) {
        calls.push_back(what + " " + id);
        clock_.time += call_time;
        const auto found = answers.find(id);
        return found == answers.end() ? CommandReport{ItemEvent::kSubmitted, ""} : found->second;
    }
    FakeClock& clock_;
};

struct World {
    FakeClock clock;
    FakeStore store;
    FakeGateway gateway{clock};
    telemetry::Metrics telemetry;
    SchedulerMetrics metrics{telemetry};
    DispatchRules rules;
    ItemDispatch dispatch{store, gateway, rules, clock, metrics};
    SentResolution resolution{store, gateway, {}, clock};

    ClaimedItem& add(const std::string& id, std::int64_t fence = 1) {
        ClaimedItem item;
        item.item_id = id;
        item.fence = fence;
        item.not_after = clock.time + std::chrono::minutes(30);
        item.last_submit_time = clock.time - std::chrono::minutes(5);
        store.waiting.push_back(item);
        return store.waiting.back();
    }
    ItemEvent event(const std::string& id) { return store.updates.at(id).event; }
};

}  // namespace

TEST_CASE("a gateway that cannot be reached gets one call; the rest of the claim is put back") {
    World world;
    for (const char* id : {"a", "b", "c"}) {
        world.add(id);
    }
    world.gateway.answers.emplace("b", unavailable("PEER_UNAVAILABLE", "away"));
    CHECK(world.dispatch.run_once().value() == 3);
    CHECK(world.gateway.calls == std::vector<std::string>{"submit a", "submit b"});
    CHECK(world.event("a") == ItemEvent::kSubmitted);
    CHECK(world.event("b") == ItemEvent::kDeferred);
    CHECK(world.store.updates.at("b").attempted);
    CHECK(world.event("c") == ItemEvent::kDeferred);
    CHECK_FALSE(world.store.updates.at("c").attempted);
    CHECK(world.store.updates.at("c").retry_time > world.clock.time);
}

TEST_CASE("a refusal is final and keeps the gateway's word") {
    World world;
    world.add("a");
    world.add("b");
    world.gateway.answers.emplace("a", not_found("METER_NOT_FOUND", "no such meter"));
    CHECK(world.dispatch.run_once().ok());
    CHECK(world.event("a") == ItemEvent::kFailed);
    CHECK(world.store.updates.at("a").reason == "METER_NOT_FOUND");
    CHECK(world.event("b") == ItemEvent::kSubmitted);
}

TEST_CASE("I-17: nothing is submitted near the end of the lease") {
    World world;
    for (int i = 0; i < 30; ++i) {
        world.add("item-" + std::to_string(i));
    }
    world.gateway.call_time = std::chrono::seconds(5);
    CHECK(world.dispatch.run_once().ok());
    // 60 s of lease less twice the call time-out of 5 s: calls begin at 0, 5 … 45.
    CHECK(world.gateway.calls.size() == 10);
    CHECK(world.event("item-29") == ItemEvent::kDeferred);
}

TEST_CASE("an item that may have been submitted is asked about once it must not be submitted") {
    World world;
    world.add("late", 2).not_after = world.clock.time;
    world.add("late-first", 1).not_after = world.clock.time;
    world.add("withdrawn", 2).cancel_requested = true;
    world.add("there", 2).cancel_requested = true;
    ClaimedItem& fresh = world.add("in-flight", 2);
    fresh.cancel_requested = true;
    fresh.last_submit_time = world.clock.time - std::chrono::seconds(20);
    for (const char* id : {"late", "withdrawn", "in-flight"}) {
        world.gateway.answers.emplace(id, not_found("COMMAND_NOT_FOUND", "no such command"));
    }
    world.gateway.answers.emplace("there", CommandReport{ItemEvent::kVerified, ""});
    CHECK(world.dispatch.run_once().ok());
    for (const std::string& call : world.gateway.calls) {
        CHECK(call.rfind("get ", 0) == 0);
    }
    CHECK(world.event("late") == ItemEvent::kFailed);
    CHECK(world.store.updates.at("late").reason == "EXPIRED");
    CHECK(world.event("late-first") == ItemEvent::kFailed);
    CHECK(world.event("withdrawn") == ItemEvent::kCancelled);
    CHECK(world.event("there") == ItemEvent::kVerified);
    // Submitted 20 s ago with an answer lost: the command may still be on its way in.
    CHECK(world.event("in-flight") == ItemEvent::kDeferred);
}

TEST_CASE("sent items: lost results are asked for, cancels go out until they are answered") {
    World world;
    world.store.sent = {{"done", "", ""},     {"open", "", ""},      {"gone", "", ""},
                        {"queued", "c1", ""}, {"on-wire", "c2", ""}, {"away", "c3", ""},
                        {"after", "c4", ""}};
    world.gateway.answers.emplace("done", CommandReport{ItemEvent::kVerified, ""});
    world.gateway.answers.emplace("gone", not_found("COMMAND_NOT_FOUND", "no such command"));
    world.gateway.answers.emplace("queued", CommandReport{ItemEvent::kCancelled, ""});
    world.gateway.answers.emplace("on-wire", failed_precondition("COMMAND_ON_WIRE", "too late"));
    world.gateway.answers.emplace("away", unavailable("PEER_UNAVAILABLE", "away"));
    CHECK(world.resolution.run_once().value() == 7);
    CHECK(world.event("done") == ItemEvent::kVerified);
    CHECK(world.event("open") == ItemEvent::kSubmitted);
    CHECK(world.store.updates.at("gone").reason == "COMMAND_LOST");
    CHECK(world.event("queued") == ItemEvent::kCancelled);
    CHECK(world.store.updates.count("on-wire") == 0);
    CHECK(world.store.updates.count("away") == 0);
    CHECK(world.store.cancels_answered == std::vector<std::string>{"queued", "on-wire"});
    CHECK(world.gateway.calls.back() == "cancel away");
}

}  // namespace prepay::scheduler
