#include "domain/log_in_rules.h"

#include <catch2/catch.hpp>

namespace prepay::console {

TEST_CASE("five wrong passwords lock for five minutes") {
    const Instant now = from_micros(0);
    LogInState state;
    for (int i = 0; i < kFailureMax; ++i) {
        const LogInDecision decision = decide_log_in(state, false, now);
        REQUIRE(decision.outcome == LogInOutcome::kWrongPassword);
        state = decision.next;
    }
    REQUIRE(decide_log_in(state, true, now + kLockTime - Duration(1)).outcome ==
            LogInOutcome::kLockedOut);
    REQUIRE(decide_log_in(state, true, now + kLockTime).outcome == LogInOutcome::kAccepted);
}

TEST_CASE("a success clears the failures, a disabled user stays out") {
    LogInState state;
    state.failure_count = 4;
    REQUIRE(decide_log_in(state, true, from_micros(0)).next.failure_count == 0);
    state.enabled = false;
    REQUIRE(decide_log_in(state, true, from_micros(0)).outcome == LogInOutcome::kDisabled);
    REQUIRE(decide_log_in(state, false, from_micros(0)).outcome == LogInOutcome::kWrongPassword);
}

TEST_CASE("names and passwords") {
    REQUIRE_FALSE(check_user_name("li.wei-2"));
    REQUIRE(check_user_name(""));
    REQUIRE(check_user_name("Li"));
    REQUIRE(check_user_name(std::string(33, 'a')));
    REQUIRE(check_new_password("short"));
    REQUIRE_FALSE(check_new_password("long enough"));
}

}  // namespace prepay::console
