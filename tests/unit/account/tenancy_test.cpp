#include "tenancy/domain/tenancy.h"

#include <catch2/catch.hpp>

#include "tenancy/domain/customer.h"

namespace prepay::account {
namespace {

const Instant kNoon{std::chrono::hours(500'012)};

// "m1=100 m2=next" of the spans.
std::string show(const TenancyDecision& decision) {
    std::string text;
    for (const Occupancy& span : decision.spans) {
        text += (text.empty() ? "" : " ") + span.meter_id + "=" +
                (span.opening_register == kNextReading ? "next"
                                                       : std::to_string(span.opening_register));
    }
    return text;
}

}  // namespace

TEST_CASE("who may move into a room, and with which registers") {
    using enum TenancyVerdict;
    const std::vector<std::string> two = {"m2", "m1"};
    struct Case {
        const char* what;
        RoomToOpen room;
        std::vector<GivenRegister> registers;
        TenancyVerdict verdict;
        const char* result;  // The spans, or the meter that is wrong.
    };
    const Case cases[] = {
        {"an empty room", {"r", false, two}, {}, kMove, "m1=next m2=next"},
        {"with one register", {"r", false, two}, {{"m2", 100}}, kMove, "m1=next m2=100"},
        {"register 0", {"r", false, two}, {{"m1", 0}}, kMove, "m1=0 m2=next"},
        {"the next reading, said", {"r", false, two}, {{"m1", -1}}, kMove, "m1=next m2=next"},
        {"the largest register",
         {"r", false, {"m"}},
         {{"m", kRegisterMax}},
         kMove,
         "m=1000000000000000"},
        {"somebody lives there", {"r", true, two}, {}, kRoomOccupied, ""},
        {"occupied before without meters", {"r", true, {}}, {}, kRoomOccupied, ""},
        {"nothing to pay for", {"r", false, {}}, {}, kRoomWithoutMeters, ""},
        {"a meter of another room", {"r", false, two}, {{"m9", 1}}, kForeignMeter, "m9"},
        {"a negative register", {"r", false, two}, {{"m1", -2}}, kBadRegister, "m1"},
        {"too large", {"r", false, two}, {{"m1", kRegisterMax + 1}}, kBadRegister, "m1"},
        {"twice", {"r", false, two}, {{"m1", 5}, {"m1", 5}}, kMeterTwice, "m1"},
        {"the first fault counts", {"r", false, two}, {{"m1", -2}, {"m9", 1}}, kBadRegister, "m1"},
    };
    for (const Case& c : cases) {
        INFO(c.what);
        const TenancyDecision decision = decide_open(c.room, kNoon, c.registers);
        CHECK(decision.verdict == c.verdict);
        CHECK((c.verdict == kMove ? show(decision) : decision.meter_id) == c.result);
        for (const Occupancy& span : decision.spans) {
            CHECK(span.room_id == "r");
            CHECK(span.start_time == kNoon);
            CHECK_FALSE(span.end_time);
            CHECK_FALSE(span.vacancy);
        }
    }
}

TEST_CASE("closing an account gives its meters to the vacancy account") {
    using enum TenancyVerdict;
    const std::vector<PaidMeter> two = {{"m2", "r2"}, {"m1", "r1"}};
    const auto decide = [&](AccountState state, const std::vector<GivenRegister>& registers) {
        return decide_close(state, two, 7, kNoon, registers);
    };
    const TenancyDecision moved = decide(AccountState::kOpen, {{"m1", 500}});
    CHECK(moved.verdict == kMove);
    CHECK(show(moved) == "m1=500 m2=next");
    for (const Occupancy& span : moved.spans) {
        CHECK(span.account_no == 7);
        CHECK(span.vacancy);
        CHECK(span.start_time == kNoon);
        CHECK(span.room_id == (span.meter_id == "m1" ? "r1" : "r2"));
    }
    CHECK(decide(AccountState::kClosed, {}).verdict == kClosedBefore);
    CHECK(decide(AccountState::kClosed, {{"m9", 1}}).verdict == kClosedBefore);
    CHECK(decide(AccountState::kOpen, {{"m9", 1}}).verdict == kForeignMeter);
    CHECK(decide(AccountState::kOpen, {{"m1", -2}}).verdict == kBadRegister);
    CHECK(decide(AccountState::kOpen, {{"m1", 5}, {"m1", 6}}).verdict == kMeterTwice);
    CHECK(decide_close(AccountState::kOpen, {}, 7, kNoon, {}).spans.empty());
}

TEST_CASE("what may be written down of a customer") {
    struct Case {
        const char* name;
        const char* phone;
        const char* email;
        bool is_good;
    };
    for (const Case& c : {
             Case{"张三", "", "", true},
             Case{"", "", "", false},
             Case{"Zhang", "138 0000-5678", "", true},
             Case{"Zhang", "+86 (10) 110/2", "", true},
             Case{"Zhang", "12", "", false},
             Case{"Zhang", "call me 110", "", false},
             Case{"Zhang", "", "zhang@example.org", true},
             Case{"Zhang", "", "@example.org", false},
             Case{"Zhang", "", "zhang@", false},
             Case{"Zhang", "", "a@b@c", false},
             Case{"Zhang", "", "a@b.org,c@d.org", false},
             Case{"Zhang", "", "a@b.org\r\nBcc: c@d.org", false},
             Case{"Zhang", "", "<a@b.org>", false},
         }) {
        INFO(c.name << " / " << c.phone << " / " << c.email);
        CHECK(problem_of(NewCustomer{c.name, c.phone, c.email}).empty() == c.is_good);
    }
    CHECK(problem_of(NewCustomer{std::string(200, 'n'), "", ""}).empty());
    CHECK_FALSE(problem_of(NewCustomer{std::string(201, 'n'), "", ""}).empty());
    CHECK_FALSE(problem_of(NewCustomer{"Zhang", std::string(41, '1'), ""}).empty());
    CHECK_FALSE(problem_of(NewCustomer{"Zhang", "", "z@" + std::string(199, 'e')}).empty());
}

}  // namespace prepay::account
