#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "pg/request_answer.h"
#include "pg/row.h"
#include "support/loopback.h"
#include "support/test_database.h"

namespace prepay::test {

TEST_CASE("transact commits on OK and rolls back on an error") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest", {{"0001_t.sql", "CREATE TABLE t (n bigint PRIMARY KEY)"}});
    const auto database = scratch.open();
    REQUIRE(database
                ->transact([](pqxx::work& tx) {
                    tx.exec("INSERT INTO t VALUES (1)");
                    return absl::OkStatus();
                })
                .ok());
    REQUIRE_FALSE(database
                      ->transact([](pqxx::work& tx) {
                          tx.exec("INSERT INTO t VALUES (2)");
                          return failed_precondition("NO", "no");
                      })
                      .ok());
    const Status twice = database->transact([](pqxx::work& tx) {
        tx.exec("INSERT INTO t VALUES (1)");
        return absl::OkStatus();
    });
    REQUIRE(error_reason(twice) == "CONSTRAINT");
    REQUIRE(database
                ->read([](pqxx::work& tx) -> Result<int> {
                    return tx.exec1("SELECT count(*) FROM t")[0].as<int>();
                })
                .value() == 1);
    REQUIRE_FALSE(database
                      ->read([](pqxx::work& tx) {
                          tx.exec("INSERT INTO t VALUES (3)");
                          return absl::OkStatus();
                      })
                      .ok());
}

TEST_CASE("what is to happen after a commit happens after it, in order, and never without it") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest", {{"0001_t.sql", "CREATE TABLE t (n bigint PRIMARY KEY)"}});
    const auto database = scratch.open();
    const auto other = scratch.open();
    const auto count = [&] {
        return other
            ->read([](pqxx::work& tx) -> Result<int> {
                return pg::only<int>(tx.exec1("SELECT count(*) FROM t"));
            })
            .value();
    };
    std::vector<int> seen;
    const auto insert = [&](int n) {
        return [&seen, &count, n](pqxx::work& tx) -> Status {
            pg::after_commit(tx, [&seen, &count] { seen.push_back(count()); });
            tx.exec("INSERT INTO t VALUES (" + std::to_string(n) + ")");
            pg::after_commit(tx, [&seen] { seen.push_back(-1); });
            return absl::OkStatus();
        };
    };
    REQUIRE(database->transact(insert(1)).ok());
    CHECK(seen == std::vector<int>{1, -1});
    CHECK(error_reason(database->transact(insert(1))) == "CONSTRAINT");
    CHECK_FALSE(database
                    ->transact([&](pqxx::work& tx) {
                        CHECK(insert(2)(tx).ok());
                        return failed_precondition("NO", "no");
                    })
                    .ok());
    CHECK(seen == std::vector<int>{1, -1});

    // Of two transactions of one thread each keeps its own.
    REQUIRE(database
                ->transact([&](pqxx::work& outer) {
                    CHECK(insert(3)(outer).ok());
                    CHECK(other
                              ->transact([&](pqxx::work& inner) {
                                  pg::after_commit(inner, [&seen] { seen.push_back(-2); });
                                  pg::after_commit(outer, [&seen] { seen.push_back(-3); });
                                  return absl::OkStatus();
                              })
                              .ok());
                    return absl::OkStatus();
                })
                .ok());
    CHECK(seen == std::vector<int>{1, -1, -2, 2, -1, -3});

    // Run again after a serialization failure, an action does not happen twice.
    seen.clear();
    int runs = 0;
    REQUIRE(database
                ->transact([&](pqxx::work& tx) -> Status {
                    pg::after_commit(tx, [&seen] { seen.push_back(0); });
                    if (++runs == 1) {
                        tx.exec(
                            "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$");
                    }
                    return absl::OkStatus();
                })
                .ok());
    CHECK(runs == 2);
    CHECK(seen == std::vector<int>{0});
}

TEST_CASE("a row is read by the names of its columns, in any order") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest", {{"0001_t.sql", "CREATE TABLE t (n bigint)"}});
    const auto database = scratch.open();
    const Status read = database->read([](pqxx::work& tx) {
        const pqxx::result rows = tx.exec(
            "SELECT 7 AS count, 'seven' AS name, NULL::bigint AS end_time, 1500000 AS start_time,"
            " true AS closed");
        const pg::Row row(rows.front());
        CHECK(row.number("count") == 7);
        CHECK(row.text("name") == "seven");
        CHECK_FALSE(row.find_time("end_time").has_value());
        CHECK(row.find_time("start_time") == from_micros(1'500'000));
        CHECK(row.get<bool>("closed"));
        CHECK(row.text("name") == "seven");  // Back again, and twice the same.
        CHECK(row.text("name") == "seven");
        CHECK(row.number("count") == 7);
        CHECK(row.time("start_time") == from_micros(1'500'000));
        CHECK_FALSE(row.find<std::int64_t>("end_time").has_value());
        CHECK(row.get_or<std::int64_t>("end_time", -1) == -1);
        CHECK(row.is_null("end_time"));
        CHECK_THROWS_AS(row.number("Count"), pqxx::argument_error);
        CHECK_THROWS_AS(row.number("counts"), pqxx::argument_error);
        CHECK_THROWS(row.number("end_time"));
        CHECK_THROWS_AS(pg::only<int>(rows.front()), pqxx::usage_error);
        CHECK(pg::only<int>(tx.exec1("SELECT 3")) == 3);
        return absl::OkStatus();
    });
    CHECK(read.ok());
}

TEST_CASE("array columns come back as they went in") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest");
    const auto database = scratch.open();
    const auto read = database->read([](pqxx::work& tx) -> Status {
        const std::vector<std::string> values = {
            "plain",         "a,b",  "a;b", "say \"hi\"", "back\\slash", "\\\"", "{in braces}",
            "two words",     " ",    "",    "NULL",       "null",        "\x1f", "line\nbreak",
            "一号楼，101室", "it's", "'",   ",",          "tail\\",      "a}b"};
        const auto rows = tx.exec_params(
            "SELECT $1::text[] AS texts, '{}'::text[] AS nothing, ARRAY['one', NULL] AS holes,"
            " ARRAY[['a', 'b'], ['c', 'd']] AS grid, NULL::text[] AS missing,"
            " ARRAY[3, -4, 9007199254740993] AS numbers, '{1,2}'::smallint[] AS levels,"
            " ARRAY['x'] AS words, (SELECT array_agg(v) FROM unnest($1::text[]) v) AS made",
            pg::to_array(values));
        const pg::Row row(rows.front());
        CHECK(row.texts("texts") == values);
        CHECK(row.texts("made") == values);
        CHECK(row.texts("nothing").empty());
        CHECK(row.numbers("nothing").empty());
        CHECK(row.numbers("numbers") == std::vector<std::int64_t>{3, -4, 9'007'199'254'740'993});
        CHECK(row.numbers("levels") == std::vector<std::int64_t>{1, 2});
        CHECK_THROWS_AS(row.numbers("words"), pqxx::conversion_error);
        CHECK_THROWS_AS(row.texts("holes"), pqxx::conversion_error);
        CHECK_THROWS_AS(row.texts("grid"), pqxx::conversion_error);
        CHECK_THROWS(row.texts("missing"));
        // An array of arrays goes as the texts of its rows.
        const auto nested =
            tx.exec_params1("SELECT v::text[] AS row FROM unnest($1::text[]) v",
                            pg::to_array(std::vector<std::string>{pg::to_array(values)}));
        CHECK(pg::Row(nested).texts("row") == values);
        return absl::OkStatus();
    });
    CHECK(read.ok());
}

TEST_CASE("a time goes to the database and back to the microsecond, a missing one as is said") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest");
    const auto database = scratch.open();
    const auto read = database->read([](pqxx::work& tx) -> Status {
        for (const std::int64_t value :
             {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1'795'276'800'000'001},
              std::int64_t{-2'208'988'800'000'007}, std::int64_t{4'102'444'799'999'999}}) {
            const Instant time = from_micros(value);
            CHECK(pg::only<std::int64_t>(tx.exec_params1("SELECT " + pg::micros("$1::timestamptz"),
                                                         pg::to_timestamptz(time))) == value);
            CHECK(pg::to_timestamptz(time, "infinity") == pg::to_timestamptz(time));
        }
        CHECK(pg::to_timestamptz(std::nullopt, "") == "");
        CHECK(pg::only<bool>(tx.exec_params1("SELECT $1::timestamptz = 'infinity'",
                                             pg::to_timestamptz(std::nullopt, "infinity"))));
        return absl::OkStatus();
    });
    CHECK(read.ok());
}

TEST_CASE("a request id has one effect, however often and from however many it comes") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest", {{"0001_t.sql", "CREATE TABLE t (n bigint)"}});
    const auto database = scratch.open(8);
    const auto call = [&](const std::string& hash) {
        return database->transact([&](pqxx::work& tx) {
            return pg::answer_once(tx, {"request-1", "m", hash, "user:li"},
                                   [](pqxx::work& inner) -> Result<std::string> {
                                       inner.exec("INSERT INTO t VALUES (1)");
                                       return std::string("answer\0x", 8);
                                   });
        });
    };
    std::vector<std::thread> threads;
    std::atomic<int> same{0};
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] { same += call("h1").value() == std::string("answer\0x", 8); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    REQUIRE(same == 8);
    REQUIRE(error_reason(call("h2").status()) == "REQUEST_ID_REUSED");
    REQUIRE(database
                ->read([](pqxx::work& tx) -> Result<int> {
                    return tx.exec1("SELECT count(*) FROM t")[0].as<int>();
                })
                .value() == 1);
}

TEST_CASE("a full disk is a database that is away, not an error of the statement") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest", {});
    const auto database = scratch.open();
    const auto fail_with = [&](const std::string& code) {
        return error_reason(database->transact([&](pqxx::work& tx) {
            tx.exec("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '" + code + "'; END $$");
            return absl::OkStatus();
        }));
    };
    CHECK(fail_with("53100") == "DATABASE_UNAVAILABLE");
    CHECK(fail_with("53200") == "DATABASE_UNAVAILABLE");
    CHECK(fail_with("22012") == "DATABASE_ERROR");
}

TEST_CASE("a server that takes the connection and says nothing does not hold the caller") {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int port = prepay::test::listen_on_loopback(listener, 16);
    pg::DatabaseOptions options;
    options.url = "postgresql://nobody@127.0.0.1:" + std::to_string(port) + "/none";
    options.schema = "none";
    const auto answer =
        std::async(std::launch::async, [&] { return pg::Database(options).ping(); });
    const bool answered = answer.wait_for(std::chrono::seconds(40)) == std::future_status::ready;
    ::close(listener);  // Resets what waits, so that the test ends in any case.
    REQUIRE(answered);
}

TEST_CASE("a changed or unknown migration ends the start") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest", {{"0001_t.sql", "CREATE TABLE t (n bigint)"}});
    const auto database = scratch.open();
    REQUIRE(error_reason(
                pg::migrate(*database, {{"service", {{"0001_t.sql", "CREATE TABLE u ()"}}}})) ==
            "MIGRATION_CHANGED");
    REQUIRE(error_reason(pg::migrate(*database, {{"service", {}}})) == "MIGRATION_UNKNOWN");
    const Status broken = pg::migrate(
        *database,
        {{"service", {{"0001_t.sql", "CREATE TABLE t (n bigint)"}, {"0002_x.sql", "CREATE"}}}});
    REQUIRE(error_message(broken).find("0002_x.sql") != std::string::npos);
}

TEST_CASE("arrays are quoted") {
    REQUIRE(pg::to_array(std::vector<std::string>{"a\"b", "c\\d", ""}) == R"({"a\"b","c\\d",""})");
    REQUIRE(pg::to_array(std::vector<std::int64_t>{1, -2}) == "{1,-2}");
}

TEST_CASE("stored answers are forgotten after seven days, a bounded number at a time") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("pgtest");
    const auto database = scratch.open();
    REQUIRE(database
                ->transact([](pqxx::work& tx) {
                    tx.exec(
                        "INSERT INTO request_answers (request_id, method, content_hash, subject,"
                        " answer, create_time) SELECT 'request-' || n, 'M', 'h', 's', '', now() - n"
                        " * interval '1 day' + interval '1 hour' FROM generate_series(1, 12) n");
                    return absl::OkStatus();
                })
                .ok());
    // Those of 8 to 12 days less an hour are too old; that of 7 days less an hour is not.
    CHECK(pg::forget_answers(*database, 3).value() == 3);
    CHECK(pg::forget_answers(*database, 3).value() == 2);
    CHECK(pg::forget_answers(*database, 3).value() == 0);
    CHECK(database
              ->read([](pqxx::work& tx) -> Result<std::string> {
                  return tx
                      .exec1(
                          "SELECT max(substr(request_id, 9)::int) AS oldest FROM"
                          " request_answers")["oldest"]
                      .as<std::string>();
              })
              .value() == "7");
}

}  // namespace prepay::test
