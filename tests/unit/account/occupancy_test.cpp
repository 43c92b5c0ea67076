#include "tenancy/domain/occupancy.h"

#include <catch2/catch.hpp>

namespace prepay::account {
namespace {

Instant day(int n) { return from_micros(n * 86'400'000'000LL); }

Occupancy span(std::int64_t account_no, int start, bool vacancy) {
    Occupancy occupancy;
    occupancy.account_no = account_no;
    occupancy.start_time = day(start);
    occupancy.vacancy = vacancy;
    return occupancy;
}

std::string picture(const std::vector<Occupancy>& timeline) {
    std::string text;
    for (const Occupancy& item : timeline) {
        if (!item.deleted) {
            text += std::to_string(item.account_no) + "[" +
                    std::to_string(to_micros(item.start_time) / 86'400'000'000LL) + "," +
                    (item.end_time ? std::to_string(to_micros(*item.end_time) / 86'400'000'000LL)
                                   : "") +
                    ") ";
        }
    }
    return text;
}

}  // namespace

TEST_CASE("payers follow one another without gap or overlap") {
    std::vector<Occupancy> timeline;
    CHECK(move_payer(timeline, span(9, 1, true)) == MoveOutcome::kMoved);
    CHECK(move_payer(timeline, span(1, 5, false)) == MoveOutcome::kMoved);
    CHECK(picture(timeline) == "9[1,5) 1[5,) ");
    CHECK(move_payer(timeline, span(2, 7, false)) == MoveOutcome::kOccupied);
    CHECK(move_payer(timeline, span(9, 5, true)) == MoveOutcome::kTooEarly);
    CHECK(move_payer(timeline, span(9, 3, true)) == MoveOutcome::kTooEarly);
    CHECK(move_payer(timeline, span(9, 8, true)) == MoveOutcome::kMoved);
    CHECK(picture(timeline) == "9[1,5) 1[5,8) 9[8,) ");
    CHECK(move_payer(timeline, span(2, 7, false)) == MoveOutcome::kTooEarly);
    CHECK(move_payer(timeline, span(2, 8, false)) == MoveOutcome::kMoved);
    CHECK(picture(timeline) == "9[1,5) 1[5,8) 2[8,) ");
}

TEST_CASE("a tenant may be entered for a time before the meter was attached") {
    std::vector<Occupancy> timeline;
    REQUIRE(move_payer(timeline, span(9, 5, true)) == MoveOutcome::kMoved);
    REQUIRE(move_payer(timeline, span(1, 2, false)) == MoveOutcome::kMoved);
    CHECK(picture(timeline) == "1[2,) ");
    CHECK(timeline[0].deleted);
    CHECK(timeline[0].revision == 2);
}

}  // namespace prepay::account
