#include "rating/adapters/rating_transaction.h"

#include <algorithm>
#include <set>

#include "charges/adapters/pg_accounts.h"
#include "charges/adapters/pg_charges.h"
#include "core/crash_point.h"
#include "rating/adapters/pg_meters.h"
#include "tariffs/adapters/pg_tariffs.h"

namespace prepay::billing {
namespace {

std::vector<std::int64_t> accounts_of(const std::vector<MeterWork>& works) {
    std::set<std::int64_t> keys;
    for (const MeterWork& work : works) {
        for (const Charge& charge : work.undone) {
            keys.insert(charge.account_key);
        }
        for (const ChargeDraft& draft : work.drafts) {
            keys.insert(draft.occupancy.account_key);
        }
    }
    return {keys.begin(), keys.end()};
}

}  // namespace

void RatingTransaction::finish(pqxx::work& tx, std::vector<MeterWork>& works) {
    const auto start = clock_.steady();
    Window window;
    for (const MeterWork& work : works) {
        include(work, window);
    }
    KnownTariffs tariffs;
    if (const auto keys = assigned_tariffs(works); !keys.empty() && window.start <= window.end) {
        tariffs = load_tariffs(tx, book_, keys, window.start, window.end);
        lay_timelines(works, tariffs.by_key);
    }
    OutcomeCounts counts{};
    for (MeterWork& work : works) {
        bill(work, counts);
    }
    PREPAY_CRASH_POINT("billing.rated");
    const std::vector<std::int64_t> account_keys = accounts_of(works);
    std::vector<Charge> charges;
    if (!account_keys.empty()) {
        auto remainders = lock_remainders(tx, account_keys);
        charges = settle(works, remainders);
        insert_charges(tx, charges);
        PREPAY_CRASH_POINT("billing.charges_saved");
        save_remainders(tx, remainders);
    }
    save_meters(tx, works);
    PREPAY_CRASH_POINT("billing.meters_saved");
    events_.publish(tx, charges);
    metrics_.count_outcomes(counts);
    const auto reversal_count = std::count_if(
        charges.begin(), charges.end(), [](const Charge& c) { return c.reversal_of.has_value(); });
    metrics_.count_charges(static_cast<std::int64_t>(charges.size()) - reversal_count,
                           reversal_count);
    metrics_.observe_batch(std::chrono::duration<double>(clock_.steady() - start).count());
    PREPAY_CRASH_POINT("billing.before_commit");
}

}  // namespace prepay::billing
