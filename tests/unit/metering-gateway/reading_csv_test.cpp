#include "readings/adapters/reading_csv.h"

#include <catch2/catch.hpp>

using namespace prepay;
using namespace prepay::metering;

TEST_CASE("CSV history is read in Wh and in kWh") {
    const auto wh =
        parse_reading_csv("meter,time,register_wh\nm-1,2026-01-31T08:00:00+08:00,1230\n", "a.csv");
    REQUIRE(wh.ok());
    REQUIRE(wh->size() == 1);
    CHECK(wh->front().meter_id == "m-1");
    CHECK(format_time(wh->front().read_time) == "2026-01-31T00:00:00Z");
    CHECK(wh->front().total.base_units() == 1230);
    CHECK(wh->front().line == 2);
    // Byte order mark, CRLF, blanks, blank lines, other order of columns.
    const auto kwh = parse_reading_csv(
        "\xEF\xBB\xBFtime, register_kwh ,meter\r\n\r\n2026-01-31T00:00:00Z, 12.345 ,m-2\r\n",
        "a.csv");
    REQUIRE(kwh.ok());
    CHECK(kwh->front().total.base_units() == 12'345);
    CHECK(kwh->front().line == 3);
}

TEST_CASE("CSV history of water is read in mL and in m³, and says so") {
    const auto read = [](const std::string& column, const std::string& value) {
        const auto rows = parse_reading_csv(
            "meter,time," + column + "\nw-1,2026-01-31T00:00:00Z," + value + "\n", "a.csv");
        REQUIRE(rows.ok());
        return rows->front();
    };
    CHECK(read("register_ml", "1230").total == RegisterTotal::from_base_units(1230));
    CHECK(read("register_ml", "1230").resource == Resource::kWater);
    CHECK(read("register_m3", "12.345678").total == RegisterTotal::from_base_units(12'345'678));
    CHECK(read("register_m3", "12.345678").resource == Resource::kWater);
    CHECK(read("register_wh", "1").resource == Resource::kElectricity);
    CHECK(read("register_kwh", "1").resource == Resource::kElectricity);
    CHECK_FALSE(read("register", "1").resource.has_value());
}

TEST_CASE("CSV errors name line and column, and nothing is taken") {
    struct Row {
        const char* text;
        const char* expected;
    };
    const Row rows[] = {
        {"", "a.csv:0:1: the file is empty"},
        {"meter,time,register_wh\n", "a.csv:1:1: there are no readings"},
        {"meter,time\n", "a.csv:1:1: the header needs"},
        {"meter,time,power\n", "a.csv:1:12: unknown column \"power\""},
        {"meter,time,meter\n", "a.csv:1:12: this column is there twice"},
        {"meter,time,register\nm-1,2026-01-31T00:00:00Z\n", "expected 3 fields, found 2"},
        {"meter,time,register\nm-1,2026-01-31T00:00:00Z,1,2\n", "expected 3 fields, found 4"},
        {"meter,time,register\n,2026-01-31T00:00:00Z,1\n", "a.csv:2:1: a meter id"},
        {"meter,time,register\nm-1,31.1.2026,1\n", "a.csv:2:5: \"31.1.2026\" is no time"},
        {"meter,time,register\nm-1,2026-01-31T00:00:00Z,1\nm-1,1926-01-31T01:00:00Z,2\n",
         "a.csv:3:5: \"1926-01-31T01:00:00Z\" is not between 2000 and 2100"},
        {"meter,time,register\nm-1,2026-01-31T00:00:00Z,1\nm-1,2026-01-31T01:00:00Z,12.5\n",
         "a.csv:3:26: \"12.5\" is not a whole number of Wh or mL"},
        {"meter,time,register_kwh\nm-1,2026-01-31T00:00:00Z,1.2345\n",
         "a.csv:2:26: \"1.2345\" is not a kWh value"},
        {"meter,time,register_ml\nm-1,2026-01-31T00:00:00Z,1.5\n",
         "a.csv:2:26: \"1.5\" is not a whole number of mL"},
        {"meter,time,register_m3\nm-1,2026-01-31T00:00:00Z,1.2345678\n",
         "a.csv:2:26: \"1.2345678\" is not an m³ value"},
        {"meter,time,register_wh,register_ml\n", "a.csv:1:24: this column is there twice"},
        {"meter,time,register_kwh\nm-1,2026-01-31T00:00:00Z,1e3\n", "a.csv:2:26:"},
        {"meter,time,register_wh\nm-1,2026-01-31T00:00:00Z,99999999999999999999\n", "a.csv:2:26:"},
    };
    for (const Row& row : rows) {
        const auto result = parse_reading_csv(row.text, "a.csv");
        REQUIRE_FALSE(result.ok());
        INFO(error_message(result.status()) << "\nexpected: " << row.expected);
        CHECK(error_reason(result.status()) == "CSV_INVALID");
        CHECK(error_message(result.status()).find(row.expected) != std::string::npos);
    }
    const std::string wide = "meter,time,register\n" + std::string(2000, 'x') + "\n";
    CHECK_FALSE(parse_reading_csv(wide, "a.csv").ok());
}
