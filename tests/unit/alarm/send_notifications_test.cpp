#include "app/send_notifications.h"

#include <catch2/catch.hpp>
#include <deque>
#include <map>

#include "support/fake_clock.h"

namespace prepay::alarm {
namespace {

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
    std::vector<std::string> bodies;
    DeliveryReport send(const OutgoingNotification& notification) override {
        sent.push_back(notification.notification_id);
        bodies.push_back(notification.body);
        return report;
    }
};

class FakeLinks final : public PayLinks {
public:
    Status status = absl::OkStatus();
    std::vector<std::string> asked;
    Result<std::string> link_of(const std::string& account_id,
                                const std::string& episode_id) override {
        asked.push_back(account_id + "/" + episode_id);
        if (!status.ok()) {
            return status;
        }
        return "https://pay.example/m/#t=token-of-" + account_id;
    }
};

struct World {
    FakeStore store;
    FakeSender email;
    FakeSender webhook;
    test::FakeClock clock;
    telemetry::Metrics telemetry;
    AlarmMetrics metrics{telemetry};
    FakeLinks links;
    NotificationSending sending{
        store,       Senders{email, webhook}, links, "https://pay.example/m/",
        RetryRule{}, std::chrono::seconds(7), clock, metrics};
    void add_mail(bool to_customer, const std::string& episode_id, int attempt_count) {
        OutgoingNotification notification;
        notification.notification_id = "n-" + std::to_string(attempt_count);
        notification.account_id = "a-1";
        notification.episode_id = episode_id;
        notification.to_customer = to_customer;
        notification.body = "pay here:\nhttps://pay.example/m/\n";
        notification.attempt.count = attempt_count;
        store.due.push_back(notification);
    }
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
    CHECK(world.sending.run_once().value());
    CHECK(world.sending.run_once().value());
    CHECK_FALSE(world.sending.run_once().value());
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
    CHECK_FALSE(world.sending.run_once().ok());
    CHECK_FALSE(world.sending.run_once().ok());
    CHECK(world.email.sent == std::vector<std::string>{"a"});
    CHECK(world.sending.run_once().value());
    CHECK(world.store.marks.at("a").state == NotificationState::kSent);
    CHECK(world.email.sent == std::vector<std::string>{"a", "b"});
}

TEST_CASE("which mails carry the tenant's own link") {
    const Status away = unavailable("CONSOLE_UNAVAILABLE", "away");
    const Status closed = failed_precondition("ACCOUNT_CLOSED", "closed");
    const std::string plain = "pay here:\nhttps://pay.example/m/\n";
    const std::string own = "pay here:\nhttps://pay.example/m/#t=token-of-a-1\n";
    struct Row {
        const char* what;
        bool to_customer;
        const char* episode_id;
        int attempt_count;
        Status links;
        std::size_t asked;
        std::string body;  // Empty: nothing is sent this time.
    };
    const Row rows[] = {
        // what               customer episode try  console          asked  mail
        {"the customer's", true, "e-1", 1, absl::OkStatus(), 1, own},
        {"its retry", true, "e-1", 3, absl::OkStatus(), 1, own},
        {"a copy to another", false, "e-1", 1, absl::OkStatus(), 0, plain},
        {"a test of a channel", true, "", 1, absl::OkStatus(), 0, plain},
        {"console away", true, "e-1", 1, away, 1, ""},
        {"away again", true, "e-1", 2, away, 1, plain},
        {"the last try", true, "e-1", 6, away, 1, plain},
        {"account closed", true, "e-1", 1, closed, 1, plain},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        World world;
        world.links.status = row.links;
        world.add_mail(row.to_customer, row.episode_id, row.attempt_count);
        CHECK(world.sending.run_once().value());
        CHECK(world.links.asked.size() == row.asked);
        REQUIRE(world.email.bodies.size() == (row.body.empty() ? 0U : 1U));
        const NextStep& step = world.store.marks.begin()->second;
        if (row.body.empty()) {
            CHECK(step.state == NotificationState::kWaiting);
            CHECK(step.reason == "PAY_LINK_UNAVAILABLE");
        } else {
            CHECK(world.email.bodies[0] == row.body);
            CHECK(step.state == NotificationState::kSent);
        }
    }
}

TEST_CASE("a mail with one try does not wait for its link") {
    CHECK_FALSE(waits_for_link({1}, kOneTry));
    CHECK(waits_for_link({1}, RetryRule{}));
    CHECK_FALSE(waits_for_link({2}, RetryRule{}));
}

}  // namespace prepay::alarm
