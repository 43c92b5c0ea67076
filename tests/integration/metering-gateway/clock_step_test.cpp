// The gateway as a process whose wall clock is set.
#include "gateway_process.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

TEST_CASE("I-24: a gateway whose clock is set by a day or an hour reads on in the right time") {
    SKIP_WITHOUT_POSTGRES();
    Simulator park;
    prepay::test::TestDatabase scratch("metering", metering_gateway_migrations());
    const auto database = scratch.open();
    add_meter(*database, park);
    GatewayProcess gateway(scratch);
    REQUIRE(eventually(*database, "SELECT count(*) > 1 FROM readings"));
    for (const int hours : {24, -24, 1, -1}) {
        INFO(hours << "\n" << gateway.log());
        const std::string since = std::to_string(to_micros(SystemClock().now()) / 1'000'000);
        const auto reads_on = [&](const std::string& seconds) {
            return eventually(*database,
                              "SELECT count(*) > 0 FROM readings WHERE read_time >"
                              " to_timestamp(" +
                                  since + ") + interval '" + seconds + " seconds'");
        };
        gateway.step(std::chrono::hours(hours));
        CHECK(reads_on("3"));
        gateway.step(Duration(0));
        CHECK(reads_on("6"));
    }
    CHECK(gateway.log().find("the time before its step is kept") != std::string::npos);
    CHECK(gateway.log().find("the clocks agree again") != std::string::npos);
    CHECK(eventually(*database,
                     "SELECT bool_and(read_time BETWEEN clock_timestamp() - interval '10 minutes'"
                     " AND clock_timestamp() + interval '5 seconds' AND slot_time <="
                     " clock_timestamp() + interval '5 seconds') FROM readings"));
    CHECK(eventually(*database, "SELECT count(*) = 0 FROM rejected_readings"));
}
