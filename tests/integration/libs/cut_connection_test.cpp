#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "core/pause.h"
#include "outbox/outbox.h"
#include "support/chaos_proxy.h"
#include "support/mock_broker.h"
#include "support/outbox_parts.h"
#include "support/test_database.h"
#include "support/until.h"

namespace prepay::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using SteadyClock = std::chrono::steady_clock;

constexpr const char* kTopic = "prepay.test.facts.v1";

const std::vector<pg::Migration> kBook = {
    {"0001_book.sql",
     "CREATE TABLE book (name text PRIMARY KEY, amount bigint NOT NULL);"
     "INSERT INTO book VALUES ('cash', 0)"}};

/// As in production, but for seconds instead of tens of seconds.
pg::DatabaseOptions hasty(pg::DatabaseOptions options) {
    options.connect_timeout = milliseconds(1000);
    options.statement_timeout = milliseconds(2000);
    options.lock_timeout = milliseconds(1500);
    options.idle_in_transaction_timeout = milliseconds(1000);
    options.peer_timeout = milliseconds(2000);
    return options;
}

/// One service's database, reached directly and through a proxy.
struct CutLink {
    const TestDatabase scratch{"cut", kBook};
    ChaosProxy proxy{port_of(scratch.options().url)};
    const std::unique_ptr<pg::Database> direct = std::make_unique<pg::Database>(near());
    const outbox::Outbox outbox{1};

    [[nodiscard]] pg::DatabaseOptions near() const { return hasty(scratch.options(8)); }
    [[nodiscard]] pg::DatabaseOptions far() const {
        pg::DatabaseOptions options = near();
        options.url = through(proxy, options.url);
        return options;
    }
    [[nodiscard]] Status post(pg::Database& database, int message_count = 1) const {
        return database.transact([&](pqxx::work& tx) {
            tx.exec("UPDATE book SET amount = amount + 1 WHERE name = 'cash'");
            for (int i = 0; i < message_count; ++i) {
                outbox.append(tx, kTopic, "key", "payload");
            }
            return absl::OkStatus();
        });
    }
    [[nodiscard]] std::int64_t amount() const {
        return direct
            ->read([](pqxx::work& tx) -> Result<std::int64_t> {
                return tx.exec1("SELECT amount FROM book")[0].as<std::int64_t>();
            })
            .value();
    }
};

std::vector<std::int64_t> ascending(std::int64_t count) {
    std::vector<std::int64_t> values;
    for (std::int64_t i = 1; i <= count; ++i) {
        values.push_back(i);
    }
    return values;
}

/// What a consumer makes of it: each sequence once, in order of its first arrival.
std::vector<std::int64_t> as_consumed(const MockBroker& broker) {
    std::vector<std::int64_t> fresh;
    for (const auto& [place, sequences] : broker.sequences({kTopic}, 1)) {
        for (const std::int64_t sequence : sequences) {
            if (fresh.empty() || sequence > fresh.back()) {
                fresh.push_back(sequence);
            }
        }
    }
    return fresh;
}

}  // namespace

TEST_CASE("I-28 a link cut inside a transaction keeps no row and no outbox for long") {
    SKIP_WITHOUT_POSTGRES();
    CutLink link;
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto relay = new_relay(link.near(), broker.brokers());
    std::jthread publisher([&](const std::stop_token& stop) { relay->run(stop); });
    pg::Database far(link.far());
    REQUIRE(link.post(far).ok());
    std::promise<void> cut;
    auto orphan = std::async(std::launch::async, [&] {
        return far.transact([&](pqxx::work& tx) {
            tx.exec("UPDATE book SET amount = amount + 1000 WHERE name = 'cash'");
            link.outbox.append(tx, kTopic, "key", "never committed");
            link.proxy.swallow();
            cut.set_value();
            tx.exec("SELECT 1");
            return absl::OkStatus();
        });
    });
    cut.get_future().wait();
    // The server's session of the one that is gone holds the row, and pins the horizon.
    REQUIRE(until(seconds(8), [&] { return link.post(*link.direct).ok(); }));
    CHECK(until(seconds(8), [&] { return as_consumed(broker) == ascending(2); }));
    // The client learns it too, although its peer's host acknowledges all it sends.
    REQUIRE(orphan.wait_for(seconds(8)) == std::future_status::ready);
    CHECK(error_reason(orphan.get()) == "DATABASE_UNAVAILABLE");
    link.proxy.heal();
    REQUIRE(until(seconds(8), [&] { return link.post(far).ok(); }));
    CHECK(link.amount() == 3);
    CHECK(until(seconds(8), [&] { return as_consumed(broker) == ascending(3); }));
}

TEST_CASE("I-28 a link cut between transactions costs the next call seconds, no more") {
    SKIP_WITHOUT_POSTGRES();
    CutLink link;
    pg::Database far(link.far());
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            REQUIRE(far.transact([](pqxx::work& tx) {
                           tx.exec("SELECT pg_sleep(0.2)");
                           return absl::OkStatus();
                       })
                        .ok());
        });
    }
    threads.clear();
    REQUIRE(link.proxy.connection_count() == 4);
    link.proxy.swallow();
    const auto start = SteadyClock::now();
    CHECK(error_reason(link.post(far)) == "DATABASE_UNAVAILABLE");
    CHECK(SteadyClock::now() - start < seconds(5));
    link.proxy.heal();
    CHECK(link.post(far).ok());
    // The same with a reset and with a slow link.
    link.proxy.reset();
    CHECK(link.post(far).ok());
    link.proxy.slow(milliseconds(20));
    CHECK(link.post(far).ok());
    CHECK(link.amount() == 3);
}

TEST_CASE("I-28 a relay whose link is cut is replaced, and nothing is lost") {
    SKIP_WITHOUT_POSTGRES();
    CutLink link;
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto leader = new_relay(link.far(), broker.brokers());
    std::jthread leading([&](const std::stop_token& stop) { leader->run(stop); });
    REQUIRE(link.post(*link.direct).ok());
    REQUIRE(until(seconds(10), [&] { return as_consumed(broker) == ascending(1); }));
    link.proxy.swallow();
    REQUIRE(link.post(*link.direct, 5).ok());
    const auto standby = new_relay(link.near(), broker.brokers());
    std::jthread waiting([&](const std::stop_token& stop) { standby->run(stop); });
    CHECK(until(seconds(15), [&] { return as_consumed(broker) == ascending(6); }));
    // The standby goes; the old leader, healed, must find back by itself.
    waiting = {};
    link.proxy.heal();
    REQUIRE(link.post(*link.direct, 5).ok());
    CHECK(until(seconds(15), [&] { return as_consumed(broker) == ascending(11); }));
}

TEST_CASE("I-28 what waits in an outbox is counted by leader and standby, whatever holds it up") {
    SKIP_WITHOUT_POSTGRES();
    CutLink link;
    MockBroker broker;
    broker.create_topic(kTopic, 1);
    const auto leader = new_relay(link.near(), broker.brokers());
    const auto standby = new_relay(link.near(), broker.brokers());
    std::jthread leading([&](const std::stop_token& stop) { leader->run(stop); });
    REQUIRE(link.post(*link.direct).ok());
    REQUIRE(until(seconds(10), [&] { return as_consumed(broker) == ascending(1); }));
    std::jthread waiting([&](const std::stop_token& stop) { standby->run(stop); });
    // An open transaction of anybody on the server pins the horizon.
    pqxx::connection pin(link.scratch.admin_url());
    pqxx::work pinning(pin);
    pinning.exec("SELECT pg_current_xact_id()");
    REQUIRE(link.post(*link.direct, 3).ok());
    for (const auto* relay : {leader.get(), standby.get()}) {
        CHECK(until(seconds(5), [&] { return relay->backlog().message_count == 3; }));
        CHECK(until(seconds(5), [&] { return relay->backlog().oldest_age > seconds(1); }));
    }
    pinning.abort();
    for (const auto* relay : {leader.get(), standby.get()}) {
        CHECK(until(seconds(5), [&] { return relay->backlog().message_count == 0; }));
        CHECK(until(seconds(5), [&] { return relay->backlog().oldest_age == seconds(0); }));
    }
    CHECK(as_consumed(broker) == ascending(4));
}

TEST_CASE("the server's bounds reach it, also when the URL has options of its own") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("cut", kBook);
    const auto show = [](const pg::DatabaseOptions& options, const std::string& name) {
        pg::Database database(options);
        return database
            .read([&](pqxx::work& tx) -> Result<std::string> {
                return tx.exec1("SHOW " + name)[0].as<std::string>();
            })
            .value();
    };
    pg::DatabaseOptions options = scratch.options();
    CHECK(show(options, "statement_timeout") == "20s");
    CHECK(show(options, "lock_timeout") == "8s");
    CHECK(show(options, "idle_in_transaction_session_timeout") == "10s");
    CHECK(show(options, "tcp_user_timeout") == "12000");
    CHECK(show(options, "tcp_keepalives_idle") == "4");
    CHECK(show(options, "tcp_keepalives_interval") == "2");
    CHECK(show(options, "tcp_keepalives_count") == "4");
    const std::string url = options.url + (options.url.find('?') == std::string::npos ? "?" : "&");
    for (const char* own : {"options=-cwork_mem%3D7MB%20-clock_timeout%3D3s",
                            "connect_timeout=4&options=-cwork_mem%3D7MB%20-clock_timeout%3D3s",
                            "options=-cwork_mem%3D7MB%20-clock_timeout%3D3s&connect_timeout=4"}) {
        options.url = url + own;
        CHECK(show(options, "work_mem") == "7MB");
        CHECK(show(options, "lock_timeout") == "3s");
        CHECK(show(options, "statement_timeout") == "20s");
        CHECK(show(options, "search_path") == "cut");
    }
}

TEST_CASE("what took too long is told by reasons that say: try again") {
    SKIP_WITHOUT_POSTGRES();
    const CutLink link;
    pg::Database& database = *link.direct;
    CHECK(error_reason(database.transact([](pqxx::work& tx) {
              tx.exec("SELECT pg_sleep(4)");
              return absl::OkStatus();
          })) == "STATEMENT_TIMEOUT");
    CHECK(database
              .transact(
                  [](pqxx::work& tx) {
                      tx.exec("SELECT pg_sleep(4.5)");  // Longer than statement and silence.
                      return absl::OkStatus();
                  },
                  seconds(10))
              .ok());
    CHECK(error_reason(database.transact([&](pqxx::work& tx) {
              tx.exec("UPDATE book SET amount = 99");
              // The row is free again although this transaction still runs.
              CHECK(until(seconds(10), [&] { return link.post(database).ok(); }));
              tx.exec("SELECT 1");
              return absl::OkStatus();
          })) == "DATABASE_UNAVAILABLE");
    CHECK(link.amount() == 1);
    Status locked = absl::OkStatus();
    CHECK(database
              .transact([&](pqxx::work& tx) {
                  tx.exec("SELECT pg_advisory_xact_lock(7)");
                  const auto other = std::async(std::launch::async, [&] {
                      locked = database.transact([](pqxx::work& second) {
                          second.exec("SELECT pg_advisory_xact_lock(7)");
                          return absl::OkStatus();
                      });
                  });
                  while (other.wait_for(milliseconds(200)) != std::future_status::ready) {
                      tx.exec("SELECT 1");
                  }
                  return absl::OkStatus();
              })
              .ok());
    CHECK(error_reason(locked) == "LOCK_TIMEOUT");
    CHECK(pg::is_passing_error(locked));
}

}  // namespace prepay::test
