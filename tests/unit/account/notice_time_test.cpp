#include <catch2/catch.hpp>

#include "payments/adapters/provider_words.h"

namespace prepay::account {
namespace {

constexpr std::int64_t kNow = 1'767'571'200;

Instant at(std::int64_t seconds) { return from_micros(seconds * 1'000'000); }

}  // namespace

TEST_CASE("Wechatpay-Timestamp within five minutes is taken, to the second") {
    for (const std::int64_t off : {-300, -1, 0, 1, 300}) {
        INFO(off);
        CHECK(is_recent(std::to_string(kNow + off), at(kNow)));
    }
    for (const std::int64_t off : {-86'400, -301, 301, 86'400}) {
        INFO(off);
        CHECK_FALSE(is_recent(std::to_string(kNow + off), at(kNow)));
    }
    CHECK(is_recent("0", at(2)));
}

TEST_CASE("A Wechatpay-Timestamp that no clock shows is refused, whatever the time is") {
    // Also at the start of time, which "-0" and a number that wrapped to little would be near.
    for (const std::int64_t now : {kNow, std::int64_t{0}, std::int64_t{2}}) {
        for (const char* timestamp : {"-9223372036854775808",
                                      "9223372036854775807",
                                      "-9223372036854775809",
                                      "9223372036854775808",
                                      "18446744073709551616",
                                      "18446744073709551617",
                                      "1000000000000000000",
                                      "0000000001767571200",
                                      "00000000000000000000",
                                      "-0",
                                      "-1",
                                      "+0",
                                      "99999999999",
                                      "100000000000",
                                      "",
                                      " 1767571200",
                                      "1767571200 ",
                                      "1767571200.0",
                                      "1e9",
                                      "0x1",
                                      "-",
                                      "NaN"}) {
            INFO(now << " " << timestamp);
            CHECK_FALSE(is_recent(timestamp, at(now)));
        }
    }
    CHECK_FALSE(is_recent(std::string("0\0", 2), at(0)));
}

}  // namespace prepay::account
