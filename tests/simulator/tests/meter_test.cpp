#include "meter.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

#include "support/paths.h"
#include "test_park.h"

using namespace prepay;
using namespace prepay::simulator;
using namespace prepay::simulator::test;
using namespace std::chrono_literals;

namespace {

Meter make_meter(const FakeClock& clock, std::int64_t load_w, std::int64_t register_wh = 0) {
    return {meter_spec("m-0001", 1, Family::kDdsy1352, load_w, register_wh),
            LoadProfile::load("dormitory").value(), clock.now()};
}

std::string temporary_csv(const std::string& content) {
    const std::string path =
        std::string(prepay::test::binary_dir()) + "/simulator_profile_test.csv";
    std::ofstream(path) << content;
    return path;
}

}  // namespace

TEST_CASE("energy is exact in any slices") {
    ExactEnergy whole;
    whole.add(7, 1, 86'400'000'000);
    ExactEnergy sliced;
    for (int slice = 0; slice < 86'400; ++slice) {
        sliced.add(7, 1, 333'333);
        sliced.add(7, 1, 666'667);
    }
    CHECK(whole.mwh() == 168'000);  // 7 W x 24 h
    CHECK(sliced.mwh() == whole.mwh());
    ExactEnergy fast;
    fast.add(7, 1000, 86'400'000);
    CHECK(fast.mwh() == whole.mwh());
}

TEST_CASE("a constant load fills the total and the rates by the period table") {
    FakeClock clock;
    Meter meter = make_meter(clock, 1000);
    for (int minute = 0; minute < 24 * 60; ++minute) {
        clock.pass(1min);
        meter.advance(clock.now(), 1);
    }
    CHECK(meter.total().mwh() == 24'000'000);
    CHECK(meter.rate(kSharp).mwh() == 2'000'000);
    CHECK(meter.rate(kPeak).mwh() == 5'000'000);
    CHECK(meter.rate(kFlat).mwh() == 9'000'000);
    CHECK(meter.rate(kValley).mwh() == 8'000'000);
}

TEST_CASE("an open contact stops consumption, and closing resumes it") {
    FakeClock clock;
    Meter meter = make_meter(clock, 3600);
    clock.pass(10s);
    meter.advance(clock.now(), 1);
    CHECK(meter.total().mwh() == 10'000);
    meter.order_relay(true, false);
    CHECK(meter.contact_open());
    CHECK(meter.relay_change_time() == clock.now());
    clock.pass(24h);
    meter.advance(clock.now(), 1);
    CHECK(meter.total().mwh() == 10'000);
    CHECK(meter.power_w() == 0);
    CHECK(meter.load_w() == 3600);
    CHECK(meter.electrical().apparent_va == 0);
    CHECK(meter.electrical().voltage_dv > 2000);
    meter.order_relay(false, false);
    clock.pass(5s);
    meter.advance(clock.now(), 1);
    CHECK(meter.total().mwh() == 15'000);
    CHECK(meter.relay_change_count() == 2);
}

TEST_CASE("the register turns over at 999999.99 kWh and consumption goes on") {
    FakeClock clock;
    Meter meter = make_meter(clock, 1000, 999'999'990);
    CHECK(register_steps(meter.total()) == 99'999'999);
    clock.pass(35s);
    meter.advance(clock.now(), 1);
    CHECK(register_steps(meter.total()) == 99'999'999);
    clock.pass(1s);
    meter.advance(clock.now(), 1);
    CHECK(register_steps(meter.total()) == 0);
    clock.pass(36s);
    meter.advance(clock.now(), 1);
    CHECK(register_steps(meter.total()) == 1);
    CHECK(meter.consumed().mwh() == 20'000);
}

TEST_CASE("rated power limits the load, time never runs back") {
    FakeClock clock;
    MeterSpec spec = meter_spec("m", 1, Family::kDdsy1352, 50'000);
    spec.rated_power_w = 13'200;
    Meter meter(spec, LoadProfile::load("shop").value(), clock.now());
    CHECK(meter.power_w() == 13'200);
    meter.advance(clock.now() - 1h, 1);
    CHECK(meter.total().mwh() == 0);
    CHECK(meter.time() == clock.now());
}

TEST_CASE("built-in profiles follow the local day and repeat") {
    FakeClock clock;  // local midnight
    const auto office = LoadProfile::load("office").value();
    const std::int64_t night = office->watts(clock.now() + 3h, 42);
    const std::int64_t noon = office->watts(clock.now() + 10h, 42);
    CHECK(night > 0);
    CHECK(noon > 8 * night);
    CHECK(office->watts(clock.now() + 10h, 42) == noon);
    CHECK(office->watts(clock.now() + 24h * 2 + 10h, 42) < noon / 2);  // Saturday
    const auto dormitory = LoadProfile::load("dormitory").value();
    CHECK(dormitory->watts(clock.now() + 20h, 42) > dormitory->watts(clock.now() + 3h, 42));
    CHECK(LoadProfile::load("workshop").value()->watts(clock.now() + 10h, 42) > 5000);
}

TEST_CASE("the energy of a profile is the sum of its steps, however it is read") {
    FakeClock clock;
    Meter often = make_meter(clock, -1);
    Meter once = make_meter(clock, -1);
    for (int index = 0; index < 500; ++index) {
        clock.pass(137s + 91us);
        often.advance(clock.now(), 1);
    }
    once.advance(clock.now(), 1);
    CHECK(once.total().mwh() > 0);
    CHECK(often.total().mwh() == once.total().mwh());
    std::int64_t rates = 0;
    for (int rate = kSharp; rate <= kValley; ++rate) {
        rates += once.rate(rate).mwh();
    }
    CHECK(std::abs(rates - once.total().mwh()) < kRateCount);
}

TEST_CASE("a CSV profile is taken as it stands; bad ones name their line") {
    std::string rows = "hour,watts\n";
    for (int hour = 0; hour < 24; ++hour) {
        rows += std::to_string(hour) + "," + std::to_string(100 * hour) + "\n";
    }
    FakeClock clock;
    const auto profile = LoadProfile::load(temporary_csv(rows)).value();
    CHECK(profile->watts(clock.now() + 59min, 9) == 0);
    CHECK(profile->watts(clock.now() + 13h + 30min, 9) == 1300);
    const std::vector<std::pair<std::string, std::string>> bad = {
        {"watts\n", ":1: "},
        {"hour,watts\n0,100\n2,100\n", ":3: "},
        {"hour,watts\n0,-5\n", ":2: "},
        {"hour,watts\n0,1e3\n", ":2: "},
        {"hour,watts\n0,1\n", "24 hours"},
    };
    for (const auto& [content, where] : bad) {
        const auto result = LoadProfile::load(temporary_csv(content));
        REQUIRE_FALSE(result.ok());
        CHECK(error_reason(result.status()) == "BAD_PROFILE");
        CHECK_THAT(error_message(result.status()), Catch::Contains(where));
    }
    CHECK_THAT(error_message(LoadProfile::load("factory").status()), Catch::Contains("workshop"));
}
