#include "register_map.h"

#include <catch2/catch.hpp>

#include "test_park.h"

using namespace prepay;
using namespace prepay::simulator;
using namespace prepay::simulator::test;
using namespace std::chrono_literals;

namespace {

struct Fixture {
    explicit Fixture(Family family, std::int64_t load_w = 2200,
                     std::int64_t register_wh = 123'456'780)
        : meter(meter_spec("m-0001", 1, family, load_w, register_wh),
                LoadProfile::load("dormitory").value(), clock.now()) {}

    std::vector<int> read(int address, int count) {
        return words_of(answer(meter, read_pdu(address, count), false, false));
    }
    std::int64_t read_u32(int address) {
        return u32_of(answer(meter, read_pdu(address, 2), false, false));
    }
    /// 0 = written, else the exception code.
    int write(int address, const std::vector<int>& words) {
        const Bytes pdu = answer(meter, write_pdu(address, words), false, false);
        return pdu[0] == 0x90 ? pdu[1] : 0;
    }
    /// Exception code of any PDU; 0 = none.
    int code(const Bytes& request) {
        const Bytes pdu = answer(meter, request, false, false);
        return (pdu[0] & 0x80) != 0 ? pdu[1] : 0;
    }

    FakeClock clock;
    Meter meter;
};

}  // namespace

TEST_CASE("DDSY1352: registers at their addresses and scales") {
    Fixture meter(Family::kDdsy1352);
    CHECK(meter.read(0x0000, 2) == std::vector{0x00BC, 0x614E});  // 12345678 x 0.01 kWh
    CHECK(meter.read_u32(0x0002) == 1'234'567);
    CHECK(meter.read_u32(0x0002) + meter.read_u32(0x0004) + meter.read_u32(0x0006) +
              meter.read_u32(0x0008) >=
          12'345'678 - 4);
    const auto shown = meter.read(0x000B, 6);
    const int voltage_dv = shown[0];
    CHECK(voltage_dv >= 2240);
    CHECK(voltage_dv <= 2320);
    CHECK(shown[2] == 2200);  // 0.001 kW
    CHECK(shown[4] > 2200);   // apparent
    CHECK(shown[5] >= 900);
    CHECK(shown[5] <= 990);
    CHECK(std::abs(shown[4] * shown[5] / 1000 - shown[2]) <= 2);
    CHECK(std::abs(shown[1] * voltage_dv / 1000 - shown[4]) <= 3);
    CHECK(std::abs(shown[3] * shown[3] + shown[2] * shown[2] - shown[4] * shown[4]) < 2 * shown[4]);
    CHECK(meter.read(0x0022, 1) == std::vector{0});
    CHECK(meter.read(0x2006, 3) == std::vector{0x0400, 0x0003, 0x0007});  // valley 0:00, flat 7:00
    CHECK(meter.read_u32(0x5030) == 0);
}

TEST_CASE("DDSY1352: relay words act, read back and reach the status") {
    Fixture meter(Family::kDdsy1352);
    struct Row {
        std::vector<int> write;
        std::vector<int> read_back;
        int status;
    };
    const std::vector<Row> story = {
        {{1, 1}, {1, 1}, 3},       // force trip
        {{1, 1}, {1, 1}, 3},       // again: no change
        {{1, 0}, {1, 0}, 2},       // force close
        {{1, 1}, {1, 1}, 3},       // force trip
        {{0, 0x1234}, {0, 0}, 0},  // back to automatic: closes
    };
    for (const Row& row : story) {
        REQUIRE(meter.write(0x57, row.write) == 0);
        CHECK(meter.read(0x57, 2) == row.read_back);
        CHECK(meter.read(0x22, 1) == std::vector{row.status});
        CHECK(meter.meter.contact_open() == ((row.status & 1) != 0));
    }
    CHECK(meter.meter.relay_change_count() == 4);
    CHECK(meter.write(0x57, {1}) == kIllegalAddress);
    CHECK(meter.write(0x58, {1}) == kIllegalAddress);
    CHECK(meter.write(0x56, {0, 1, 1}) == kIllegalAddress);
    CHECK(meter.write(0x57, {1, 2}) == kIllegalValue);
    CHECK(meter.write(0x57, {2, 0}) == kIllegalValue);
    CHECK(meter.meter.relay_change_count() == 4);
    meter.meter.move_contact(true);
    CHECK(meter.read(0x57, 2) == std::vector{0, 1});
    CHECK(meter.read(0x22, 1) == std::vector{1});
}

TEST_CASE("water meter: litres, flow, and a valve that stops them") {
    Fixture meter(Family::kWaterValve, 36'000, 12'345'678);
    CHECK(meter.read_u32(0x0000) == 12'345);  // 0.001 m3, truncated
    CHECK(meter.read_u32(0x0002) == 36);      // L/h
    CHECK(meter.read(0x0004, 1) == std::vector{0});
    meter.meter.advance(meter.meter.time() + 30min, 1);
    CHECK(meter.read_u32(0x0000) == 12'363);
    CHECK(meter.write(0x10, {1}) == 0);
    CHECK(meter.read(0x10, 1) == std::vector{1});
    CHECK(meter.read(0x0004, 1) == std::vector{1});
    CHECK(meter.read_u32(0x0002) == 0);
    meter.meter.advance(meter.meter.time() + 24h, 1);
    CHECK(meter.read_u32(0x0000) == 12'363);
    CHECK(meter.write(0x10, {0}) == 0);
    meter.meter.advance(meter.meter.time() + 1h, 1);
    CHECK(meter.read_u32(0x0000) == 12'399);
    CHECK(meter.read(0x0004, 1) == std::vector{0});
    CHECK(meter.write(0x10, {2}) == kIllegalValue);
    CHECK(meter.write(0x00, {1}) == kIllegalAddress);
    CHECK(meter.code(read_pdu(0x06, 1)) == kIllegalAddress);
}

TEST_CASE("water meter: the register turns over after 99999.999 m3") {
    Fixture meter(Family::kWaterValve, 1'000'000, 99'999'999'999);
    CHECK(meter.read_u32(0x0000) == 99'999'999);
    meter.meter.advance(meter.meter.time() + 1h, 1);
    CHECK(meter.read_u32(0x0000) == 999);
    CHECK(meter.meter.consumed().mwh() == 1'000'000'000);
}

TEST_CASE("water meter: a stuck valve takes the order and lets the water run") {
    Fixture meter(Family::kWaterValve, 36'000);
    answer(meter.meter, write_pdu(0x10, {1}), false, true);
    CHECK(meter.read(0x10, 1) == std::vector{1});
    CHECK(meter.read(0x04, 1) == std::vector{0});
    CHECK(meter.read_u32(0x02) == 36);
}

TEST_CASE("bad requests get the exception of the protocol and change nothing") {
    Fixture meter(Family::kDdsy1352);
    CHECK(meter.code(hex("04 00 00 00 02")) == kIllegalFunction);
    CHECK(meter.code(hex("42")) == kIllegalFunction);
    CHECK(meter.code(read_pdu(0, 0)) == kIllegalValue);
    CHECK(meter.code(read_pdu(0, 126)) == kIllegalValue);
    CHECK(meter.code(hex("03 00 00 00")) == kIllegalValue);
    CHECK(meter.code(read_pdu(0x64, 1)) == kIllegalAddress);
    CHECK(meter.code(read_pdu(0x63, 2)) == kIllegalAddress);
    CHECK(meter.code(read_pdu(0xFFFF, 2)) == kIllegalAddress);
    CHECK(meter.code(read_pdu(0x00, 100)) == 0);
    CHECK(meter.code(hex("10 00 0A 00 01 03 00 01")) == kIllegalValue);
    CHECK(meter.code(hex("10 00 0A 00 01 02 00")) == kIllegalValue);
    CHECK(meter.write(0x00, {1}) == kIllegalAddress);     // read only
    CHECK(meter.write(0x0A, {5, 5}) == kIllegalAddress);  // one of them is
    CHECK(meter.write(0x0A, {10'000}) == kIllegalValue);
    CHECK(meter.read(0x0A, 1) == std::vector{0});
    CHECK(meter.write(0x0A, {4711}) == 0);
    CHECK(meter.read(0x0A, 1) == std::vector{4711});
    CHECK(meter.write(0x59, {0, 5283}) == 0);
    CHECK(meter.read_u32(0x59) == 5283);
}

TEST_CASE("ADF400L single-phase: data block, settings, forced control") {
    Fixture meter(Family::kAdf400lSingle);
    CHECK(meter.read(0x0302, 1) == std::vector{2200});
    CHECK(meter.read_u32(0x0306) == 12'345'678);
    CHECK(meter.read_u32(0x0400) == 12'345'678);
    CHECK(meter.read_u32(0x0402) == 1'234'567);
    CHECK(meter.read(0x0908, 1) == std::vector{0x0100});
    CHECK(meter.read(0x090B, 4) == std::vector{0x1A01, 0x0F04, 0x0000, 0x0000});
    CHECK(meter.read(0x0914, 3) == std::vector{0x0400, 0x0003, 0x0700});
    CHECK(meter.code(read_pdu(0x033F, 2)) == kIllegalAddress);
    CHECK(meter.code(read_pdu(0x1B00, 2)) == kIllegalAddress);

    REQUIRE(meter.write(0x0800, {1, 0x0100}) == 0);
    CHECK(meter.meter.contact_open());
    CHECK(meter.read(0x0800, 2) == std::vector{1, 0x0100});
    CHECK(meter.read(0x0311, 1) == std::vector{3});
    REQUIRE(meter.write(0x0800, {1, 0x0001}) == 0);
    CHECK_FALSE(meter.meter.contact_open());
    REQUIRE(meter.write(0x0800, {0, 0}) == 0);
    CHECK(meter.read(0x0800, 2) == std::vector{0, 0});
    CHECK(meter.write(0x0800, {1, 0x0101}) == kIllegalValue);
    CHECK(meter.write(0x0800, {2, 0, 0, 0, 0x0100}) == kIllegalValue);  // the other kind of user
    CHECK(meter.write(0x0800, {1, 0x0200}) == kIllegalValue);
    CHECK(meter.write(0x0801, {0x0100}) == kIllegalAddress);
    CHECK_FALSE(meter.meter.contact_open());
}

TEST_CASE("ADF400L three-phase: data block, forced control") {
    Fixture meter(Family::kAdf400lThree, 40'001);
    CHECK(meter.read_u32(0x0345) == 40'001);
    CHECK(meter.read_u32(0x0347) == 13'334);
    CHECK(meter.read_u32(0x0347) + meter.read_u32(0x0349) + meter.read_u32(0x034B) == 40'001);
    const auto shown = meter.read(0x033F, 6);
    for (std::size_t phase = 0; phase < 3; ++phase) {
        CHECK(shown[phase] > 2200);
        CHECK(std::abs(shown[phase] * shown[phase + 3] / 1000 - meter.read_u32(0x034F) / 3) < 5);
    }
    CHECK(meter.read_u32(0x035E) == 12'345'678);
    CHECK(meter.read(0x0352, 3) == std::vector<int>(3, meter.read(0x0351, 1)[0]));
    CHECK(meter.code(read_pdu(0x0300, 2)) == kIllegalAddress);
    REQUIRE(meter.write(0x0800, {2, 0, 0, 0, 0x0100}) == 0);
    CHECK(meter.read(0x0369, 1) == std::vector{3});
    CHECK(meter.read_u32(0x0345) == 0);
    CHECK(meter.read(0x0800, 5) == std::vector{2, 0, 0, 0, 0x0100});
    REQUIRE(meter.write(0x0800, {0, 0, 0, 0, 0}) == 0);
    CHECK(meter.read(0x0369, 1) == std::vector{0});
    CHECK(meter.write(0x0800, {2, 0x0100}) == kIllegalAddress);
}

TEST_CASE("ADF400L: a recharge takes only the next purchase number") {
    for (const auto& [family, settings, account] :
         {std::tuple{Family::kAdf400lSingle, 0x0500, 0x030A},
          std::tuple{Family::kAdf400lThree, 0x0536, 0x0362}}) {
        Fixture meter(family);
        const int purchase = settings + 0x0D;
        CHECK(meter.write(purchase, {0, 10'000, 2}) == kIllegalValue);
        REQUIRE(meter.write(purchase, {0, 10'000, 1}) == 0);
        CHECK(meter.write(purchase, {0, 10'000, 1}) == kIllegalValue);  // the same again
        REQUIRE(meter.write(purchase, {1, 0, 2}) == 0);
        CHECK(meter.write(purchase, {0, 5}) == kIllegalAddress);
        CHECK(meter.read_u32(account) == 75'536);
        CHECK(meter.read_u32(account + 2) == 75'536);
        CHECK(meter.read(account + 4, 1) == std::vector{2});
        CHECK(meter.read(purchase, 3) == std::vector{1, 0, 2});
        REQUIRE(meter.write(settings + 0x10, {0, 500}) == 0);  // base quota
        CHECK(meter.read_u32(account + 5) == 500);
        CHECK(meter.read_u32(account + 8) == 500);
    }
}

TEST_CASE("relay writes are told apart from other requests") {
    CHECK(is_relay_write(Family::kDdsy1352, write_pdu(0x57, {1, 1})));
    CHECK(is_relay_write(Family::kDdsy1352, write_pdu(0x55, {0, 0, 1})));
    CHECK_FALSE(is_relay_write(Family::kDdsy1352, write_pdu(0x59, {0, 1})));
    CHECK_FALSE(is_relay_write(Family::kDdsy1352, read_pdu(0x57, 2)));
    CHECK(is_relay_write(Family::kAdf400lSingle, write_pdu(0x800, {1, 1})));
    CHECK_FALSE(is_relay_write(Family::kAdf400lThree, write_pdu(0x57, {1, 1})));
}
