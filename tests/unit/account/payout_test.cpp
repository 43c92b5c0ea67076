#include "cash/domain/payout.h"

#include <catch2/catch.hpp>

namespace prepay::account {
namespace {

Instant at(int hour) { return Instant(std::chrono::hours(500'000 + hour)); }

}  // namespace

TEST_CASE("what is left of a closed account is paid out once it is billed to its end") {
    struct Case {
        const char* what;
        AccountState state;
        std::vector<BilledMeter> meters;
        bool is_posted;
        bool may;
    };
    const auto closed = AccountState::kClosed;
    for (const Case& c : {
             Case{"an open account goes on paying", AccountState::kOpen, {}, false, true},
             Case{"nothing metered, nothing owed", closed, {}, true, true},
             Case{"never read since", closed, {{"m", at(5), std::nullopt}}, true, false},
             Case{"billed to an hour before the end", closed, {{"m", at(5), at(4)}}, true, false},
             Case{"billed to the end", closed, {{"m", at(5), at(5)}}, true, true},
             Case{"billed beyond it", closed, {{"m", at(5), at(9)}}, true, true},
             Case{"one of two is behind",
                  closed,
                  {{"m", at(5), at(9)}, {"w", at(5), at(3)}},
                  true,
                  false},
             Case{"billed, but not in the ledger yet", closed, {{"m", at(5), at(5)}}, false, false},
         }) {
        INFO(c.what);
        CHECK(payout_obstacle(c.state, {c.meters, c.is_posted}).empty() == c.may);
    }
    CHECK(payout_obstacle(closed, {{{"w-7", at(5), std::nullopt}}, true}) ==
          "not billed to the account's end: w-7 (its end is not billed); try again once they were"
          " read, or let somebody who may decide (override_unbilled)");
}

}  // namespace prepay::account
