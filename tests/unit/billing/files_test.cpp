#include <catch2/catch.hpp>

#include "rating/adapters/csv_readings.h"
#include "tariffs/adapters/yaml_tariff.h"
#include "unit/billing/examples.h"

namespace prepay::billing {
namespace {

using testing::example;

std::string yaml_error(const std::string& text) {
    const auto file = parse_tariff_yaml("t.yaml", text);
    REQUIRE(!file.ok());
    return error_reason(file.status()) + " " + error_message(file.status());
}

std::string csv_error(const std::string& text) {
    const auto readings = parse_readings_csv("r.csv", text, Resource::kElectricity);
    REQUIRE(!readings.ok());
    return error_reason(readings.status()) + " " + error_message(readings.status());
}

TEST_CASE("every example tariff can be read") {
    for (const char* name : {"home_hourly_tou.yaml", "residential_tou.yaml", "single_price.yaml",
                             "five_rates_tiered.yaml", "water_monthly_tiers.yaml"}) {
        const auto file = parse_tariff_yaml(name, example(name));
        INFO(file.status().ToString());
        CHECK(file.ok());
    }
    const auto file = parse_tariff_yaml("f", example("five_rates_tiered.yaml"));
    CHECK(file->definition.tiers.size() == 3);
    CHECK(file->definition.tiers[0].upper_bound == 2'520'000);
    CHECK(file->definition.tiers[1].prices.size() == 5);
    CHECK(file->definition.tier_span == TierSpan::kYear);
    CHECK(file->definition.seasons[1].months == std::vector<int>{10, 11, 12, 1, 2, 3, 4, 5});
}

TEST_CASE("a bad tariff file is told by line and column") {
    const std::string head = "time_zone: Asia/Shanghai\n";
    CHECK(yaml_error("time_zone: Mars/X\nprice: 1\n").rfind("BAD_TIME_ZONE t.yaml:1:12: ", 0) == 0);
    CHECK(yaml_error(head + "price: 0.1234567\n").rfind("TARIFF_YAML t.yaml:2:8: ", 0) == 0);
    CHECK(yaml_error(head + "prise: 0.5\n") == "TARIFF_YAML t.yaml:2:1: unknown key 'prise'");
    CHECK(yaml_error(head + "price: 200\n").rfind("PRICE_RANGE t.yaml:2:8: ", 0) == 0);
    CHECK(yaml_error(head + "price: 1\nprice: 2\n").rfind("TARIFF_YAML t.yaml:3:1: ", 0) == 0);
    CHECK(yaml_error("price: 1\n").rfind("TARIFF_YAML t.yaml:1:1: the key 'time_zone'", 0) == 0);
    CHECK(yaml_error(head + "price: [\n").rfind("TARIFF_YAML t.yaml:", 0) == 0);
    CHECK(yaml_error("[]").rfind("TARIFF_YAML t.yaml:1:1: ", 0) == 0);
    CHECK(yaml_error("").rfind("TARIFF_YAML t.yaml:1:1: ", 0) == 0);
    CHECK(yaml_error(head + "effective_time: yesterday\nprice: 1\n")
              .rfind("TARIFF_YAML t.yaml:2:17: ", 0) == 0);
    const std::string seasons = head +
                                "seasons:\n"
                                "  - months: [1-12]\n"
                                "    days:\n"
                                "      other:\n";
    CHECK(yaml_error(seasons + "        - 00:00-07:10 peak\nprices: {peak: 1}\n")
              .rfind("SLOT_GRID t.yaml:6:11: ", 0) == 0);
    CHECK(yaml_error(seasons + "        - 00:00-07:00 peak\nprices: {peak: 1}\n")
              .rfind("SLOT_GAP t.yaml:6:9: ", 0) == 0);
    CHECK(yaml_error(seasons + "        - 00:00-24:00 dear\nprices: {peak: 1}\n")
              .rfind("TARIFF_YAML t.yaml:6:11: ", 0) == 0);
    CHECK(yaml_error(seasons + "        - 00:00-24:00 peak\nprices: {flat: 1}\n")
              .rfind("PRICE_MISSING t.yaml:7:9: ", 0) == 0);
    CHECK(yaml_error(head + "tiers:\n  - {up_to: 5, price: 1}\n  - price: 2\n")
              .rfind("TIER_SPAN_MISSING t.yaml:", 0) == 0);
    CHECK(yaml_error(head + "tier_span: month\ntiers:\n  - {up_to: 5, price: 1}\n  - {up_to: 4, "
                            "price: 1}\n  - price: 2\n")
              .rfind("TIER_BOUND t.yaml:5:13: ", 0) == 0);
}

TEST_CASE("readings are read with their columns in any order") {
    const auto meters =
        parse_readings_csv("r.csv",
                           "\xEF\xBB\xBFmeter, register_kwh,time\r\nm1,1.5,2026-01-01T00:00:00Z\r\n"
                           "m2,7,2026-01-01T00:00:00Z\r\nm1,2.25,2026-01-01T08:15:00+08:00\r\n",
                           Resource::kElectricity);
    REQUIRE(meters.ok());
    REQUIRE(meters->size() == 2);
    CHECK((*meters)[0].meter_id == "m1");
    CHECK((*meters)[0].readings[1].total.base_units() == 2'250);
    CHECK((*meters)[0].readings[1].read_time == *parse_time("2026-01-01T00:15:00Z"));
    CHECK((*meters)[0].readings[1].reading_id == 4);
}

TEST_CASE("water is read in mL or m³, its tiers in m³") {
    const std::string millilitres = "time,register_ml\n2026-01-01T00:00:00Z,1500000\n";
    const std::string metres = "time,register_m3\n2026-01-01T00:00:00Z,1.500000\n";
    for (const std::string& text : {millilitres, metres}) {
        const auto meters = parse_readings_csv("r.csv", text, Resource::kWater);
        REQUIRE(meters.ok());
        CHECK((*meters)[0].readings[0].total.base_units() == 1'500'000);
        CHECK(error_reason(parse_readings_csv("r.csv", text, Resource::kElectricity).status()) ==
              "CSV_HEADER");
    }
    const auto fine = parse_readings_csv(
        "r.csv", "time,register_m3\n2026-01-01T00:00:00Z,1.5000001\n", Resource::kWater);
    CHECK(error_message(fine.status()) ==
          "r.csv:2:22: '1.5000001' is not a register in m³ with at most 6 decimals");
    const auto file = parse_tariff_yaml("w", example("water_monthly_tiers.yaml"));
    REQUIRE(file.ok());
    CHECK(file->definition.tiers[0].upper_bound % 1'000'000 == 0);
    CHECK(yaml_error("resource: water\ntime_zone: Asia/Shanghai\ntier_span: month\ntiers:\n"
                     "  - {up_to: 0.0000001, price: 1}\n  - price: 2\n")
              .find("up_to is a number of m³ above 0 with at most 6 decimals") !=
          std::string::npos);
}

TEST_CASE("bad readings are told by line and column") {
    const std::string head = "time,register_wh\n2026-01-01T00:00:00Z,100\n";
    CHECK(csv_error("") == "CSV_EMPTY r.csv:1:1: there are no readings");
    CHECK(csv_error("time,energy\n").rfind("CSV_HEADER r.csv:1:6: ", 0) == 0);
    CHECK(csv_error("time,time,register_wh\n").rfind("CSV_HEADER r.csv:1:6: ", 0) == 0);
    CHECK(csv_error("time\n").rfind("CSV_HEADER r.csv:1:1: ", 0) == 0);
    CHECK(csv_error(head + "2026-01-01T01:00:00Z\n").rfind("CSV_COLUMNS r.csv:3:1: ", 0) == 0);
    CHECK(csv_error(head + "1 January,5\n").rfind("CSV_TIME r.csv:3:1: ", 0) == 0);
    CHECK(csv_error(head + "2026-01-01T01:00:00Z,1.5\n").rfind("CSV_REGISTER r.csv:3:22: ", 0) ==
          0);
    CHECK(csv_error(head + "2026-01-01T01:00:00Z,-5\n").rfind("CSV_REGISTER r.csv:3:22: ", 0) == 0);
    CHECK(csv_error(head + "2026-01-01T01:00:00Z,99\n").rfind("CSV_ORDER r.csv:3:22: ", 0) == 0);
    CHECK(csv_error(head + "2026-01-01T00:00:00Z,101\n").rfind("CSV_ORDER r.csv:3:1: ", 0) == 0);
    CHECK(csv_error(head + "2026-01-01T01:00:00Z,99999999999999\n")
              .rfind("CSV_REGISTER r.csv:3:22: ", 0) == 0);
}

}  // namespace
}  // namespace prepay::billing
