#include "support/crash.h"
#include "integration/alarm/world.h"

namespace prepay::alarm::test {

using prepay::test::environment;
using prepay::test::TestDatabase;

// It takes one event in and sends.
TEST_CASE("the process that crashes", "[.alarm-child]") {
    pg::DatabaseOptions options;
    options.url = environment("ALARM_CHILD_DATABASE");
    options.schema = "alarm";
    World world(std::make_unique<pg::Database>(options), environment("ALARM_CHILD_SMTP"));
    if (!environment("ALARM_CHILD_HOOK").empty()) {
        world.put_webhook(environment("ALARM_CHILD_HOOK"));
    }
    REQUIRE(world.deliver({change_of(1, 40)}).ok());
    world.send_all();
}

TEST_CASE("I-16: a crash at any point around the send loses no message silently") {
    SKIP_WITHOUT_POSTGRES();
    struct Row {
        const char* crash_point;
        const char* after_restart;
        std::size_t mails;  // Ever taken by the server, before the second try.
        std::size_t hooks;
        const char* at_the_end;
        std::size_t mails_at_the_end;
    };
    const char* all_sent = "1 email sent 1\n1 webhook sent 1\n";
    const char* hook_again = "1 email sent 1\n1 webhook sent 2\n";
    const char* mail_unknown = "1 email unknown 1 ANSWER_LOST\n1 webhook sent 1\n";
    const char* mail_again = "1 email sent 2\n1 webhook sent 1\n";
    // The mail goes first: its row is the older one.
    const Row rows[] = {
        // Nothing was committed: the event comes again.
        {"alarm.stored", all_sent, 1, 1, all_sent, 1},
        // Marked, not yet sent: nobody can know that.
        {"alarm.sending:1", mail_unknown, 0, 1, mail_again, 1},
        {"alarm.sending:2", hook_again, 1, 1, hook_again, 1},
        // Sent, not yet recorded: the webhook's key tells the second from the first.
        {"alarm.sent:1", mail_unknown, 1, 1, mail_again, 2},
        {"alarm.sent:2", hook_again, 1, 2, hook_again, 1},
        // Recorded.
        {"alarm.marked:1", all_sent, 1, 1, all_sent, 1},
        {"alarm.marked:2", all_sent, 1, 1, all_sent, 1},
    };
    const TestDatabase scratch("alarm", alarm_migrations());
    for (const Row& row : rows) {
        INFO(row.crash_point);
        wipe(scratch);
        SmtpSink smtp;
        HttpSink http;
        REQUIRE(prepay::test::dies_at(row.crash_point, "[.alarm-child]",
                                      {{"ALARM_CHILD_DATABASE", scratch.options().url},
                                       {"ALARM_CHILD_SMTP", smtp.url()},
                                       {"ALARM_CHILD_HOOK", http.url()}}));
        World world(scratch.open(), smtp.url());
        REQUIRE(world.deliver({change_of(1, 40)}).ok());  // The broker gives it again.
        // Before the lease of the dead process ends, its row is nobody's.
        CHECK(world.store.close_abandoned(world.clock.now()).value() == 0);
        world.send_all();
        world.clock.time += std::chrono::minutes(5);
        CHECK(world.store.close_abandoned(world.clock.now()).ok());
        world.send_to_the_end();
        CHECK(world.notifications() == row.after_restart);
        CHECK(smtp.mails().size() == row.mails);
        CHECK(http.requests().size() == row.hooks);
        for (const HttpRequest& request : http.requests()) {
            CHECK(request.header("Idempotency-Key") ==
                  http.requests().front().header("Idempotency-Key"));
        }
        world.clock.time += world.config.retry.unknown_retry_after;
        world.send_to_the_end();
        CHECK(world.send_all() == (row.at_the_end == mail_again ? 1 : 0));
        CHECK(world.notifications() == row.at_the_end);
        CHECK(smtp.mails().size() == row.mails_at_the_end);
    }
}

TEST_CASE("I-16: a mail whose answer is lost twice stays unknown") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    SmtpSink smtp;
    World world(scratch.open(), smtp.url());
    smtp.set_mode(SmtpMode::kDropAfterText);
    REQUIRE(world.deliver({change_of(1, 40)}).ok());
    CHECK(world.send_all() == 1);
    CHECK(world.notifications() == "1 email unknown 1 ANSWER_LOST\n");
    CHECK(world.send_all() == 0);
    world.clock.time += world.config.retry.unknown_retry_after;
    CHECK(world.send_all() == 1);
    CHECK(world.notifications() == "1 email unknown 2 ANSWER_LOST\n");
    world.clock.time += std::chrono::hours(48);
    CHECK(world.send_all() == 0);
    CHECK(smtp.mails().size() == 2);
}

TEST_CASE("I-16: a mark that comes after its lease knows better than UNKNOWN") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    SmtpSink smtp;
    World world(scratch.open(), smtp.url());
    REQUIRE(world.deliver({change_of(1, 40)}).ok());
    const auto claimed = world.store.claim_next(world.clock.now(), std::chrono::seconds(1)).value();
    REQUIRE(claimed);
    world.clock.time += std::chrono::seconds(2);
    CHECK(world.store.close_abandoned(world.clock.now()).value() == 1);
    CHECK(world.notifications() == "1 email unknown 1 ANSWER_LOST\n");
    const NextStep sent{NotificationState::kSent, std::nullopt, ""};
    // Of an attempt that never was: nothing.
    REQUIRE(world.store.mark(claimed->notification_id, 2, sent, world.clock.now()).ok());
    CHECK(world.notifications() == "1 email unknown 1 ANSWER_LOST\n");
    REQUIRE(world.store.mark(claimed->notification_id, 1, sent, world.clock.now()).ok());
    CHECK(world.notifications() == "1 email sent 1\n");
    // A final mark stays.
    const NextStep again{NotificationState::kWaiting, Duration(0), "HTTP_500"};
    REQUIRE(world.store.mark(claimed->notification_id, 1, again, world.clock.now()).ok());
    CHECK(world.notifications() == "1 email sent 1\n");
}

}  // namespace prepay::alarm::test
