#include <catch2/catch.hpp>

#include "integration/billing/billing_fixture.h"

namespace prepay::billing {
namespace {

using testing::AccountSum;
using testing::Billing;
using testing::march;
using testing::occupancy;
using testing::reading;

void prepare(Billing& billing) {
    billing.tariff("flat", testing::kFlatTariff);
    REQUIRE(billing.assign("flat", {"m-1"}, march(1)).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("vacancy", march(1))}}).ok());
    REQUIRE(billing
                .send_readings("m-1", {reading(march(1), 0), reading(march(2), 100),
                                       reading(march(3), 250), reading(march(4), 300)})
                .ok());
}

// A reading at `earlier`, before the only occupancy, which begins on the first of March.
void prepare_history(Billing& billing, Instant earlier) {
    billing.tariff("flat", testing::kFlatTariff);
    REQUIRE(billing.assign("flat", {"m-1"}, earlier).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("vacancy", march(1))}}).ok());
    REQUIRE(billing.send_readings("m-1", {reading(march(1), 50), reading(march(2), 100)}).ok());
    REQUIRE(billing.send_readings("m-1", {reading(earlier, 20)}).ok());
}

TEST_CASE("a late occupancy moves charges by reversal, the old rows stay") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    CHECK(billing.sums().at("vacancy") == AccountSum{300, 150'000});
    const auto before = billing.all_charges("m-1");

    SECTION("from the first reading at or after its start") {
        REQUIRE(billing
                    .send_occupancies({{"m-1", occupancy("vacancy", march(1), march(2, 12), 2)},
                                       {"m-1", occupancy("alice", march(2, 12))}})
                    .ok());
        CHECK(billing.sums().at("vacancy") == AccountSum{250, 125'000});
        CHECK(billing.sums().at("alice") == AccountSum{50, 25'000});
    }
    SECTION("from its opening register, in the middle of an interval") {
        Occupancy alice = occupancy("alice", march(2, 12));
        alice.opening_register = 170;
        REQUIRE(billing
                    .send_occupancies(
                        {{"m-1", alice}, {"m-1", occupancy("vacancy", march(1), march(2, 12), 2)}})
                    .ok());
        CHECK(billing.sums().at("vacancy") == AccountSum{170, 85'000});
        CHECK(billing.sums().at("alice") == AccountSum{130, 65'000});
    }
    SECTION("withdrawn again, all goes back") {
        REQUIRE(billing.send_occupancies({{"m-1", occupancy("alice", march(2))}}).ok());
        CHECK(billing.sums().at("alice") == AccountSum{200, 100'000});
        Occupancy withdrawn = occupancy("alice", march(2), {}, 2);
        withdrawn.deleted = true;
        REQUIRE(billing.send_occupancies({{"m-1", withdrawn}}).ok());
        CHECK(billing.sums().at("alice") == AccountSum{0, 0});
        CHECK(billing.sums().at("vacancy") == AccountSum{300, 150'000});
        // An old revision that comes again brings nothing back.
        REQUIRE(billing.send_occupancies({{"m-1", occupancy("alice", march(2))}}).ok());
        CHECK(billing.sums().at("alice") == AccountSum{0, 0});
    }
    const auto after = billing.all_charges("m-1");
    REQUIRE(after.size() > before.size());
    for (const Charge& old : before) {
        const auto same = std::find_if(after.begin(), after.end(), [&](const Charge& c) {
            return c.charge_id == old.charge_id;
        });
        REQUIRE(same != after.end());
        CHECK(same->amount_micros == old.amount_micros);
        CHECK(same->account_id == old.account_id);
    }
    for (const Charge& c : after) {
        if (c.reversal_of) {
            const auto original = std::find_if(after.begin(), after.end(), [&](const Charge& o) {
                return o.charge_id == *c.reversal_of;
            });
            REQUIRE(original != after.end());
            CHECK(original->amount_micros == -c.amount_micros);
            CHECK(original->account_id == c.account_id);
        }
    }
}

TEST_CASE("the same occupancy again, or one that changes nothing, reverses nothing") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    const auto count = billing.all_charges("m-1").size();
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("vacancy", march(1))}}).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("vacancy", march(1), {}, 7)}}).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("vacancy", march(1), march(20), 8)}}).ok());
    CHECK(billing.all_charges("m-1").size() == count);
}

TEST_CASE("history before the first base is charged as if it had come in order") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("tiered", testing::kTieredTariff);
    REQUIRE(billing.assign("tiered", {"m-1"}, march(1)).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("alice", march(1))}}).ok());
    std::vector<Reading> history;
    for (int hour = 0; hour < 60; ++hour) {
        history.push_back(reading(march(1) + std::chrono::hours(hour), hour * 130));
    }
    REQUIRE(
        billing.send_readings("m-1", {reading(march(3, 12), 7'900), reading(march(3, 13), 8'000)})
            .ok());
    REQUIRE(billing.send_readings("m-1", {history.begin(), history.begin() + 20}).ok());
    REQUIRE(billing.send_readings("m-1", {history.begin() + 20, history.begin() + 45}).ok());
    REQUIRE(billing.send_readings("m-1", {history.begin() + 45, history.end()}).ok());

    Billing ordered;
    ordered.tariff("tiered", testing::kTieredTariff);
    REQUIRE(ordered.assign("tiered", {"m-1"}, march(1)).ok());
    REQUIRE(ordered.send_occupancies({{"m-1", occupancy("alice", march(1))}}).ok());
    history.push_back(reading(march(3, 12), 7'900));
    history.push_back(reading(march(3, 13), 8'000));
    REQUIRE(ordered.send_readings("m-1", history).ok());

    const auto got = billing.open_charges("m-1");
    const auto expected = ordered.open_charges("m-1");
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
        CHECK(got[i].lines == expected[i].lines);
        CHECK(got[i].energy().before == expected[i].energy().before);
    }
    CHECK(billing.sums().at("alice").quantity == 8'000);
    // Bounds of I-5: the two differ by what is carried only.
    CHECK(std::abs(billing.sums().at("alice").amount_micros -
                   ordered.sums().at("alice").amount_micros) < 100);
}

TEST_CASE("history from before any occupancy waits for one") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    REQUIRE(billing.send_readings("m-1", {}).ok());
    Occupancy late = occupancy("vacancy-2", march(1) - std::chrono::hours(48), march(1));
    const Instant earlier = march(1) - std::chrono::hours(24);
    Billing other;
    prepare_history(other, earlier);
    CHECK(other.pending() == 1);
    CHECK(other.sums().at("vacancy").quantity == 50);
    REQUIRE(other.send_occupancies({{"m-1", late}}).ok());
    CHECK(other.pending() == 0);
    CHECK(other.sums().at("vacancy-2").quantity == 30);
    CHECK(other.sums().at("vacancy").quantity == 50);
}

TEST_CASE("history without an occupancy outlives an assignment and another occupancy") {
    if (!Billing::available()) {
        return;
    }
    const Instant earlier = march(1) - std::chrono::hours(24);
    Billing other;
    prepare_history(other, earlier);
    REQUIRE(other.pending() == 1);
    SECTION("an assignment") { REQUIRE(other.assign("flat", {"m-1"}, march(3)).ok()); }
    SECTION("another occupancy") {
        REQUIRE(other.send_occupancies({{"m-1", occupancy("alice", march(3))}}).ok());
    }
    CHECK(other.pending() == 1);
    const Occupancy late = occupancy("vacancy-2", earlier - std::chrono::hours(24), march(1));
    REQUIRE(other.send_occupancies({{"m-1", late}}).ok());
    CHECK(other.pending() == 0);
    CHECK(other.sums()["vacancy-2"].quantity == 30);
    CHECK(other.sums()["vacancy"].quantity == 50);
}

TEST_CASE("a late reading is rated with the tariff of its time, not with one assigned later") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("flat", testing::kFlatTariff);
    billing.tariff("dear", "time_zone: UTC\nprice: 2\n");
    // The first assignment holds before its start too.
    REQUIRE(billing.assign("flat", {"m-1"}, march(10)).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("alice", march(1))}}).ok());
    REQUIRE(billing
                .send_readings(
                    "m-1", {reading(march(2), 0), reading(march(3), 100), reading(march(5), 300)})
                .ok());
    REQUIRE(billing.assign("dear", {"m-1"}, march(5)).ok());
    REQUIRE(billing.send_readings("m-1", {reading(march(4), 250)}).ok());
    CHECK(billing.sums()["alice"] == AccountSum{300, 150'000});
    REQUIRE(billing.send_readings("m-1", {reading(march(6), 400)}).ok());
    CHECK(billing.sums()["alice"] == AccountSum{400, 350'000});
}

TEST_CASE("a new register epoch, a dip and a revision through the database") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    REQUIRE(billing.send_readings("m-1", {reading(march(5), 290)}).ok());
    CHECK(billing.sums().at("vacancy").quantity == 300);
    Reading revised = reading(march(4), 310);
    revised.revision = 1;
    REQUIRE(billing.send_readings("m-1", {revised}).ok());
    CHECK(billing.sums().at("vacancy").quantity == 300);
    REQUIRE(billing.send_readings("m-1", {reading(march(6), 330)}).ok());
    CHECK(billing.sums().at("vacancy").quantity == 330);
    REQUIRE(billing.send_readings("m-1", {reading(march(7), 4, 1), reading(march(8), 14, 1)}).ok());
    CHECK(billing.sums().at("vacancy").quantity == 340);
}

}  // namespace
}  // namespace prepay::billing
