#include "app/send_notifications.h"

#include <catch2/catch.hpp>
#include <deque>
#include <map>

namespace prepay::alarm {
namespace {

class FakeClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return from_micros(1'767'571'200'000'000); }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return {}; }
};

class FakeStore final : public NotificationStore {
public:
    std::deque<OutgoingNotification> due;
    std::map<std::string, NextStep> marks;
    int mark_failures = 0;
    Duration lease{0};

    Result<std::optional<OutgoingNotification>> claim_next(Instant, Duration wanted) override {
        lease = wanted;
        if (due.empty()) {
            return std::optional<OutgoingNotification>();
        }
        const OutgoingNotification next = due.front();
        due.pop_front();
        return std::optional<OutgoingNotification>(next);
    }
    Status mark(const std::string& id, int, const NextStep& step, Instant) override {
        if (mark_failures > 0) {
            --mark_failures;
            return unavailable("DATABASE_UNAVAILABLE", "away");
        }
        marks[id] = step;
        return absl::OkStatus();
    }
    Result<int> close_abandoned(Instant) override { return 0; }
    Result<int> plan_repeats(Instant) override { return 0; }
    Result<int> count_waiting() override { return 0; }
};

class FakeSender final : public MessageSender {
public:
    DeliveryReport report{Delivery::kSent, ""};
    std::vector<std::string> sent;
    DeliveryReport send(const OutgoingNotification& notification) override {
        sent.push_back(notification.notification_id);
        return report;
    }
};

struct World {
    FakeStore store;
    FakeSender email;
    FakeSender webhook;
    FakeClock clock;
    telemetry::Metrics telemetry;
    AlarmMetrics metrics{telemetry};
    NotificationSending sending{store, email,  webhook, RetryRule{}, std::chrono::seconds(7),
                                clock, metrics};
    void add(const std::string& id, ChannelKind kind) {
        OutgoingNotification notification;
        notification.notification_id = id;
        notification.kind = kind;
        store.due.push_back(notification);
    }
};

}  // namespace

TEST_CASE("each kind goes to its sender and its outcome is recorded") {
    World world;
    world.add("a", ChannelKind::kEmail);
    world.add("b", ChannelKind::kWebhook);
    world.webhook.report = {Delivery::kUnknown, "ANSWER_LOST"};
    CHECK(world.sending.send_next().value());
    CHECK(world.sending.send_next().value());
    CHECK_FALSE(world.sending.send_next().value());
    CHECK(world.email.sent == std::vector<std::string>{"a"});
    CHECK(world.webhook.sent == std::vector<std::string>{"b"});
    CHECK(world.store.marks.at("a").state == NotificationState::kSent);
    CHECK(world.store.marks.at("b").state == NotificationState::kUnknown);
    CHECK(world.store.marks.at("b").delay);
    CHECK(world.store.lease > 2 * std::chrono::seconds(7));
}

TEST_CASE("an outcome the database did not take is recorded before anything else is sent") {
    World world;
    world.add("a", ChannelKind::kEmail);
    world.add("b", ChannelKind::kEmail);
    world.store.mark_failures = 2;
    CHECK_FALSE(world.sending.send_next().ok());
    CHECK_FALSE(world.sending.send_next().ok());
    CHECK(world.email.sent == std::vector<std::string>{"a"});
    CHECK(world.sending.send_next().value());
    CHECK(world.store.marks.at("a").state == NotificationState::kSent);
    CHECK(world.email.sent == std::vector<std::string>{"a", "b"});
}

}  // namespace prepay::alarm
