#include "books/domain/terms.h"

#include <catch2/catch.hpp>

namespace prepay::account {

TEST_CASE("fee state follows the balance: at or below a level counts (2h, 2i)") {
    CreditTerms terms;
    const auto at = [&](std::int64_t micros) {
        return fee_state(terms, Money::from_micros(micros));
    };
    CHECK(at(50'000'001) == FeeState::kNormal);
    CHECK(at(50'000'000) == FeeState::kLow1);
    CHECK(at(20'000'001) == FeeState::kLow1);
    CHECK(at(20'000'000) == FeeState::kLow2);
    CHECK(at(5'000'000) == FeeState::kLow3);
    CHECK(at(1) == FeeState::kLow3);
    CHECK(at(0) == FeeState::kArrears);
    terms.cut = true;
    CHECK(at(0) == FeeState::kCut);
    CHECK(at(1) == FeeState::kLow3);
    terms.state = AccountState::kClosed;
    CHECK(at(-1) == FeeState::kNormal);
    terms = {};
    terms.kind = LedgerKind::kVacancy;
    CHECK(at(-1) == FeeState::kNormal);
}

TEST_CASE("only an open purse at its floor without keep-power is to be off (B1)") {
    CreditTerms terms;
    const auto at = [&](std::int64_t micros) {
        return switch_wish(terms, Money::from_micros(micros), 1);
    };
    CHECK(at(1) == SwitchWish::kOn);
    CHECK(at(0) == SwitchWish::kOff);
    CHECK(switch_wish(terms, Money(), 0) == SwitchWish::kOn);
    terms.keep_power = true;
    CHECK(at(-5) == SwitchWish::kOn);
    terms.state = AccountState::kClosed;
    CHECK(at(-5) == SwitchWish::kLeave);
    terms = {};
    terms.levels.cut_floor = Money::from_yuan(-10);
    CHECK(at(-9'999'999) == SwitchWish::kOn);
    CHECK(at(-10'000'000) == SwitchWish::kOff);
}

TEST_CASE("levels must fall and stay within reason") {
    CHECK(problem_of(AlarmLevels()).empty());
    AlarmLevels levels;
    levels.level_2 = levels.level_1;
    CHECK_FALSE(problem_of(levels).empty());
    levels = {};
    levels.cut_floor = levels.level_3;
    CHECK_FALSE(problem_of(levels).empty());
    levels = {};
    levels.level_1 = Money::from_yuan(10'000'001);
    CHECK_FALSE(problem_of(levels).empty());
}

TEST_CASE("who may only sell neither gives nor deepens credit") {
    struct Row {
        CreditRight right;
        std::int64_t before, wanted;
        bool may;
    };
    using enum CreditRight;
    for (const Row& row :
         {Row{kNone, 0, 0, true}, Row{kNone, 0, 5, true}, Row{kNone, 5, 0, true},
          Row{kNone, 0, -1, false}, Row{kNone, 5, -1, false}, Row{kNone, -5, -5, true},
          Row{kNone, -5, -4, true}, Row{kNone, -5, -6, false}, Row{kMayGive, 0, -1, true},
          Row{kMayGive, -5, -6, true}}) {
        CAPTURE(row.before, row.wanted);
        CHECK(may_set_floor(row.right, Money::from_micros(row.before),
                            Money::from_micros(row.wanted)) == row.may);
    }
}

}  // namespace prepay::account
