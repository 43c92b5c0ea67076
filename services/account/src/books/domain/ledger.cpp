#include "books/domain/ledger.h"

#include <algorithm>

namespace prepay::account {
namespace {

bool add(Money& sum, Money amount) {
    std::int64_t result = 0;
    if (__builtin_add_overflow(sum.micros(), amount.micros(), &result)) {
        return false;
    }
    sum = Money::from_micros(result);
    return true;
}

bool apply(AccountBalance& account, const Posting& posting) {
    Money charged = Money::from_micros(0);
    if (posting.amount.micros() == INT64_MIN || !add(account.balance, posting.amount)) {
        return false;
    }
    ++account.version;
    if (posting.source_kind == SourceKind::kCharge) {
        charged = -posting.amount;
        return add(account.charge_total, charged);
    }
    return add(account.credit_total, posting.amount);
}

}  // namespace

std::optional<PostingPlan> plan_postings(const std::vector<Posting>& postings,
                                         const std::vector<AccountBalance>& accounts) {
    PostingPlan plan;
    plan.accounts = accounts;
    std::sort(plan.accounts.begin(), plan.accounts.end(),
              [](const auto& a, const auto& b) { return a.account_no < b.account_no; });
    const auto find = [&plan](std::int64_t account_no) {
        const auto place = std::lower_bound(
            plan.accounts.begin(), plan.accounts.end(), account_no,
            [](const AccountBalance& account, std::int64_t no) { return account.account_no < no; });
        return place != plan.accounts.end() && place->account_no == account_no
                   ? place
                   : plan.accounts.end();
    };
    plan.entries.reserve(postings.size());
    for (const Posting& posting : postings) {
        const auto account = find(posting.account_no);
        if (account == plan.accounts.end() || find(posting.counter_no) != plan.accounts.end() ||
            !apply(*account, posting)) {
            return std::nullopt;
        }
        CounterChange& counter = plan.counters[posting.counter_no];
        if (!add(counter.amount, -posting.amount)) {
            return std::nullopt;
        }
        ++counter.posting_count;
        plan.entries.push_back({posting, account->balance, account->version});
    }
    return plan;
}

}  // namespace prepay::account
