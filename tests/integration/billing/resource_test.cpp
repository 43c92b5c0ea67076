#include <catch2/catch.hpp>

#include "integration/billing/billing_fixture.h"

namespace prepay::billing {
namespace {

using testing::AccountSum;
using testing::Billing;
using testing::march;
using testing::occupancy;
using testing::reading;

constexpr auto kPower = common::v1::RESOURCE_ELECTRICITY;
constexpr auto kWater = common::v1::RESOURCE_WATER;

void prepare(Billing& billing) {
    billing.tariff("power", testing::kTieredTariff);
    billing.tariff("water",
                   "resource: water\ntime_zone: Asia/Shanghai\ntier_span: month\ntiers:\n"
                   "  - {up_to: 2, price: 3.10}\n  - price: 4.65\n");
    REQUIRE(billing.send_occupancies({{"x-1", occupancy("alice", march(1))}}).ok());
}

/// Wh and mL that are charged, and what they cost.
struct Charged {
    std::int64_t wh = 0;
    std::int64_t ml = 0;
    std::int64_t amount_micros = 0;
    bool operator==(const Charged&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Charged& charged) {
    return out << charged.wh << " Wh, " << charged.ml << " mL, " << charged.amount_micros;
}
Charged charged(Billing& billing) {
    Charged sum;
    for (const Charge& charge : billing.open_charges("x-1")) {
        (charge.energy().quantity.resource() == Resource::kWater ? sum.ml : sum.wh) +=
            charge.energy().quantity.base_units();
        sum.amount_micros += charge.amount_micros;
    }
    billing.sums();
    return sum;
}

TEST_CASE("a place whose meter is swapped for one of water keeps its electricity as it was") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    prepare(billing);
    REQUIRE(billing.assign("power", {"x-1"}, march(1)).ok());
    // 3 kWh at night: 2 in the first tier, 1 in the second.
    REQUIRE(billing.send_readings("x-1", {reading(march(2, 16), 1'000)}, kPower).ok());
    REQUIRE(billing.send_readings("x-1", {reading(march(2, 20), 4'000)}, kPower).ok());
    const Charged before{3'000, 0, 2 * 233'333 + 333'333};
    CHECK(charged(billing) == before);
    REQUIRE(billing.send_readings("x-1", {reading(march(4), 4'000'000, 1)}, kWater).ok());
    REQUIRE(billing.send_readings("x-1", {reading(march(5), 5'000'000, 1)}, kWater).ok());
    CHECK(charged(billing) == before);
    CHECK(billing.pending() == 2);
    const auto waiting = billing.tariff_rpc.list_assignments(billing.call("ListAssignments"),
                                                             v1::ListAssignmentsRequest());
    REQUIRE(waiting.ok());
    REQUIRE(waiting->assignments_size() == 1);
    CHECK(waiting->assignments(0).meter_resource() == kWater);
    CHECK(waiting->assignments(0).wrong_resource_reading_count() == 2);
    CHECK(error_reason(billing.assign("power", {"x-1"}, march(9)).status()) == "RESOURCE_DIFFERS");
    REQUIRE(billing.assign("water", {"x-1"}, march(4)).ok());
    CHECK(billing.pending() == 0);
    const auto fitting = billing.tariff_rpc.list_assignments(billing.call("ListAssignments"),
                                                             v1::ListAssignmentsRequest());
    REQUIRE(fitting.ok());
    REQUIRE(fitting->assignments_size() == 2);
    CHECK(fitting->assignments(1).wrong_resource_reading_count() == 0);
    // The first mL are not behind 3,000 others.
    const Charged both{3'000, 1'000'000, before.amount_micros + 3'100'000};
    CHECK(charged(billing) == both);
    CHECK(billing.open_charges("x-1").back().energy().before.used == 0);

    SECTION("when a reading of the old meter comes late") {
        REQUIRE(billing.send_readings("x-1", {reading(march(2, 18), 1'500)}, kPower).ok());
        CHECK(billing.open_charges("x-1").size() == 3);
        CHECK(charged(billing).wh == 3'000);
        CHECK(charged(billing).ml == 1'000'000);
        CHECK(std::abs(charged(billing).amount_micros - both.amount_micros) <= 1);
    }
    SECTION("when another payer becomes known from before the swap on") {
        Occupancy gone = occupancy("alice", march(1), march(2, 18), 2);
        REQUIRE(billing
                    .send_occupancies({{"x-1", gone},
                                       {"x-1",
                                        [] {
                                            Occupancy o = occupancy("bob", march(2, 18));
                                            o.opening_register = 2'000;
                                            return o;
                                        }()}})
                    .ok());
        CHECK(billing.sums().at("alice") == AccountSum{1'000, 233'333});
        CHECK(billing.sums().at("bob") == AccountSum{2'000 + 1'000'000, 2 * 233'333 + 3'100'000});
    }
    SECTION("when the whole topic comes again") {
        REQUIRE(billing.send_readings("x-1", {reading(march(2, 16), 1'000)}, kPower).ok());
        REQUIRE(billing.send_readings("x-1", {reading(march(2, 20), 4'000)}, kPower).ok());
        REQUIRE(billing.send_readings("x-1", {reading(march(4), 4'000'000, 1)}, kWater).ok());
        REQUIRE(billing.send_readings("x-1", {reading(march(5), 5'000'000, 1)}, kWater).ok());
        CHECK(charged(billing) == both);
    }
    const std::int64_t paid = charged(billing).amount_micros;
    REQUIRE(billing.send_readings("x-1", {reading(march(6), 7'000'000, 1)}, kWater).ok());
    CHECK(charged(billing).ml == 3'000'000);
    CHECK(std::abs(charged(billing).amount_micros - (paid + 3'100'000 + 4'650'000)) <= 1);
    CHECK(error_reason(billing.assign("power", {"x-1"}, march(9)).status()) == "RESOURCE_DIFFERS");
    CHECK(billing.pending() == 0);
}

}  // namespace
}  // namespace prepay::billing
