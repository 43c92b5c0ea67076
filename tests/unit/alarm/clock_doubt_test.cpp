#include <catch2/catch.hpp>

#include "app/send_notifications.h"
#include "support/doubtful_clock.h"

namespace prepay::alarm {
namespace {

/// Counts what is decided by the time.
class CountingStore final : public NotificationStore {
public:
    int abandoned = 0;
    int repeated = 0;
    Result<std::optional<OutgoingNotification>> claim_next(Instant, Duration) override {
        return std::optional<OutgoingNotification>();
    }
    Status mark(const std::string&, int, const NextStep&, Instant) override {
        return absl::OkStatus();
    }
    Result<int> close_abandoned(Instant) override { return ++abandoned; }
    Result<int> plan_repeats(Instant) override { return ++repeated; }
    Result<int> count_waiting() override { return 0; }
};

}  // namespace

TEST_CASE("I-24 no warning is repeated or given up while the clock is in doubt") {
    CountingStore store;
    test::DoubtfulClock time;
    telemetry::Metrics telemetry;
    const AlarmMetrics metrics(telemetry);
    REQUIRE(keep_house(store, time.clock, metrics).ok());
    CHECK(store.abandoned == 1);
    CHECK(store.repeated == 1);
    for (const auto by : {std::chrono::hours(24), std::chrono::hours(-1)}) {
        time.step(by);
        REQUIRE(is_in_doubt(time.clock));
        const int abandoned = store.abandoned;
        const int repeated = store.repeated;
        CHECK(keep_house(store, time.clock, metrics).ok());
        CHECK(store.abandoned == abandoned);
        CHECK(store.repeated == repeated);
        time.heal(by);
        REQUIRE_FALSE(is_in_doubt(time.clock));
        CHECK(keep_house(store, time.clock, metrics).ok());
        CHECK(store.repeated == repeated + 1);
    }
}

}  // namespace prepay::alarm
