#include <map>
#include <random>

#include "integration/alarm/world.h"

namespace prepay::alarm::test {

using prepay::test::TestDatabase;

TEST_CASE("2h: three levels and the cut, told by mail, end with a payment") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    SmtpSink smtp;
    World world(scratch.open(), smtp.url());
    std::int64_t version = 0;
    for (const std::int64_t balance : {100, 40, 15, 3, 0, -2}) {
        REQUIRE(world.deliver({change_of(++version, balance)}).ok());
    }
    world.send_to_the_end();
    CHECK(world.notifications() ==
          "1 email sent 1\n2 email sent 1\n3 email sent 1\n4 email sent 1\n");
    CHECK(smtp.mails().size() == 4);
    CHECK(world.count("episodes WHERE state = 'OPEN'") == 4);
    REQUIRE(world.deliver({change_of(++version, 100)}).ok());
    CHECK(world.count("episodes WHERE state = 'ENDED' AND end_time >= start_time") == 4);
    CHECK(world.send_all() == 0);
    // Each opening and each end is published, by account.
    CHECK(world.count("outbox WHERE topic = 'prepay.alarm.alarms.v1' AND message_key = 'a-1'") ==
          8);
    v1::EpisodeChanged last;
    const std::string payload =
        world.database
            ->read([](pqxx::work& tx) -> Result<std::string> {
                return pqxx::binarystring(
                           tx.exec1(
                               "SELECT payload FROM outbox ORDER BY outbox_id DESC LIMIT 1")[0])
                    .str();
            })
            .value();
    REQUIRE(last.ParseFromString(payload));
    CHECK(last.episode().state() == v1::EPISODE_STATE_ENDED);
    CHECK(last.episode().notification_count() == 1);
    CHECK(last.header().producer() == "prepay-alarm");
    // The next fall is a new episode with a message of its own.
    REQUIRE(world.deliver({change_of(++version, 49)}).ok());
    CHECK(world.send_all() == 1);
}

TEST_CASE("I-16: duplicated, reordered and batched events give the episodes of the clean run") {
    SKIP_WITHOUT_POSTGRES();
    std::mt19937 random(16);
    std::vector<account::v1::BalanceChange> history;
    std::map<std::string, std::int64_t> versions;
    for (int i = 0; i < 300; ++i) {
        const std::string account = "a-" + std::to_string(random() % 7);
        history.push_back(
            change_of(++versions[account], static_cast<int>(random() % 80) - 10, account));
    }
    const auto run = [&](bool is_noisy) {
        const TestDatabase scratch("alarm", alarm_migrations());
        World world(scratch.open(), "smtp://127.0.0.1:1");
        for (std::size_t i = 0; i < history.size();) {
            std::vector<account::v1::BalanceChange> batch = {history[i++]};
            while (is_noisy && i < history.size() && random() % 3 != 0) {
                batch.push_back(history[i++]);
            }
            for (std::size_t n = is_noisy ? random() % 4 : 0; n > 0; --n) {
                batch.push_back(history[random() % i]);
            }
            REQUIRE(world.deliver(batch).ok());
            if (is_noisy && random() % 4 == 0) {
                REQUIRE(world.deliver(batch).ok());
            }
        }
        return std::pair(world.count("episodes"), world.count("notifications"));
    };
    const auto clean = run(false);
    CHECK(clean.first > 100);
    CHECK(clean.second == clean.first);
    CHECK(run(true) == clean);
}

TEST_CASE("a first event of a low account opens; closed and vacancy accounts do not") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    World world(scratch.open(), "smtp://127.0.0.1:1");
    auto closed = change_of(3, 1, "closed");
    closed.set_state(account::v1::ACCOUNT_STATE_CLOSED);
    auto vacancy = change_of(9, -500, "vacancy");
    vacancy.set_vacancy(true);
    vacancy.clear_alarm_levels();
    REQUIRE(world.deliver({change_of(7, 10, "low"), closed, vacancy}).ok());
    CHECK(world.count("episodes WHERE account_id = 'low'") == 2);
    CHECK(world.count("episodes") == 2);
    CHECK(world.count("accounts") == 3);
}

TEST_CASE("a message that can never be taken in is named so, and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    World world(scratch.open(), "smtp://127.0.0.1:1");
    auto no_levels = change_of(1, 10);
    no_levels.clear_alarm_levels();
    CHECK(error_reason(world.deliver({change_of(1, 10, "good"), no_levels})) == "BAD_MESSAGE");
    CHECK(error_reason(world.deliver({change_of(1, 10, "")})) == "BAD_MESSAGE");
    CHECK(error_reason(world.deliver({change_of(1, 10, std::string("a\0b", 3))})) == "BAD_MESSAGE");
    kafka::Message garbage;
    garbage.payload = "\xff\xff\xff";
    CHECK(error_reason(world.database->transact([&](pqxx::work& tx) {
              return take_balance_changes(world.writer, tx, {garbage});
          })) == "BAD_MESSAGE");
    CHECK(world.count("accounts") == 0);
    CHECK(world.count("outbox") == 0);
}

TEST_CASE("2j: a level is told again by its count and gap while it lasts") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    SmtpSink smtp;
    World world(scratch.open(), smtp.url());
    world.config.repeats[0] = {3, std::chrono::hours(24)};
    REQUIRE(world.deliver({change_of(1, 40)}).ok());
    CHECK(world.send_all() == 1);
    CHECK(world.store.plan_repeats(world.clock.now()).value() == 0);
    world.clock.time += std::chrono::hours(24);
    REQUIRE(world.deliver({change_of(2, 33)}).ok());
    CHECK(world.store.plan_repeats(world.clock.now()).value() == 1);
    CHECK(world.store.plan_repeats(world.clock.now()).value() == 0);
    CHECK(world.send_all() == 1);
    // The repeat tells the balance of now.
    CHECK(world.count("notifications WHERE nth = 2 AND body LIKE '%33.00%'") == 1);
    world.clock.time += std::chrono::hours(24);
    CHECK(world.store.plan_repeats(world.clock.now()).value() == 1);
    world.clock.time += std::chrono::hours(48);
    CHECK(world.store.plan_repeats(world.clock.now()).value() == 0);
    CHECK(world.send_all() == 1);
    CHECK(world.count("notifications") == 3);
    // An ended episode is not told again.
    REQUIRE(world.deliver({change_of(3, 99), change_of(4, 40), change_of(5, 99)}).ok());
    world.clock.time += std::chrono::hours(48);
    CHECK(world.store.plan_repeats(world.clock.now()).value() == 0);
}

}  // namespace prepay::alarm::test
