#include "books/domain/terms.h"

#include <algorithm>

namespace prepay::account {
namespace {

constexpr Money kLevelMax = Money::from_yuan(10'000'000);

bool warns(const CreditTerms& terms) {
    return terms.kind == LedgerKind::kPurse && terms.state == AccountState::kOpen;
}

}  // namespace

std::string problem_of(const AlarmLevels& levels) {
    if (!(levels.level_1 > levels.level_2 && levels.level_2 > levels.level_3 &&
          levels.level_3 > levels.cut_floor)) {
        return "alarm levels must fall: level 1 > level 2 > level 3 > cut floor";
    }
    if (levels.level_1 > kLevelMax || levels.cut_floor < -kLevelMax) {
        return "alarm levels must lie within 10 million yuan";
    }
    return {};
}

bool may_set_floor(CreditRight right, Money before, Money wanted) {
    return right == CreditRight::kMayGive || wanted >= Money() || wanted >= before;
}

Status check_floor(CreditRight right, Money before, Money wanted) {
    return may_set_floor(right, before, wanted)
               ? absl::OkStatus()
               : permission_denied("CREDIT_NOT_ALLOWED",
                                   "a cut floor below zero is credit; an operator may give it");
}

FeeState fee_state(const CreditTerms& terms, Money balance) {
    if (!warns(terms)) {
        return FeeState::kNormal;
    }
    if (balance <= terms.levels.cut_floor) {
        return terms.cut ? FeeState::kCut : FeeState::kArrears;
    }
    if (balance <= terms.levels.level_3) {
        return FeeState::kLow3;
    }
    if (balance <= terms.levels.level_2) {
        return FeeState::kLow2;
    }
    return balance <= terms.levels.level_1 ? FeeState::kLow1 : FeeState::kNormal;
}

SwitchWish switch_wish(const CreditTerms& terms, Money balance, std::int64_t posting_count) {
    if (!warns(terms)) {
        return SwitchWish::kLeave;
    }
    const bool below = posting_count > 0 && balance <= terms.levels.cut_floor;
    return below && !terms.keep_power ? SwitchWish::kOff : SwitchWish::kOn;
}

}  // namespace prepay::account
