#include "domain/local_hour.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace prepay;
using namespace prepay::reporting;

namespace {

TimeZone zone(const std::string& name) { return TimeZone::load(name).value(); }
Instant at(const std::string& text) { return parse_time(text).value(); }

}  // namespace

TEST_CASE("The hours of a local day, with changes of offset") {
    // zone, day, number of hours, first instant, length of the day in minutes
    const char* table = R"(
        Asia/Shanghai       2026-11-22 24 2026-11-21T16:00:00Z 1440
        America/New_York    2026-03-08 23 2026-03-08T05:00:00Z 1380
        America/New_York    2026-11-01 25 2026-11-01T04:00:00Z 1500
        Asia/Kolkata        2026-05-05 24 2026-05-04T18:30:00Z 1440
        Asia/Kathmandu      2026-05-05 24 2026-05-04T18:15:00Z 1440
        Australia/Lord_Howe 2026-10-04 24 2026-10-03T13:30:00Z 1410
        Australia/Lord_Howe 2026-04-05 25 2026-04-04T13:00:00Z 1470
        America/Sao_Paulo   2018-11-04 23 2018-11-04T03:00:00Z 1380
        America/Sao_Paulo   2018-02-17 25 2018-02-17T02:00:00Z 1500
    )";
    std::istringstream lines(table);
    std::string name, day, start;
    std::size_t count = 0;
    int minutes = 0;
    int checked = 0;
    while (lines >> name >> day >> count >> start >> minutes) {
        CAPTURE(name, day);
        const TimeZone here = zone(name);
        const auto hours = hours_of_day(here, *parse_date(day));
        REQUIRE(hours.size() == count);
        CHECK(hours.front().start == at(start));
        CHECK(hours.back().end - hours.front().start == std::chrono::minutes(minutes));
        for (std::size_t i = 1; i < hours.size(); ++i) {
            CHECK(hours[i].start == hours[i - 1].end);
        }
        for (const LocalHour& hour : hours) {
            CHECK(local_hour_at(here, hour.start) == hour);
            CHECK(local_hour_at(here, hour.end - Duration(1)) == hour);
            CHECK(format_date(hour.date) == day);
        }
        CHECK(local_date_at(here, hours.front().start - Duration(1)) < hours.front().date);
        CHECK(local_date_at(here, hours.back().end) == next_day(hours.back().date));
        ++checked;
    }
    CHECK(checked == 9);
}

TEST_CASE("Dates are read strictly") {
    CHECK(format_date(*parse_date("2024-02-29")) == "2024-02-29");
    for (const char* bad : {"2025-02-29", "2025-13-01", "2025-1-01", "2025-01-00", "20250101",
                            "2025-01-01 ", "", "abcd-ef-gh", "1969-12-31"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_date(bad));
    }
    CHECK(next_day({2026, 12, 31}) == LocalDate{2027, 1, 1});
    CHECK(days_between({2026, 2, 28}, {2026, 3, 1}) == 1);
    CHECK(days_between({2026, 3, 1}, {2026, 2, 28}) == -1);
}
