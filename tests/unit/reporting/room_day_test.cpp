#include "domain/room_day.h"

#include <catch2/catch.hpp>
#include <string>

using namespace prepay;
using namespace prepay::reporting;

TEST_CASE("CSV lines are exact and safe to open") {
    RoomDay day;
    day.room_id = "r,1";
    day.room_name = "=HYPERLINK(\"x\")";
    day.date = {2026, 3, 8};
    day.sum.energy = Quantity::wh(-1234567);
    day.sum.water = Quantity::ml(1'500'001);
    day.sum.amount = Money::from_micros(89'879'860);
    day.sum.rate_energy_wh = {1, 2, 3, 4, 5, 6};
    CHECK(csv_line(day) ==
          "2026-03-08,\"'=HYPERLINK(\"\"x\"\")\",\"r,1\",-1234.567,0.002,0.003,0.004,0.005,0.006,"
          "0.001,1.500001,89.88,89879860\r\n");
    CHECK(csv_header().substr(0, 3) == "\xEF\xBB\xBF");
    CHECK(csv_header().find("日期 Date") == 3);
    DaySum total;
    add(total, day.sum);
    add(total, day.sum);
    CHECK(total.amount == Money::from_micros(179'759'720));
    CHECK(csv_total_line(total) ==
          "合计 Total,,,-2469.134,0.004,0.006,0.008,0.010,0.012,0.002,3.000002,179.76,"
          "179759720\r\n");
}

TEST_CASE("CSV amounts are in fen, the nearest one, beside the exact micro-yuan") {
    struct Case {
        std::int64_t micros;
        const char* text;
    };
    const Case cases[] = {
        {0, "0.00"},         {4'999, "0.00"},       {5'000, "0.01"},
        {-4'999, "0.00"},    {-5'000, "-0.01"},     {3'720'903, "3.72"},
        {3'725'000, "3.73"}, {-3'725'000, "-3.73"}, {100'000'000, "100.00"},
    };
    for (const Case& one : cases) {
        DaySum sum;
        sum.amount = Money::from_micros(one.micros);
        const std::string line = csv_total_line(sum);
        CHECK(line.ends_with(std::string(",") + one.text + "," + std::to_string(one.micros) +
                             "\r\n"));
    }
    CHECK(csv_header().ends_with(",金额 Amount (CNY),金额(微元) Exact amount (micro-CNY)\r\n"));
}
