#include "pg/group_commit.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "pg/row.h"
#include "support/test_database.h"

namespace prepay::test {
namespace {

constexpr int kCallers = 40;
constexpr std::size_t kItemsMax = 8;

struct Item {
    int number = 0;
    int written_count = 0;
};

/// A table of numbers from 0 on, and who writes into it together.
struct Numbers {
    // The first transaction stays open until everybody has come.
    Status write(pqxx::work& tx, const std::vector<Item*>& items) {
        for (int seen = come.load(); seen < kCallers; seen = come.load()) {
            come.wait(seen);
        }
        for (Item* item : items) {
            tx.exec_params("INSERT INTO t (n) VALUES ($1)", item->number);
            item->written_count = static_cast<int>(items.size());
        }
        return absl::OkStatus();
    }
    // All at once, the numbers from `first` on; gives what each was told.
    std::vector<Status> write_all(int first) {
        std::vector<Item> items(kCallers);
        std::vector<Status> told(kCallers);
        std::vector<std::thread> callers;
        for (std::size_t i = 0; i < kCallers; ++i) {
            callers.emplace_back([&, i] {
                items[i].number = first + static_cast<int>(i);
                ++come;
                come.notify_all();
                told[i] = group.apply(items[i]);
            });
        }
        for (std::thread& caller : callers) {
            caller.join();
        }
        for (std::size_t i = 0; i < kCallers; ++i) {
            CHECK(items[i].written_count <= static_cast<int>(kItemsMax));
        }
        return told;
    }
    int ask(const std::string& sql) {
        return *database->read(
            [&](pqxx::work& tx) -> Result<int> { return pg::only<int>(tx.exec1(sql)); });
    }

    const TestDatabase scratch{
        "pgtest",
        {{"0001_t.sql",
          "CREATE TABLE t (n bigint PRIMARY KEY CHECK (n >= 0),"
          " transaction_id text NOT NULL DEFAULT pg_current_xact_id()::text)"}}};
    const std::unique_ptr<pg::Database> database = scratch.open();
    std::atomic<int> come = 0;
    pg::GroupCommit<Item> group{
        *database, kItemsMax,
        [this](pqxx::work& tx, const std::vector<Item*>& items) { return write(tx, items); }};
};

}  // namespace

TEST_CASE("callers that come at the same time share transactions of a bounded size") {
    SKIP_WITHOUT_POSTGRES();
    Numbers numbers;
    for (const Status& status : numbers.write_all(0)) {
        CHECK(status.ok());
    }
    CHECK(numbers.ask("SELECT count(*)::int FROM t") == kCallers);
    CHECK(numbers.ask("SELECT count(DISTINCT transaction_id)::int FROM t") < kCallers);
    CHECK(numbers.ask("SELECT max(c)::int FROM (SELECT count(*) AS c FROM t"
                      " GROUP BY transaction_id) AS sizes") <= static_cast<int>(kItemsMax));
}

TEST_CASE("an item that spoils its transaction fails alone") {
    SKIP_WITHOUT_POSTGRES();
    Numbers numbers;
    const std::vector<Status> told = numbers.write_all(-3);
    for (int i = 0; i < kCallers; ++i) {
        CHECK(told[static_cast<std::size_t>(i)].ok() == (i >= 3));
    }
    CHECK(numbers.ask("SELECT count(*)::int FROM t") == kCallers - 3);
    CHECK(numbers.ask("SELECT min(n)::int FROM t") == 0);
}

}  // namespace prepay::test
