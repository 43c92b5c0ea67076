#include <catch2/catch.hpp>
#include <latch>
#include <thread>

#include "pg/migrate.h"
#include "support/test_database.h"

namespace prepay::test {

TEST_CASE("replicas that start together migrate an empty schema once") {
    SKIP_WITHOUT_POSTGRES();
    constexpr int kStarterCount = 4;
    const TestDatabase scratch("together");
    const auto database = scratch.open(kStarterCount);
    // As on the very first start: not even the table of the steps is there.
    REQUIRE(database
                ->transact([](pqxx::work& tx) {
                    tx.exec("DROP TABLE schema_migrations");
                    return absl::OkStatus();
                })
                .ok());
    // Each step takes so long that the others stand in the middle of the same one.
    const std::vector<pg::MigrationSet> sets = {
        {"first", {{"0001_t.sql", "CREATE TABLE t (n bigint); SELECT pg_sleep(0.1)"}}},
        {"second",
         {{"0001_row.sql", "INSERT INTO t VALUES (1); SELECT pg_sleep(0.1)"},
          {"0002_column.sql", "ALTER TABLE t ADD COLUMN m bigint; SELECT pg_sleep(0.1)"}}}};
    std::latch together(kStarterCount);
    std::vector<Status> ended(kStarterCount);
    {
        std::vector<std::jthread> starters;
        for (Status& status : ended) {
            starters.emplace_back([&] {
                const auto own = scratch.open(1);
                together.arrive_and_wait();
                status = pg::migrate(*own, sets);
            });
        }
    }
    for (const Status& status : ended) {
        INFO(error_reason(status) << ": " << error_message(status));
        CHECK(status.ok());
    }
    const auto counted = [&](const std::string& sql) {
        return *database->read(
            [&](pqxx::work& tx) -> Result<int> { return tx.exec1(sql)[0].as<int>(); });
    };
    CHECK(counted("SELECT count(*) FROM schema_migrations") == 3);
    CHECK(counted("SELECT count(*) FROM t") == 1);
}

}  // namespace prepay::test
