#include <catch2/catch.hpp>

#include "app/dispatch_items.h"
#include "support/doubtful_clock.h"

namespace prepay::scheduler {
namespace {

/// Has always something due, and counts.
class BusyStore final : public TaskStore {
public:
    int started = 0;
    int claimed = 0;
    Result<int> start_due(Instant) override { return ++started; }
    Result<std::vector<ClaimedItem>> claim(Instant now, Duration, int) override {
        ++claimed;
        ClaimedItem item;
        item.item_id = "item";
        item.fence = 1;
        item.not_after = now + std::chrono::hours(1);
        return std::vector<ClaimedItem>{item};
    }
    Status apply(const std::vector<ItemUpdate>&, Instant) override { return absl::OkStatus(); }
    Result<std::vector<SentItem>> claim_sent(Instant, Duration, int) override {
        return std::vector<SentItem>();
    }
    Status note_cancel_answered(const std::vector<std::string>&) override {
        return absl::OkStatus();
    }
};

class CountingGateway final : public Gateway {
public:
    int submitted = 0;
    Result<CommandReport> submit(const ClaimedItem&) override {
        ++submitted;
        return CommandReport{ItemEvent::kSubmitted, ""};
    }
    Result<CommandReport> get(const std::string&) override {
        return CommandReport{ItemEvent::kSubmitted, ""};
    }
    Result<CommandReport> cancel(const std::string&, const std::string&) override {
        return CommandReport{ItemEvent::kSubmitted, ""};
    }
};

}  // namespace

TEST_CASE("I-24 no task begins and no order goes out while the clock is in doubt") {
    BusyStore store;
    CountingGateway gateway;
    test::DoubtfulClock time;
    telemetry::Metrics telemetry;
    SchedulerMetrics metrics(telemetry);
    ItemDispatch dispatch(store, gateway, {}, time.clock, metrics);
    REQUIRE(start_due_tasks(store, time.clock, metrics).ok());
    REQUIRE(dispatch.run_once().value() == 1);
    REQUIRE(store.started == 1);
    REQUIRE(gateway.submitted == 1);
    for (const auto by : {std::chrono::hours(24), std::chrono::hours(-24)}) {
        time.step(by);
        REQUIRE(is_in_doubt(time.clock));
        const int started = store.started;
        const int claimed = store.claimed;
        const int submitted = gateway.submitted;
        CHECK(start_due_tasks(store, time.clock, metrics).ok());
        CHECK(dispatch.run_once().value() == 0);
        CHECK(store.started == started);
        CHECK(store.claimed == claimed);
        CHECK(gateway.submitted == submitted);
        time.heal(by);
        REQUIRE_FALSE(is_in_doubt(time.clock));
        CHECK(start_due_tasks(store, time.clock, metrics).ok());
        CHECK(dispatch.run_once().value() == 1);
        CHECK(gateway.submitted == submitted + 1);
    }
}

}  // namespace prepay::scheduler
