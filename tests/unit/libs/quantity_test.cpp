#include "quantity/quantity.h"

#include <catch2/catch.hpp>

#include "quantity/split.h"
#include "quantity/text.h"

namespace prepay {

TEST_CASE("energy times price is exact in nano-yuan") {
    // 0.39 kWh at 0.062 yuan = 0.02418 yuan.
    REQUIRE(exact_nanos(Energy::from_wh(390), Price::from_micros(62'000)) == 24'180'000);
    const Int128 large = exact_nanos(Energy::from_wh(INT64_MAX), Price::from_micros(INT64_MAX));
    REQUIRE(large / INT64_MAX == INT64_MAX);
}

TEST_CASE("rounding carries what is below a micro-yuan and never loses it") {
    std::int64_t carried = 0;
    Money total;
    for (int i = 0; i < 3000; ++i) {
        const Rounded rounded = round_with_carry(333, carried);
        total += rounded.amount;
        carried = rounded.remainder_nanos;
        REQUIRE(carried >= 0);
        REQUIRE(carried < 1000);
    }
    REQUIRE(total.micros() * 1000 + carried == 333 * 3000);
}

TEST_CASE("a reversal after a charge leaves money and remainder as they were") {
    const Rounded charge = round_with_carry(1'234'567, 400);
    const Rounded reversal = round_with_carry(-1'234'567, charge.remainder_nanos);
    REQUIRE(charge.amount + reversal.amount == Money());
    REQUIRE(reversal.remainder_nanos == 400);
}

TEST_CASE("register totals differ by energy") {
    const auto start = RegisterTotal::from_wh(999'990);
    const auto end = RegisterTotal::from_wh(1'000'240);
    REQUIRE((end - start).wh() == 250);
    REQUIRE(start + Energy::from_wh(250) == end);
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
