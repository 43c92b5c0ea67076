#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <random>
#include <set>
#include <thread>

#include "billing_migrations.h"
#include "charges/adapters/pg_charges.h"
#include "integration/billing/billing_fixture.h"
#include "outbox/parts.h"
#include "pg/migrate.h"
#include "pg/row.h"
#include "prepay/billing/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"

namespace prepay::billing {
namespace {

using testing::Billing;
using testing::march;
using testing::occupancy;
using testing::reading;

/// Hours of a meter with a random load.
std::vector<Reading> hours(int count, unsigned seed) {
    std::minstd_rand random(seed);
    std::vector<Reading> readings;
    std::int64_t wh = 1'000;
    for (int hour = 0; hour < count; ++hour) {
        readings.push_back(reading(march(1) + std::chrono::hours(hour), wh));
        wh += static_cast<std::int64_t>(random() % 400);
    }
    return readings;
}

std::vector<std::vector<Reading>> batches_of(const std::vector<Reading>& readings,
                                             std::size_t size) {
    std::vector<std::vector<Reading>> batches;
    for (std::size_t i = 0; i < readings.size(); i += size) {
        const auto begin = readings.begin() + static_cast<std::ptrdiff_t>(i);
        batches.emplace_back(
            begin, begin + static_cast<std::ptrdiff_t>(std::min(size, readings.size() - i)));
    }
    return batches;
}

std::string show(const std::vector<Charge>& charges) {
    std::string text;
    for (const Charge& c : charges) {
        text += c.account_id + " " + format_time(c.start) + " " +
                std::to_string(c.energy().start_register) + ".." +
                std::to_string(c.energy().end_register) + " " +
                std::to_string(split_picos(c.amount_picos).nanos) + " " +
                std::to_string(c.energy().before.used) + "\n";
    }
    return text;
}

void prepare(Billing& billing) {
    billing.tariff("tiered", testing::kTieredTariff);
    REQUIRE(billing.assign("tiered", {"m-1"}, march(1)).ok());
    REQUIRE(billing
                .send_occupancies({{"m-1", occupancy("vacancy", march(1), march(2, 5, 30))},
                                   {"m-1", occupancy("alice", march(2, 5, 30))}})
                .ok());
}

TEST_CASE("charges of many lines are announced in messages that the broker takes") {
    if (!Billing::available()) {
        return;
    }
    constexpr int kMeterCount = 600;
    Billing billing;
    std::string day;
    for (int hour = 0; hour < 24; ++hour) {
        char span[40];
        std::snprintf(span, sizeof span, "%s%02d:00-%02d:00 %s", hour == 0 ? "" : ", ", hour,
                      hour + 1, hour % 2 == 0 ? "valley" : "peak");
        day += span;
    }
    billing.tariff("hourly",
                   "time_zone: UTC\nseasons:\n  - months: [1-12]\n    days:\n"
                   "      other: [" +
                       day + "]\nprices: {peak: 0.6, valley: 0.3}\n");
    std::vector<std::string> meters;
    std::vector<std::pair<std::string, Occupancy>> occupancies;
    std::string readings;  // Serialized messages behind each other are one with all their items.
    for (int i = 0; i < kMeterCount; ++i) {
        const std::string meter = "m-" + std::to_string(i);
        meters.push_back(meter);
        occupancies.emplace_back(meter, occupancy("alice", march(1)));
        readings +=
            Billing::readings_payload(meter, {reading(march(1), 0), reading(march(11), 1'000'000)});
    }
    REQUIRE(billing.assign("hourly", meters, march(1)).ok());
    REQUIRE(billing.send_occupancies(occupancies).ok());
    const Status sent = billing.send("prepay.metering.readings.v1", readings);
    INFO(error_message(sent));
    REQUIRE(sent.ok());
    std::int64_t total_bytes = 0;
    std::set<std::string> event_ids;
    int charge_count = 0;
    REQUIRE(billing.database
                ->read([&](pqxx::work& tx) {
                    for (const auto& row : tx.exec(
                             "SELECT payload FROM outbox WHERE topic = 'prepay.billing.charges.v1'"
                             " ORDER BY outbox_id")) {
                        const std::string payload = pqxx::binarystring(row[0]).str();
                        CHECK(payload.size() <= outbox::kPartBytesMax);
                        total_bytes += static_cast<std::int64_t>(payload.size());
                        v1::ChargesRated event;
                        REQUIRE(event.ParseFromString(payload));
                        event_ids.insert(event.header().event_id());
                        charge_count += event.charges_size();
                        for (const v1::Charge& charge : event.charges()) {
                            CHECK(charge.lines_size() == 240);
                        }
                    }
                    return absl::OkStatus();
                })
                .ok());
    CHECK(charge_count == kMeterCount);
    CHECK(total_bytes > static_cast<std::int64_t>(kafka::kMessageBytesMax));
    CHECK(static_cast<std::int64_t>(event_ids.size()) > total_bytes / (1 << 20));
    CHECK(billing.sums().at("alice").quantity == kMeterCount * std::int64_t{1'000'000});
}

TEST_CASE("I-4: readings become charges, register difference = charged energy") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    const auto readings = hours(100, 5);
    for (const auto& batch : batches_of(readings, 7)) {
        REQUIRE(billing.send_readings("m-1", batch).ok());
    }
    const auto sums = billing.sums();
    CHECK(sums.at("vacancy").quantity + sums.at("alice").quantity ==
          readings.back().total.base_units() - readings.front().total.base_units());
    // Moved in at 5:30 without a register: hers from the first reading after that.
    CHECK(sums.at("vacancy").quantity ==
          readings[30].total.base_units() - readings[0].total.base_units());
    const auto charges = billing.open_charges("m-1");
    CHECK(charges.front().room_id == "room-1");
    CHECK(charges.front().site_id == "park-1");
    CHECK(charges.back().energy().to.reading_id == readings.back().reading_id);
    CHECK(charges.back().energy().after.used == sums.at("alice").quantity);
    CHECK(billing.pending() == 0);
}

TEST_CASE("I-3: every batch delivered 1 to 5 times and out of order ends in the same charges") {
    if (!Billing::available()) {
        return;
    }
    const auto readings = hours(120, 11);
    const auto batches = batches_of(readings, 8);
    std::string expected;
    {
        Billing billing;
        prepare(billing);
        for (const auto& batch : batches) {
            REQUIRE(billing.send_readings("m-1", batch).ok());
        }
        expected = show(billing.open_charges("m-1"));
    }
    for (unsigned seed = 1; seed <= 4; ++seed) {
        CAPTURE(seed);
        Billing billing;
        prepare(billing);
        std::minstd_rand random(seed);
        std::vector<std::vector<Reading>> deliveries;
        for (const auto& batch : batches) {
            deliveries.insert(deliveries.end(), 1 + random() % 5, batch);
        }
        if (seed > 1) {  // The first run repeats in order.
            std::shuffle(deliveries.begin(), deliveries.end(), random);
        }
        for (const auto& batch : deliveries) {
            REQUIRE(billing.send_readings("m-1", batch).ok());
        }
        CHECK(show(billing.open_charges("m-1")) == expected);
        std::int64_t energy = 0;
        for (const auto& [account, sum] : billing.sums()) {
            energy += sum.quantity;
        }
        CHECK(energy == readings.back().total.base_units() - readings.front().total.base_units());
        if (seed == 1) {
            CHECK(billing.all_charges("m-1").size() == billing.open_charges("m-1").size());
        }
    }
}

TEST_CASE("I-3: two workers on the same meters charge nothing twice") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    const auto readings = hours(60, 3);
    const auto work = [&](bool& all_taken) {
        for (const auto& batch : batches_of(readings, 5)) {
            all_taken = billing.send_readings("m-1", batch).ok() && all_taken;
        }
    };
    std::array<bool, 2> all_taken = {true, true};
    std::thread other([&] { work(all_taken[0]); });
    work(all_taken[1]);
    other.join();
    REQUIRE((all_taken[0] && all_taken[1]));
    std::int64_t energy = 0;
    for (const auto& [account, sum] : billing.sums()) {
        energy += sum.quantity;
    }
    CHECK(energy == readings.back().total.base_units() - readings.front().total.base_units());
}

TEST_CASE("readings wait for a tariff and for an occupancy") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("flat", testing::kFlatTariff);
    const std::vector<Reading> readings = {reading(march(1), 100), reading(march(2), 300),
                                           reading(march(3), 350)};
    REQUIRE(billing.send_readings("m-1", readings).ok());
    CHECK(billing.pending() == 3);
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("vacancy", march(1))}}).ok());
    CHECK(billing.pending() == 2);  // The first one became the base.
    CHECK(billing.sums().empty());
    REQUIRE(billing.assign("flat", {"m-1"}, march(10)).ok());
    CHECK(billing.pending() == 0);
    CHECK(billing.sums().at("vacancy") == testing::AccountSum{250, 125'000});
}

TEST_CASE("I-6: the service's own role can neither change nor delete a charge or a version") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    REQUIRE(billing.send_readings("m-1", hours(5, 1)).ok());
    for (const char* statement :
         {"UPDATE charges SET amount_micros = 0", "DELETE FROM charges", "TRUNCATE charges",
          "UPDATE tariff_versions SET version = 9", "DELETE FROM tariff_versions"}) {
        CAPTURE(statement);
        const Status status = billing.database->transact([&](pqxx::work& tx) {
            tx.exec(statement);
            return absl::OkStatus();
        });
        CHECK(error_message(status).find("permission denied") != std::string::npos);
    }
    CHECK(!billing.sums().empty());
}

TEST_CASE("messages that are none are refused and change nothing") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    const auto reason = [&](const Status& status) { return error_reason(status); };
    CHECK(reason(billing.send("prepay.metering.readings.v1", "\xff\xff")) == "BAD_MESSAGE");
    CHECK(reason(billing.send("prepay.account.occupancies.v1", "\x0a\xff")) == "BAD_MESSAGE");
    CHECK(reason(billing.send("prepay.other.things.v1", "")) == "BAD_MESSAGE");
    Reading strange = reading(march(1), -5);
    CHECK(reason(billing.send_readings("m-1", {strange})) == "BAD_MESSAGE");
    strange = reading(from_micros(0), 5);
    CHECK(reason(billing.send_readings("m-1", {strange})) == "BAD_MESSAGE");
    CHECK(reason(billing.send_readings("", {reading(march(1), 5)})) == "BAD_MESSAGE");
    CHECK(billing.send("prepay.metering.readings.v1", "").ok());
    CHECK(billing.all_charges("m-1").empty());
}

// Run by hand: test_integration_billing "[.throughput]".
TEST_CASE("intervals a second through one transaction a batch", "[.throughput]") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("tiered", testing::kTieredTariff);
    constexpr int kMeterCount = 5'000;
    std::vector<std::pair<std::string, Occupancy>> occupancies;
    for (int i = 0; i < kMeterCount; ++i) {
        const std::string id = "m-" + std::to_string(i);
        Occupancy o = occupancy("account-" + std::to_string(i), march(1));
        occupancies.emplace_back(id, o);
        if (i % 1'000 == 999) {
            std::vector<std::string> ids;
            for (int j = i - 999; j <= i; ++j) {
                ids.push_back("m-" + std::to_string(j));
            }
            REQUIRE(billing.assign("tiered", ids, march(1)).ok());
        }
    }
    REQUIRE(billing.send_occupancies(occupancies).ok());
    const auto sweep = [&](int slot) {
        metering::v1::ReadingsRecorded event;
        for (int i = 0; i < kMeterCount; ++i) {
            metering::v1::Reading* proto = event.add_readings();
            proto->set_meter_id("m-" + std::to_string(i));
            const auto seconds = to_micros(march(1)) / 1'000'000 + slot * 900;
            proto->mutable_slot_time()->set_seconds(seconds);
            proto->mutable_read_time()->set_seconds(seconds);
            proto->set_register_total(1'000 + slot * 137);
            proto->set_reading_id(slot * kMeterCount + i + 1);
        }
        return event.SerializeAsString();
    };
    REQUIRE(billing.send("prepay.metering.readings.v1", sweep(0)).ok());
    constexpr int kSweepCount = 12;
    const auto start = std::chrono::steady_clock::now();
    for (int slot = 1; slot <= kSweepCount; ++slot) {
        REQUIRE(billing.send("prepay.metering.readings.v1", sweep(slot)).ok());
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    const double rate = kMeterCount * kSweepCount / elapsed.count();
    std::printf("%.0f intervals/s\n", rate);
    CHECK(billing.sums().size() == kMeterCount);
    CHECK(rate > 10'000);
}

const char* const kWaterTariff =
    "resource: water\ntime_zone: Asia/Shanghai\ntier_span: month\ntiers:\n"
    "  - {up_to: 1.5, price: 3.100001}\n  - price: 4.65\n";

/// One room with a meter of each kind, its tenant's account carrying one remainder.
void prepare_mixed(Billing& billing) {
    billing.tariff("flat", testing::kFlatTariff);
    billing.tariff("water", kWaterTariff);
    REQUIRE(billing.assign("flat", {"m-1"}, march(1)).ok());
    REQUIRE(billing.assign("water", {"w-1"}, march(1)).ok());
    Occupancy water = occupancy("alice", march(1));
    water.occupancy_id = "alice-water";
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("alice", march(1))}, {"w-1", water}}).ok());
}

TEST_CASE("a cubic metre of water costs its price, live as in the explanation") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare_mixed(billing);
    REQUIRE(billing
                .send_readings("w-1", {reading(march(2), 5'000'000), reading(march(3), 6'000'000),
                                       reading(march(4), 7'000'003)})
                .ok());
    const std::vector<Charge> charges = billing.open_charges("w-1");
    REQUIRE(charges.size() == 2);
    CHECK(charges[0].energy().quantity == Quantity::ml(1'000'000));
    CHECK(charges[0].amount_micros == 3'100'001);
    REQUIRE(charges[1].lines.size() == 2);
    CHECK(charges[1].lines[0].quantity == Quantity::ml(500'000));
    CHECK(charges[1].lines[1].quantity == Quantity::ml(500'003));
    v1::ExplainChargeRequest request;
    request.set_charge_id(std::to_string(charges[1].charge_id));
    const auto answer = billing.charge_rpc.explain_charge(billing.call("ExplainCharge"), request);
    REQUIRE(answer.ok());
    CHECK(testing::arithmetic_of(*answer) ==
          "meter w-1, room room-1\n"
          "register 7.000003 m³ - 6.000 m³ = 1.000003 m³\n"
          "counter of the month: 1.000 m³ before, 2.000003 m³ after\n"
          "tier 1 single: 0.500 m³ x 3.100001 = 1.5500005\n"
          "tier 2 single: 0.500003 m³ x 4.65 = 2.32501395\n"
          "sum 3.87501445 + carried 0.000000 = charged 3.875014 + carried on 0.00000045\n");
    CHECK(answer->remainder_after_picos() == 450'000);
    CHECK(answer->charge().resource() == common::v1::RESOURCE_WATER);
    CHECK(answer->charge().quantity() == 1'000'003);
    CHECK(answer->charge().lines(1).amount_nanos() == 2'325'013'950);
    CHECK(answer->tier_quantity_after() == 2'000'003);
    billing.sums();  // I-5, and the outbox says the same.
}

TEST_CASE("a meter is never rated by a tariff of the other resource") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("flat", testing::kFlatTariff);
    billing.tariff("water", kWaterTariff);
    REQUIRE(billing.send_occupancies({{"w-1", occupancy("alice", march(1))}}).ok());
    const auto water = common::v1::RESOURCE_WATER;
    SECTION("assigned before anything is known of the meter: its readings wait") {
        REQUIRE(billing.assign("flat", {"w-1"}, march(1)).ok());
        REQUIRE(billing.send_readings("w-1", {reading(march(2), 0)}, water).ok());
        REQUIRE(billing.send_readings("w-1", {reading(march(3), 1'000'000)}, water).ok());
        CHECK(billing.all_charges("w-1").empty());
        CHECK(billing.pending() > 0);
        REQUIRE(billing.assign("water", {"w-1"}, march(1)).ok());
    }
    SECTION("assigned afterwards: refused") {
        REQUIRE(billing.send_readings("w-1", {reading(march(2), 0)}, water).ok());
        const auto refused = billing.assign("flat", {"w-1"}, march(1));
        CHECK(error_reason(refused.status()) == "RESOURCE_DIFFERS");
        CHECK(error_message(refused.status()).find("w-1 counts water") != std::string::npos);
        REQUIRE(billing.assign("water", {"w-1"}, march(1)).ok());
        REQUIRE(billing.send_readings("w-1", {reading(march(3), 1'000'000)}, water).ok());
    }
    SECTION("registered as an electricity meter by mistake: what comes then waits") {
        REQUIRE(billing.assign("water", {"w-1"}, march(1)).ok());
        REQUIRE(billing.send_readings("w-1", {reading(march(2), 0)}, water).ok());
        REQUIRE(billing.send_readings("w-1", {reading(march(3), 1'000'000)}, water).ok());
        const auto power = common::v1::RESOURCE_ELECTRICITY;
        REQUIRE(billing.send_readings("w-1", {reading(march(4), 2'000'000)}, power).ok());
        CHECK(billing.open_charges("w-1").size() == 1);
        CHECK(billing.pending() == 1);
        REQUIRE(billing.send_readings("w-1", {reading(march(5), 2'500'000)}, water).ok());
        REQUIRE(billing.open_charges("w-1").size() == 3);
        CHECK(billing.open_charges("w-1")[1].energy().quantity == Quantity::ml(1'000'000));
        CHECK(billing.open_charges("w-1")[2].energy().quantity == Quantity::ml(500'000));
    }
    const std::vector<Charge> charges = billing.open_charges("w-1");
    REQUIRE(!charges.empty());
    CHECK(charges[0].amount_micros == 3'100'001);
    CHECK(billing.pending() == 0);
    billing.sums();
}

TEST_CASE("I-5: electricity and water of one account, taken back and rated again") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare_mixed(billing);
    std::mt19937_64 random(20260302);
    std::int64_t energy = 1'000;
    std::int64_t water = 2'000'000;
    std::vector<Reading> late;
    for (int hour = 0; hour < 60; ++hour) {
        const Instant time = march(2) + std::chrono::hours(hour);
        REQUIRE(billing.send_readings("m-1", {reading(time, energy)}).ok());
        if (hour % 7 == 3) {
            late.push_back(reading(time, water));  // Splits what was charged meanwhile.
        } else {
            REQUIRE(billing.send_readings("w-1", {reading(time, water)}).ok());
        }
        energy += static_cast<std::int64_t>(random() % 999);
        water += static_cast<std::int64_t>(random() % 99'999);
        billing.sums();
    }
    const auto before = billing.open_charges("w-1").size();
    REQUIRE(billing.send_readings("w-1", late).ok());
    billing.sums();
    const std::vector<Charge> charges = billing.open_charges("w-1");
    CHECK(charges.size() == before + late.size());
    CHECK(billing.all_charges("w-1").size() > charges.size());  // There are reversals.
    std::int64_t used = 0;
    Int128 exact = 0;
    for (const Charge& charge : charges) {
        used += charge.energy().quantity.base_units();
        exact += charge.amount_picos;
    }
    CHECK(used == charges.back().energy().end_register - charges.front().energy().start_register);
    const Int128 first_tier = exact_picos(Quantity::ml(1'500'000), Price::from_micros(3'100'001));
    CHECK(exact ==
          first_tier + exact_picos(Quantity::ml(used - 1'500'000), Price::from_micros(4'650'000)));
}

TEST_CASE("exact amounts and remainders of before are carried on in pico-yuan") {
    if (!Billing::available()) {
        return;
    }
    std::vector<pg::Migration> until;
    for (const pg::Migration& migration : billing_migrations()) {
        if (migration.file_name < "0003") {
            until.push_back(migration);
        }
    }
    const test::TestDatabase scratch("billing", until);
    const auto database = scratch.open();
    REQUIRE(database
                ->transact([](pqxx::work& tx) {
                    tx.exec(
                        "INSERT INTO tariffs (tariff_id, display_name, resource)"
                        " VALUES ('t', 't', 'electricity');"
                        "INSERT INTO tariff_versions (tariff_key, version, effective_time,"
                        " definition, create_user) VALUES (1, 1, now(), '{}', 'u');"
                        "INSERT INTO meters (meter_id) VALUES ('m');"
                        "INSERT INTO accounts (account_id, remainder_nanos) VALUES ('a', 42);"
                        "INSERT INTO occupancies (occupancy_id, meter_key, account_key,"
                        " room_id, site_id, start_time, opening_register, closing_register,"
                        " revision, vacancy, deleted) VALUES ('o', 1, 1, 'r', 's', now(), -1,"
                        " -1, 1, false, false);"
                        "INSERT INTO charges SELECT 1, 'energy', 1, 1, 1, 1, 1, now(), now(),"
                        " 0, 3, 3, 2, 1950, '{0,0,0,1,3,650,1950}', 'none', 0, 0, 'none', 0,"
                        " 0, 92, 42, 0, now(), now(), 0, 1, now(), now(), 3, 2, NULL");
                    return absl::OkStatus();
                })
                .ok());
    const Status migrated = pg::migrate(*database, {{"service", billing_migrations()}});
    INFO(migrated.ToString());
    REQUIRE(migrated.ok());
    REQUIRE(database
                ->read([](pqxx::work& tx) {
                    const auto charge = find_charge(tx, 1);
                    REQUIRE(charge.has_value());
                    CHECK(charge->energy().quantity == Quantity::wh(3));
                    CHECK(charge->amount_picos == 1'950'000);
                    CHECK(charge->remainder_before_picos == 92'000);
                    CHECK(charge->remainder_after_picos == 42'000);
                    CHECK(pg::only<std::int64_t>(
                              tx.exec1("SELECT remainder_picos FROM accounts")) == 42'000);
                    return absl::OkStatus();
                })
                .ok());
    // The arithmetic of a row is still checked, and rows are still never changed.
    CHECK(error_reason(database->transact([](pqxx::work& tx) {
              tx.exec(
                  "INSERT INTO charges SELECT 2, kind, meter_key, account_key, occupancy_key,"
                  " tariff_key, tariff_version, start_time, end_time, start_register, end_register,"
                  " quantity, amount_micros + 1, amount_nanos, lines, tier_span_before,"
                  " tier_span_key_before, tier_quantity_before, tier_span_after,"
                  " tier_span_key_after, tier_quantity_after, remainder_before_picos,"
                  " remainder_after_picos, register_epoch, from_slot_time, from_time,"
                  " from_register, from_reading_id, to_slot_time, to_time, to_register,"
                  " to_reading_id, reversal_of FROM charges");
              return absl::OkStatus();
          })) == "CONSTRAINT");
    CHECK_FALSE(database
                    ->transact([](pqxx::work& tx) {
                        tx.exec("UPDATE charges SET amount_picos_rest = 1");
                        return absl::OkStatus();
                    })
                    .ok());
}

}  // namespace
}  // namespace prepay::billing
