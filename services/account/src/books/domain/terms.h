#pragma once

#include <cstdint>
#include <string>

#include "core/status.h"
#include "quantity/quantity.h"

namespace prepay::account {

/// What a ledger account stands for. Balances are credit-positive: a purse's balance is what the
/// company owes its holder in energy; cash and provider hold the same money with the opposite sign.
enum class LedgerKind { kPurse, kCash, kProvider, kRevenue, kVacancy, kSuspense };

enum class AccountState { kOpen, kClosed };

enum class FeeState { kNormal, kLow1, kLow2, kLow3, kArrears, kCut };

/// Balances at or below which a level is reached. level_1 > level_2 > level_3 > cut_floor.
struct AlarmLevels {
    Money level_1 = Money::from_yuan(50);
    Money level_2 = Money::from_yuan(20);
    Money level_3 = Money::from_yuan(5);
    Money cut_floor = Money::from_yuan(0);
    bool operator==(const AlarmLevels&) const = default;
};

/// Empty when the levels are in order and within +- 10 million yuan; else what is wrong with them.
std::string problem_of(const AlarmLevels& levels);

/// A floor below zero is credit: whoever may only sell neither gives nor deepens it.
enum class CreditRight { kNone, kMayGive };

/// Whether a floor may follow the one that stands. `before` is read under the account's lock, or
/// somebody raises it in between.
bool may_set_floor(CreditRight right, Money before, Money wanted);
/// The same as a status: PERMISSION_DENIED / CREDIT_NOT_ALLOWED.
Status check_floor(CreditRight right, Money before, Money wanted);

/// Everything but the balance that decides about warnings and switching.
struct CreditTerms {
    LedgerKind kind = LedgerKind::kPurse;
    AccountState state = AccountState::kOpen;
    AlarmLevels levels;
    bool keep_power = false;
    bool cut = false;  ///< A trip for money was proven and not yet undone, on any meter.
};

/// Only open purses warn and cut; everything else is normal.
FeeState fee_state(const CreditTerms& terms, Money balance);

/// What credit control wants of an account's relays.
enum class SwitchWish {
    kOff,    ///< Balance at or below the floor, open, no keep-power: no power.
    kOn,     ///< Power is due; undo what money switched off.
    kLeave,  ///< Closed or vacant: switch nothing, but send no waiting trip any more.
};

/// An account without any posting yet (`posting_count` 0) is not cut: its first money is on its
/// way.
SwitchWish switch_wish(const CreditTerms& terms, Money balance, std::int64_t posting_count);

}  // namespace prepay::account
