#include <catch2/catch.hpp>

#include "adapters/pg_report_store.h"
#include "integration/account/owner.h"
#include "integration/metering-gateway/owner.h"
#include "reporting_fixture.h"

using namespace prepay;
using namespace prepay::reporting;
using namespace prepay::reporting::test;

namespace {

constexpr const char* kTopic = "prepay.account.charge-postings.v1";

account::v1::PostedCharge one(int i) {
    return charge("r" + std::to_string(i % 3 + 1), "2026-11-21T15:30:00Z", "2026-11-21T17:00:00Z",
                  100 + i, 333 + i);
}

kafka::Message told(std::vector<account::v1::PostedCharge> list, int partition) {
    static int n = 0;
    kafka::Message event = charges(list, "told-" + std::to_string(++n), partition);
    event.sequence = outbox::kSnapshotSequence;
    return event;
}

struct Rebuild : Fixture {
    void begin(int partition) { step(EventFolder::swaps().at(kTopic).begin, partition); }
    void finish(int partition) { step(EventFolder::swaps().at(kTopic).finish, partition); }
    void step(const outbox::SnapshotSwap::Step& change, int partition) {
        REQUIRE(database->transact([&](pqxx::work& tx) { return change(tx, partition); }).ok());
    }
    std::int64_t day_total() {
        return PgReportStore(*database)
            .list_room_days({"", "", {2026, 11, 1}, {2026, 12, 1}}, nullptr, 100)
            .value()
            .total.amount.micros();
    }
    TotalSum totals() { return PgReportStore(*database).read_totals("").value(); }
    std::int64_t hours_total() {
        return *database->read([](pqxx::work& tx) -> Result<std::int64_t> {
            return tx
                .exec1(
                    "SELECT coalesce(sum(amount_micros), 0)::bigint AS amount FROM room_hours"
                    " WHERE partition >= 0")["amount"]
                .as<std::int64_t>();
        });
    }
    std::int64_t unseen_rows() {
        return *database->read([](pqxx::work& tx) -> Result<std::int64_t> {
            return tx
                .exec1(
                    "SELECT (SELECT count(*) FROM room_days WHERE partition < 0) + (SELECT"
                    " count(*) FROM room_hours WHERE partition < 0) + (SELECT count(*) FROM"
                    " totals WHERE partition < 0) + (SELECT count(*) FROM unplaced_charges)"
                    " AS rows")["rows"]
                .as<std::int64_t>();
        });
    }
};

/// A whole reporting that consumes the topics of account and the gateway.
struct Consumer : Rebuild {
    Consumer(account::test::AccountOwner& account, metering::test::MeteringOwner& metering)
        : reader(*database, outbox, folder.handlers(), EventFolder::swaps(),
                 {&account.stream(), &metering.stream()}) {}

    /// All rows but for when a site was told, and but for accounts that nothing was posted to (a
    /// snapshot tells of those too).
    std::string state() {
        return dump("(to_jsonb(t) - 'change_xid' - 'occur_time')::text AS line",
                    "(to_jsonb(t) ->> 'version') IS DISTINCT FROM '0'");
    }

    outbox::Outbox outbox{8};
    prepay::test::OwnersReader reader;
};

}  // namespace

TEST_CASE("a snapshot of postings builds the same reports as the postings did (I-27)") {
    SKIP_WITHOUT_POSTGRES();
    Rebuild folded;
    Rebuild rebuilt;
    for (Rebuild* both : {&folded, &rebuilt}) {
        REQUIRE(both->fold({site_and_rooms(3)}).ok());
        REQUIRE(both->fold({payment("t1", account::v1::ORDER_KIND_CASH_TOP_UP,
                                    account::v1::ORDER_STATE_CREDITED, 50, 1)})
                    .ok());
    }
    std::vector<std::vector<account::v1::PostedCharge>> by_partition(4);
    for (int i = 0; i < 40; ++i) {
        by_partition[static_cast<std::size_t>(i % 4)].push_back(one(i));
        REQUIRE(folded.fold({charges({one(i)}, "charges-" + std::to_string(i), i % 4)}).ok());
    }
    // What it has so far is a part of it, and wrong.
    REQUIRE(rebuilt.fold({charges({one(0), one(4)}, "charges-0", 0)}).ok());
    REQUIRE(rebuilt.fold({charges({one(1), one(1)}, "charges-1", 1)}).ok());
    for (int partition = 0; partition < 4; ++partition) {
        const auto& list = by_partition[static_cast<std::size_t>(partition)];
        rebuilt.begin(partition);
        REQUIRE(rebuilt.fold({told({list.begin(), list.begin() + 5}, partition)}).ok());
        const std::int64_t before = rebuilt.day_total();
        if (partition == 2) {  // Died in the middle: it begins again.
            rebuilt.begin(partition);
            REQUIRE(rebuilt.fold({told({list.begin(), list.begin() + 5}, partition)}).ok());
        }
        REQUIRE(rebuilt.fold({told({list.begin() + 5, list.end()}, partition)}).ok());
        CHECK(rebuilt.day_total() == before);  // Nothing is seen before it is whole.
        rebuilt.finish(partition);
    }
    CHECK(rebuilt.dump() == folded.dump());
    CHECK(rebuilt.unseen_rows() == 0);
    CHECK(rebuilt.day_total() == folded.day_total());
    CHECK(rebuilt.hours_total() == folded.hours_total());
    CHECK(rebuilt.totals().charged == folded.totals().charged);
    CHECK(rebuilt.totals().credited == folded.totals().credited);
    CHECK(rebuilt.totals().charge_count == 40);
    // It goes on from there.
    for (Rebuild* both : {&folded, &rebuilt}) {
        REQUIRE(both->fold({charges({one(40)}, "charges-40", 0)}).ok());
    }
    CHECK(rebuilt.dump() == folded.dump());
}

TEST_CASE("charges of a snapshot that wait for their site are put in with it, before or after") {
    SKIP_WITHOUT_POSTGRES();
    Rebuild fixture;
    fixture.begin(0);
    REQUIRE(fixture.fold({told({one(0), one(1)}, 0)}).ok());
    bool site_first = false;
    SECTION("the site comes while the snapshot is taken") {
        site_first = true;
        REQUIRE(fixture.fold({site_and_rooms(3)}).ok());
        CHECK(fixture.day_total() == 0);
    }
    SECTION("the site comes later") {}
    fixture.finish(0);
    CHECK(fixture.totals().charge_count == 2);
    if (!site_first) {
        CHECK(fixture.unseen_rows() == 2);
        REQUIRE(fixture.fold({site_and_rooms(3)}).ok());
    }
    CHECK(fixture.unseen_rows() == 0);
    CHECK(fixture.day_total() == 333 + 334);
    CHECK(fixture.hours_total() == 333 + 334);
    // Taken once more: the same.
    fixture.begin(0);
    REQUIRE(fixture.fold({told({one(0), one(1)}, 0)}).ok());
    fixture.finish(0);
    CHECK(fixture.day_total() == 333 + 334);
    CHECK(fixture.hours_total() == 333 + 334);
    CHECK(fixture.totals().charge_count == 2);
}

TEST_CASE(
    "a fresh reporting beyond retention shows what one that consumed everything shows (I-27)") {
    SKIP_WITHOUT_POSTGRES();
    constexpr std::int64_t kYuan = 1'000'000;
    constexpr int kPartitions = 2;
    account::test::AccountOwner account(kPartitions);
    metering::test::MeteringOwner metering(kPartitions, {"r1-m1", "r2-m1", "r3-m1"});
    for (const char* room : {"r1", "r2", "r3"}) {
        account.make_room(room);
    }
    const std::string rich = account.open("r1", 500 * kYuan);
    const std::string poor = account.open("r2", 10 * kYuan);
    const auto minute = [&](int n) { return account.now() + std::chrono::minutes(n); };
    for (int i = 0; i < 20; ++i) {
        account.charge({{rich, kYuan + i}, {poor, kYuan / 2}, {"nobody", 1000}});
        metering.sweep(minute(i), 100 + i, i % 2 == 0);
    }
    account.top_up(poor, 3 * kYuan);
    account.stream().publish();
    metering.stream().publish();

    Consumer old(account, metering);
    old.reader.catch_up();
    CHECK(old.reader.snapshot_count() == 0);
    CHECK(old.totals().charge_count == 60);
    auto history = account.stream().forget();
    const auto readings = metering.stream().forget();
    history.insert(history.end(), readings.begin(), readings.end());

    Consumer fresh(account, metering);
    CHECK(fresh.state() != old.state());
    fresh.reader.catch_up();
    CHECK(fresh.reader.snapshot_count() > 0);
    const auto is_alike = [&] {
        CHECK(fresh.state() == old.state());
        CHECK(fresh.unseen_rows() == 0);
        CHECK(fresh.hours_total() == old.hours_total());
        CHECK(fresh.totals().charged == old.totals().charged);
        CHECK(fresh.totals().credited == old.totals().credited);
        CHECK(fresh.totals().charge_count == old.totals().charge_count);
    };
    is_alike();
    // Messages that arrive late after all are known by their number.
    fresh.reader.repeat(history);
    is_alike();

    // Both go on alike.
    account.open("r3", 7 * kYuan);
    account.charge({{rich, 2 * kYuan}, {poor, kYuan}});
    account.top_up(poor, 20 * kYuan);
    metering.sweep(minute(30), 300);
    account.stream().publish();
    metering.stream().publish();
    for (Consumer* consumer : {&old, &fresh}) {
        const std::string before = consumer->state();
        consumer->reader.catch_up();
        CHECK(consumer->state() != before);
    }
    CHECK(fresh.totals().charge_count == 62);
    is_alike();
}
