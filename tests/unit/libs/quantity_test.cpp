#include "quantity/quantity.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "quantity/split.h"
#include "quantity/text.h"

namespace prepay {

TEST_CASE("quantity times price is exact in pico-yuan") {
    // 0.39 kWh at 0.062 yuan = 0.02418 yuan.
    REQUIRE(exact_picos(Quantity::wh(390), Price::from_micros(62'000)) == 24'180'000'000);
    // A cubic metre at 3.10 is 3.10; a millilitre of it 3.1 micro-yuan.
    REQUIRE(exact_picos(Quantity::ml(1'000'000), Price::from_micros(3'100'000)) ==
            3'100'000 * kPicosPerMicro);
    REQUIRE(exact_picos(Quantity::ml(1), Price::from_micros(3'100'000)) == 3'100'000);
    REQUIRE(exact_picos(Quantity::ml(-1), Price::from_micros(1)) == -1);
}

TEST_CASE("the largest quantities at the largest price stay exact") {
    // 90 GWh and 90,000 m³ at 100 yuan: 9,000 million and 9 million yuan.
    const Price dearest = Price::from_micros(100'000'000);
    const Int128 energy = exact_picos(Quantity::wh(90'000'000'000), dearest);
    const Int128 water = exact_picos(Quantity::ml(90'000'000'000), dearest);
    REQUIRE(round_with_carry(energy, 999'999).amount == Money::from_yuan(9'000'000'000));
    REQUIRE(round_with_carry(water, 999'999).amount == Money::from_yuan(9'000'000));
    REQUIRE(split_picos(energy).nanos == 9'000'000'000'000'000'000);
    REQUIRE(split_picos(-energy).nanos == -9'000'000'000'000'000'000);
}

TEST_CASE("an exact amount in nanos and a rest comes back as it was") {
    for (const Int128 picos : {Int128{0}, Int128{1}, Int128{-1}, Int128{999}, Int128{1'000},
                               Int128{-1'000}, Int128{-1'001}, Int128{123'456'789'012'345}}) {
        const SplitPicos split = split_picos(picos);
        REQUIRE(split.picos_rest >= 0);
        REQUIRE(split.picos_rest < 1000);
        REQUIRE(join_picos(split.nanos, split.picos_rest) == picos);
    }
}

TEST_CASE("quantities know what they are of, and print their unit") {
    REQUIRE(Quantity::wh(5) != Quantity::ml(5));
    REQUIRE(Quantity::ml(5) + Quantity::ml(-7) == Quantity::ml(-2));
    REQUIRE(format_quantity(Quantity::wh(3'250)) == "3.250 kWh");
    REQUIRE(format_quantity(Quantity::wh(-7)) == "-0.007 kWh");
    REQUIRE(format_quantity(Quantity::ml(3'250'000)) == "3.250 m³");
    REQUIRE(format_quantity(Quantity::ml(120'500)) == "0.1205 m³");
    REQUIRE(format_quantity(Quantity::ml(1)) == "0.000001 m³");
}

TEST_CASE("rounding carries what is below a micro-yuan and never loses it") {
    std::int64_t carried = 0;
    Money total;
    for (int i = 0; i < 3000; ++i) {
        const Rounded rounded = round_with_carry(333'333, carried);
        total += rounded.amount;
        carried = rounded.remainder_picos;
        REQUIRE(carried >= 0);
        REQUIRE(carried < kPicosPerMicro);
    }
    REQUIRE(total.micros() * kPicosPerMicro + carried == 333'333LL * 3000);
}

TEST_CASE("a reversal after a charge leaves money and remainder as they were") {
    const Rounded charge = round_with_carry(1'234'567'891, 400'000);
    const Rounded reversal = round_with_carry(-1'234'567'891, charge.remainder_picos);
    REQUIRE(charge.amount + reversal.amount == Money());
    REQUIRE(reversal.remainder_picos == 400'000);
}

TEST_CASE("adding water to electricity ends the process, either way round") {
    const auto ends_by_abort = [](Quantity left, Quantity right) {
        const pid_t child = fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            std::signal(SIGABRT, SIG_DFL);
            const Quantity sum = left + right;
            _exit(sum.base_units() == 0 ? 1 : 0);
        }
        int status = 0;
        REQUIRE(waitpid(child, &status, 0) == child);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
    };
    CHECK(ends_by_abort(Quantity::wh(1), Quantity::ml(1)));
    CHECK(ends_by_abort(Quantity::ml(1), Quantity::wh(1)));
    CHECK(ends_by_abort(Quantity::ml(1), -Quantity::wh(1)));
    CHECK_FALSE(ends_by_abort(Quantity::ml(1), Quantity::ml(1)));
}

TEST_CASE("the unit that a register counts is said in one place") {
    CHECK(std::string(base_unit_text(Resource::kElectricity)) == "Wh");
    CHECK(std::string(base_unit_text(Resource::kWater)) == "mL");
}

TEST_CASE("register totals differ by a quantity of what the register counts") {
    const auto start = RegisterTotal::from_base_units(999'990);
    const auto end = RegisterTotal::from_base_units(1'000'240);
    REQUIRE((end - start).of(Resource::kElectricity) == Quantity::wh(250));
    REQUIRE((end - start).of(Resource::kWater) == Quantity::ml(250));
    REQUIRE(start + RegisterDifference(250) == end);
}

TEST_CASE("largest remainder splits to the last unit, ties to the lower index") {
    REQUIRE(split_by_largest_remainder(100, {1, 1, 1}) == std::vector<std::int64_t>{34, 33, 33});
    REQUIRE(split_by_largest_remainder(7, {0, 3, 4}) == std::vector<std::int64_t>{0, 3, 4});
    REQUIRE(split_by_largest_remainder(0, {5, 5}) == std::vector<std::int64_t>{0, 0});
    REQUIRE(split_by_largest_remainder(INT64_MAX, {1, INT64_MAX / 2, 1}).size() == 3);
}

TEST_CASE("decimal text") {
    REQUIRE(parse_decimal("0.062", 6) == 62'000);
    REQUIRE(parse_decimal("-12.5", 6) == -12'500'000);
    REQUIRE(parse_decimal("1.2300000", 2) == 123);
    REQUIRE(parse_decimal(".5", 2) == 50);
    for (const char* bad :
         {"", "-", ".", "1,5", "1.234", "0x10", "1e3", "99999999999999999999", "1.2.3", " 1"}) {
        CAPTURE(bad);
        REQUIRE_FALSE(parse_decimal(bad, 2).has_value());
    }
    REQUIRE(format_decimal(89'879'860, 6, 2) == "89.87986");
    REQUIRE(format_decimal(-5, 6, 2) == "-0.000005");
    REQUIRE(format_decimal(INT64_MIN, 6, 2) == "-9223372036854.775808");
    REQUIRE(format_decimal(7, 0, 0) == "7");
    REQUIRE(format_decimal(0, 6, 2) == "0.00");
    REQUIRE(format_decimal(0, 0, 0) == "0");
    const Int128 wide = static_cast<Int128>(INT64_MAX) * INT64_MAX;
    REQUIRE(format_decimal(wide, 9, 6) == "85070591730234615847396907784.232501249");
    REQUIRE(format_decimal(-(static_cast<Int128>(1) << 126) * 2, 0, 0) ==
            "-170141183460469231731687303715884105728");  // -2^127.
}

}  // namespace prepay
