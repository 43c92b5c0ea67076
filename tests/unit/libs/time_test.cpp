#include "core/time.h"

#include <catch2/catch.hpp>

#include "core/ids.h"

namespace prepay {

TEST_CASE("RFC 3339 both ways") {
    const Instant instant = parse_time("2026-01-31T08:00:00.25+08:00").value();
    REQUIRE(format_time(instant) == "2026-01-31T00:00:00.25Z");
    REQUIRE(to_micros(parse_time("1970-01-01T00:00:01Z").value()) == 1'000'000);
    for (const char* bad :
         {"", "2026-01-31", "2026-13-01T00:00:00Z", "2026-01-31 08:00:00", "now"}) {
        CAPTURE(bad);
        REQUIRE(error_reason(parse_time(bad).status()) == "BAD_TIME");
    }
}

TEST_CASE("a zone shows its 23-hour day") {
    const TimeZone toronto = TimeZone::load("America/Toronto").value();
    const Instant midnight = toronto.to_instant({2012, 3, 11, 0, 0, 0});
    const Instant next = toronto.to_instant({2012, 3, 12, 0, 0, 0});
    REQUIRE(next - midnight == std::chrono::hours(23));
    const Instant skipped = toronto.to_instant({2012, 3, 11, 2, 30, 0});
    REQUIRE(toronto.to_civil(skipped) == CivilTime{2012, 3, 11, 3, 0, 0});
    REQUIRE(toronto.next_transition(midnight) == parse_time("2012-03-11T07:00:00Z").value());
    REQUIRE(toronto.utc_offset_seconds(midnight) == -5 * 3600);
    REQUIRE(error_reason(TimeZone::load("Mars/Olympus").status()) == "BAD_TIME_ZONE");
}

TEST_CASE("calendar arithmetic") {
    REQUIRE(weekday(2018, 1, 1) == 1);
    REQUIRE(weekday(2026, 11, 22) == 0);
    REQUIRE(days_in_month(2024, 2) == 29);
    REQUIRE(days_in_month(2100, 2) == 28);
    REQUIRE(add_days({2024, 2, 28, 5, 0, 0}, 2) == CivilTime{2024, 3, 1, 5, 0, 0});
}

TEST_CASE("ids are version 7 and ordered") {
    const SystemClock clock;
    const std::string first = new_id(clock);
    REQUIRE(is_uuid(first));
    REQUIRE(first[14] == '7');
    REQUIRE(std::string("89ab").find(first[19]) != std::string::npos);
    REQUIRE(first != new_id(clock));
    REQUIRE_FALSE(is_uuid("01A203f8-c3b6-7b6d-8c69-d0424f0265ce"));
    REQUIRE(partition_of("m-0001", 8) == static_cast<int>(stable_hash("m-0001") % 8));
}

}  // namespace prepay
