// Kafka loses its last messages and nothing newer follows that would show the gap.

#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "e2e/actors.h"
#include "e2e/park.h"
#include "outbox/outbox.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::e2e {
namespace {

constexpr std::int64_t kPriceMicros = 1'000'000;  // 1 yuan a kWh.
constexpr std::int64_t kYuan = 1'000'000;
constexpr const char* kMeter = "m-tail";

struct Suite {
    Suite() {
        park.set_speed(0);
        park.add_room(kMeter, false, kPriceMicros);
        opening_wh = park.truth(kMeter).register_wh();
        account_id = park.open_account(kMeter, 10 * kYuan);
        park.set_cut_floor(account_id, 5 * kYuan);  // Levels at 8, 7 and 6.
        park.set_load(kMeter, 2000);
    }

    /// Runs the meter on by this much; then its register stands.
    void use(std::int64_t wh) {
        const std::int64_t wanted = consumed_wh() + wh;
        park.set_speed(1800);
        eventually("the meter has run on", [&] { return consumed_wh() >= wanted; });
        park.set_speed(0);
    }
    std::int64_t consumed_wh() { return park.truth(kMeter).register_wh() - opening_wh; }
    std::int64_t charged_wh() {
        std::int64_t sum = 0;
        for (const auto& charge : park.charges(kMeter)) {
            sum += charge.quantity();
        }
        return sum;
    }
    std::int64_t owed_micros() { return consumed_wh() * kPriceMicros / 1000; }
    std::unique_ptr<pg::Database> database(const std::string& schema) {
        pg::DatabaseOptions options;
        options.url = "postgresql://prepay_" + schema +
                      "@127.0.0.1:" + std::to_string(stack.port("postgres")) + "/prepay";
        options.schema = schema;
        options.pool_size = 1;
        return std::make_unique<pg::Database>(options);
    }
    /// Until Kafka has all that a service has to say.
    void wait_published(const std::string& schema) {
        const auto own = database(schema);
        eventually(schema + " has published everything", [&] {
            const auto backlog = outbox::measure_backlog(*own);
            return backlog.ok() && backlog->message_count == 0;
        });
    }
    bool holds(const std::string& schema, const std::string& sql) {
        return database(schema)
            ->read([&](pqxx::work& tx) -> Result<bool> { return pg::only<bool>(tx.exec1(sql)); })
            .value_or(false);
    }
    void signal(const std::vector<std::string>& names, int number) {
        for (const std::string& name : names) {
            stack.signal(name, number);
        }
    }
    /// The levels whose episode is open, against those that the balance asks for.
    void wait_alarms() {
        eventually("alarm knows the balance", [&] {
            const std::int64_t balance = park.account(account_id).balance_micros();
            std::multiset<int> wanted;
            for (int level = 1; level <= 3; ++level) {
                if (balance < (9 - level) * kYuan) {
                    wanted.insert(level);
                }
            }
            std::multiset<int> open;
            for (const auto& episode : park.episodes(account_id)) {
                if (episode.state() == alarm::v1::EPISODE_STATE_OPEN) {
                    open.insert(episode.level());
                }
            }
            return !wanted.empty() && open == wanted;
        });
    }
    void wait_reports() {
        eventually("reporting knows the charges",
                   [&] { return park.totals("").charge_micros() == owed_micros(); });
    }

    Stack stack{StackOptions{.is_watchful = true}};
    Park park{stack};
    std::int64_t opening_wh = 0;
    std::string account_id;
};

// Alarm and reporting lose what account said last, billing what the gateway said last.
void lose_account_and_readings(Suite& suite) {
    for (const char* schema : {"alarm", "reporting"}) {
        eventually(std::string(schema) + " knows the account", [&] {
            return suite.holds(schema, "SELECT count(*) = 1 FROM accounts WHERE version > 0");
        });
    }
    suite.signal({"alarm", "reporting"}, SIGSTOP);
    suite.use(2200);
    eventually("account has posted it", [&] {
        return suite.park.account(suite.account_id).balance_micros() ==
               10 * kYuan - suite.owed_micros();
    });
    const std::int64_t posted_micros = suite.owed_micros();
    suite.wait_published("account");
    suite.signal({"billing"}, SIGSTOP);
    suite.use(300);
    const std::int64_t last = suite.park.truth(kMeter).register_wh();
    eventually("the gateway has read it", [&] {
        return suite.holds("metering", "SELECT coalesce(max(register_total), 0) = " +
                                           std::to_string(last) + " FROM readings");
    });
    // Not one reading more.
    suite.park.set_fault(kMeter, simulator::v1::FAULT_KIND_SILENT);
    eventually("the meter is offline",
               [&] { return suite.holds("metering", "SELECT NOT bool_or(online) FROM meters"); });
    suite.wait_published("metering");
    suite.stack.wipe_kafka();
    suite.signal({"alarm", "reporting"}, SIGCONT);
    suite.wait_alarms();
    eventually("reporting knows what is posted",
               [&] { return suite.park.totals("").charge_micros() == posted_micros; });
    suite.signal({"billing"}, SIGCONT);
    eventually("billing has charged the last reading",
               [&] { return suite.charged_wh() == suite.consumed_wh(); });
}

// Account loses what billing said last.
void lose_charges(Suite& suite) {
    suite.signal({"account"}, SIGSTOP);
    suite.park.clear_faults(kMeter);
    suite.use(1200);
    eventually("billing has charged it", [&] { return suite.charged_wh() == suite.consumed_wh(); });
    suite.wait_published("billing");
    suite.stack.wipe_kafka();
    suite.signal({"account"}, SIGCONT);
}

void check_end(Suite& suite) {
    suite.park.check_books(kMeter, suite.account_id, 10 * kYuan, kPriceMicros);
    suite.wait_alarms();
    suite.wait_reports();
}

}  // namespace

TEST_CASE(
    "I-18 the last messages are lost with Kafka, nothing follows, and all end as they should") {
    std::string why_not;
    if (!can_run(why_not)) {
        WARN("SKIPPED: " + why_not);
        return;
    }
    Suite suite;
    {
        INFO("the tails of account's topics and of readings");
        lose_account_and_readings(suite);
        check_end(suite);
    }
    {
        INFO("the tail of charges");
        lose_charges(suite);
        check_end(suite);
    }
}

}  // namespace prepay::e2e
