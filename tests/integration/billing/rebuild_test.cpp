// A new billing beside an account and a gateway whose outboxes no longer reach back.

#include <catch2/catch.hpp>

#include "charges/domain/charge.h"
#include "integration/account/owner.h"
#include "integration/billing/billing_fixture.h"
#include "integration/metering-gateway/owner.h"

namespace prepay::billing {
namespace {

constexpr std::int64_t kYuan = 1'000'000;
constexpr int kPartitions = 2;
const std::vector<std::string> kMeters = {"r1-m1", "r2-m1", "r3-m1"};

/// A whole billing that consumes account's and the gateway's topics.
struct Consumer {
    Consumer(account::test::AccountOwner& account, metering::test::MeteringOwner& metering)
        : reader(*billing.database, billing.outbox, billing.events.handlers(), {},
                 {&account.stream(), &metering.stream()}) {
        billing.clock.time = account.now() + std::chrono::hours(24 * 30);
        billing.tariff("flat", testing::kFlatTariff);
        REQUIRE(billing.assign("flat", kMeters, account.now() - std::chrono::hours(24 * 90)).ok());
    }

    /// What it knows of rooms, payers and registers, without keys that each database gives itself.
    std::string state() {
        return billing.database
            ->read([](pqxx::work& tx) -> Result<std::string> {
                std::string text;
                for (const char* sql :
                     {"SELECT to_jsonb(r)::text AS line FROM rooms r",
                      "SELECT (to_jsonb(o) - 'occupancy_key' - 'meter_key' - 'account_key')::text"
                      " || account_id || meter_id AS line FROM occupancies o"
                      " JOIN accounts USING (account_key) JOIN meters USING (meter_key)",
                      "SELECT concat_ws(' ', meter_id, base_slot_time, base_revision,"
                      " base_read_time, base_register, base_epoch, base_reading_id) AS line"
                      " FROM meters",
                      "SELECT concat_ws(' ', meter_id, m.register_epoch, resource) AS line"
                      " FROM meter_resources m JOIN meters USING (meter_key)",
                      "SELECT concat_ws(' ', meter_id, slot_time) AS line FROM pending_readings"
                      " JOIN meters USING (meter_key)"}) {
                    for (const auto& row : tx.exec(std::string(sql) + " ORDER BY line")) {
                        text += row["line"].as<std::string>() + "\n";
                    }
                    text += "\n";
                }
                return text;
            })
            .value();
    }

    /// The charges of intervals that begin at a time or later, in words.
    std::string charges_since(Instant start) {
        std::string text;
        for (const std::string& meter_id : kMeters) {
            for (const Charge& charge : billing.all_charges(meter_id)) {
                if (charge.start >= start) {
                    text += meter_id + " " + charge.account_id + " " + format_time(charge.start) +
                            " " + format_time(charge.end) + " " +
                            std::to_string(charge.amount_micros) + "\n";
                }
            }
        }
        return text;
    }

    testing::Billing billing;
    prepay::test::OwnersReader reader;
};

}  // namespace

TEST_CASE("a fresh billing beyond retention knows what one that consumed everything knows") {
    if (!testing::Billing::available()) {
        return;
    }
    account::test::AccountOwner account(kPartitions);
    metering::test::MeteringOwner metering(kPartitions, kMeters);
    for (const char* room : {"r1", "r2", "r3"}) {
        account.make_room(room);
    }
    const std::string tenant = account.open("r1", 100 * kYuan);
    account.open("r2", 100 * kYuan);
    const Instant start = account.now() + std::chrono::minutes(15);
    const auto hour = [&](int n) { return start + std::chrono::hours(n); };
    for (int i = 0; i < 6; ++i) {
        metering.sweep(hour(i), 1000 * i);
    }
    account.stream().publish();
    metering.stream().publish();

    Consumer old(account, metering);
    old.reader.catch_up();
    CHECK(old.reader.snapshot_count() == 0);
    CHECK(old.charges_since(hour(0)).find(tenant) != std::string::npos);
    auto history = account.stream().forget();
    const auto readings = metering.stream().forget();
    history.insert(history.end(), readings.begin(), readings.end());

    Consumer fresh(account, metering);
    CHECK(fresh.state() != old.state());
    fresh.reader.catch_up();
    CHECK(fresh.reader.snapshot_count() > 0);
    CHECK(fresh.state() == old.state());
    // The newest reading of each meter is where its charges begin.
    CHECK(fresh.charges_since(hour(0)).empty());

    // Messages that arrive late after all are known by their number.
    const std::string before = fresh.state();
    fresh.reader.repeat(history);
    CHECK(fresh.state() == before);
    CHECK(fresh.charges_since(hour(0)).empty());

    // From there both charge the same, a new tenant too.
    const std::string next = account.open("r3", 100 * kYuan);
    metering.sweep(hour(6), 700);
    metering.sweep(hour(7), 1300);
    account.stream().publish();
    metering.stream().publish();
    for (Consumer* consumer : {&old, &fresh}) {
        consumer->reader.catch_up();
    }
    CHECK(fresh.state() == old.state());
    const std::string charges = fresh.charges_since(hour(5));
    CHECK(charges == old.charges_since(hour(5)));
    for (const std::string& account_id : {tenant, next}) {
        CHECK(charges.find(account_id) != std::string::npos);
    }
}

}  // namespace prepay::billing
