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

TEST_CASE("I-16: nothing is sent twice after a crash at any point around the send") {
    SKIP_WITHOUT_POSTGRES();
    struct Row {
        const char* crash_point;
        const char* after_restart;
        std::size_t mails;  // Ever taken by the server.
        std::size_t hooks;
    };
    // The mail goes first: its row is the older one.
    const Row rows[] = {
        // Nothing was committed: the event comes again.
        {"alarm.stored", "1 email sent 1\n1 webhook sent 1\n", 1, 1},
        // Marked, not yet sent: nobody can know that, so it is not sent.
        {"alarm.sending:1", "1 email unknown 1 ANSWER_LOST\n1 webhook sent 1\n", 0, 1},
        {"alarm.sending:2", "1 email sent 1\n1 webhook unknown 1 ANSWER_LOST\n", 1, 0},
        // Sent, not yet recorded.
        {"alarm.sent:1", "1 email unknown 1 ANSWER_LOST\n1 webhook sent 1\n", 1, 1},
        {"alarm.sent:2", "1 email sent 1\n1 webhook unknown 1 ANSWER_LOST\n", 1, 1},
        // Recorded.
        {"alarm.marked:1", "1 email sent 1\n1 webhook sent 1\n", 1, 1},
        {"alarm.marked:2", "1 email sent 1\n1 webhook sent 1\n", 1, 1},
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
    }
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
    const NextStep sent{NotificationState::kSent, Duration(0), ""};
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
