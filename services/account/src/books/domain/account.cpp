#include "books/domain/account.h"

#include "core/assert.h"

namespace prepay::account {

BatchEffect effect_of(const std::vector<LockedAccount>& before, const PostingPlan& plan) {
    PREPAY_ASSERT(before.size() == plan.accounts.size());
    BatchEffect effect;
    for (std::size_t i = 0; i < before.size(); ++i) {
        PREPAY_ASSERT(before[i].balance.account_no == plan.accounts[i].account_no);
        if (plan.accounts[i].version == before[i].balance.version) {
            continue;
        }
        LockedAccount after{plan.accounts[i], before[i].profile};
        if (after.wish() != before[i].wish()) {
            effect.crossed.push_back(after);
        }
        effect.changes.push_back({before[i], std::move(after)});
    }
    return effect;
}

}  // namespace prepay::account
