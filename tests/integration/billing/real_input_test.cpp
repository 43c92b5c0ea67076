#include <catch2/catch.hpp>

#include "integration/billing/billing_fixture.h"
#include "tariffs/adapters/yaml_tariff.h"
#include "unit/billing/examples.h"
#include "unit/billing/real_data.h"

namespace prepay::billing {
namespace {

using testing::Billing;

/// Sends the readings in batches and compares every line with the bill without database.
std::int64_t charge_all(const std::string& yaml, const std::vector<Reading>& readings) {
    Billing billing;
    billing.tariff("real", yaml);
    REQUIRE(billing.assign("real", {"m-1"}, readings.front().read_time).ok());
    REQUIRE(billing.send_occupancies({{"m-1", testing::occupancy("a", readings.front().read_time)}})
                .ok());
    for (std::size_t i = 0; i < readings.size(); i += 500) {
        const auto begin = readings.begin() + static_cast<std::ptrdiff_t>(i);
        const auto count = std::min<std::size_t>(500, readings.size() - i);
        REQUIRE(
            billing.send_readings("m-1", {begin, begin + static_cast<std::ptrdiff_t>(count)}).ok());
    }
    const TariffFile file = *parse_tariff_yaml("real", yaml);
    const Bill bill =
        make_bill({{"real", file.resource, Instant(), file.definition}}, {{"m-1", readings}});
    std::vector<RatedLine> lines;
    for (const Charge& charge : billing.open_charges("m-1")) {
        lines.insert(lines.end(), charge.lines.begin(), charge.lines.end());
    }
    REQUIRE(lines.size() == bill.lines.size());
    bool same = true;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        same = same && lines[i] == bill.lines[i].line;
    }
    CHECK(same);
    CHECK(billing.sums().at("a").amount_micros == bill.amount_micros());
    return billing.sums().at("a").amount_micros;
}

TEST_CASE("real input through the service: the home's year costs exactly 89.879860") {
    const auto readings = testing::home_readings();
    if (!Billing::available() || !readings) {
        return;
    }
    CHECK(charge_all(testing::example("home_hourly_tou.yaml"), *readings) == 89'879'860);
}

TEST_CASE("real input through the service: the schedule case costs 771.776") {
    const auto readings = testing::residential_readings("Etc/GMT+7");
    if (!Billing::available() || !readings) {
        return;
    }
    CHECK(std::abs(charge_all(testing::example("residential_tou.yaml"), *readings) - 771'776'000) <=
          10'000);
}

}  // namespace
}  // namespace prepay::billing
