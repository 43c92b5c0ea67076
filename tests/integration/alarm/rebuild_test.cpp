// A new alarm beside an account whose outbox no longer reaches back.

#include "integration/account/owner.h"
#include "integration/alarm/world.h"

namespace prepay::alarm::test {
namespace {

constexpr std::int64_t kYuan = 1'000'000;
constexpr int kPartitions = 2;

/// A whole alarm that consumes account's topics.
struct Alarm {
    explicit Alarm(account::test::AccountOwner& account)
        : world(files.open(), "smtp://127.0.0.1:1"),
          reader(*world.database, world.outbox, handlers(world.writer), {}, {&account.stream()}) {}

    /// Accounts that anything was posted to (a snapshot tells of the others too), the episodes that
    /// are open and what is said about them, without times and ids that each alarm makes itself.
    std::string state() {
        return world.database
            ->read([](pqxx::work& tx) -> Result<std::string> {
                std::string text;
                for (const char* sql :
                     {"SELECT (to_jsonb(a) - 'update_time')::text AS line FROM accounts a"
                      " WHERE version > 0",
                      "SELECT concat_ws(' ', account_id, site_id, level, customer_name) AS line"
                      " FROM episodes WHERE state = 'OPEN'",
                      "SELECT concat_ws(' ', n.account_id, n.level, channel_kind, recipient)"
                      " AS line FROM notifications n JOIN episodes USING (episode_id)"
                      " WHERE episodes.state = 'OPEN'"}) {
                    for (const auto& row : tx.exec(std::string(sql) + " ORDER BY line")) {
                        text += row["line"].as<std::string>() + "\n";
                    }
                    text += "\n";
                }
                return text;
            })
            .value();
    }

    prepay::test::TestDatabase files{"alarm", alarm_migrations()};
    World world;
    prepay::test::OwnersReader reader;
};

}  // namespace

TEST_CASE("a fresh alarm beyond retention ends where one that consumed everything is") {
    SKIP_WITHOUT_POSTGRES();
    account::test::AccountOwner account(kPartitions);
    std::vector<std::string> ids;
    for (int i = 1; i <= 7; ++i) {
        const std::string room = "r" + std::to_string(i);
        account.make_room(room);
        ids.push_back(account.open(room, 100 * kYuan));
    }
    // Down through the levels, some up again, some for the second time.
    account.charge({{ids[0], 60 * kYuan}, {ids[1], 90 * kYuan}, {ids[2], 99 * kYuan}});
    account.charge({{ids[0], 50 * kYuan}, {ids[3], 97 * kYuan}});
    account.top_up(ids[1], 100 * kYuan);
    account.top_up(ids[2], 30 * kYuan);
    account.charge({{ids[1], 100 * kYuan}, {ids[4], 1 * kYuan}, {ids[5], 51 * kYuan}});
    account.stream().publish();

    Alarm old(account);
    old.reader.catch_up();
    CHECK(old.reader.snapshot_count() == 0);
    const auto history = account.stream().forget();
    REQUIRE(error_reason(account.stream()
                             .replay(kBalanceChangesTopic, history.front().partition, 1, 2)
                             .status()) == "REPLAY_TOO_OLD");

    Alarm fresh(account);
    CHECK(fresh.state() != old.state());
    fresh.reader.catch_up();
    const std::int64_t snapshots = fresh.reader.snapshot_count();
    CHECK(snapshots > 0);
    CHECK(fresh.state() == old.state());
    const std::int64_t episodes = fresh.world.count("episodes");
    CHECK(episodes > 0);
    CHECK(episodes < old.world.count("episodes"));  // What had ended is not told again.

    // Messages that arrive late after all, by their number or past it, are known.
    fresh.reader.repeat(history);
    for (const kafka::Message& message : history) {
        if (message.topic == kBalanceChangesTopic) {
            REQUIRE(fresh.world.database
                        ->transact([&](pqxx::work& tx) {
                            return outbox::handle(handlers(fresh.world.writer), tx, {message});
                        })
                        .ok());
        }
    }
    CHECK(fresh.state() == old.state());
    CHECK(fresh.world.count("episodes") == episodes);

    // Both go on alike.
    account.charge({{ids[4], 60 * kYuan}, {ids[5], 30 * kYuan}, {ids[6], 96 * kYuan}});
    account.top_up(ids[0], 500 * kYuan);
    account.stream().publish();
    for (Alarm* alarm : {&old, &fresh}) {
        const std::string before = alarm->state();
        alarm->reader.catch_up();
        CHECK(alarm->state() != before);
    }
    CHECK(fresh.reader.snapshot_count() == snapshots);
    CHECK(fresh.state() == old.state());
}

}  // namespace prepay::alarm::test
