#include "rating/adapters/rating_transaction.h"

#include <algorithm>

#include "charges/adapters/pg_accounts.h"
#include "charges/adapters/pg_new_charges.h"
#include "core/crash_point.h"
#include "rating/adapters/pg_meters.h"
#include "tariffs/adapters/pg_tariffs.h"

namespace prepay::billing {

Status RatingTransaction::run(pqxx::work& tx, const std::vector<std::string>& meter_ids,
                              const News& news) {
    // Lock and load.
    std::vector<MeterWork> works = lock_meters(tx, meter_ids);
    PREPAY_RETURN_IF_ERROR(news(works));
    const auto start = clock_.steady();
    const KnownTariffs tariffs = load_tariffs(tx, book_, tariffs_needed(works));

    // Decide: pure, in two steps, for only what was rated says which accounts are to be locked.
    const OutcomeCounts outcomes = bill(works, tariffs.by_key);
    PREPAY_CRASH_POINT("billing.rated");
    std::map<std::string, std::int64_t> remainders = lock_remainders(tx, payers_of(works));
    std::vector<Charge> charges = settle(works, remainders);

    // Save.
    if (!charges.empty()) {
        insert_charges(tx, charges);
        PREPAY_CRASH_POINT("billing.charges_saved");
        save_remainders(tx, remainders);
    }
    save_meters(tx, works);
    PREPAY_CRASH_POINT("billing.meters_saved");

    // Publish.
    events_.publish(tx, charges);
    count(outcomes, charges);
    metrics_.observe_batch(std::chrono::duration<double>(clock_.steady() - start).count());
    PREPAY_CRASH_POINT("billing.before_commit");
    return absl::OkStatus();
}

void RatingTransaction::count(const OutcomeCounts& outcomes,
                              const std::vector<Charge>& charges) const {
    metrics_.count_outcomes(outcomes);
    const auto reversal_count = std::count_if(
        charges.begin(), charges.end(), [](const Charge& c) { return c.reversal_of.has_value(); });
    metrics_.count_charges(static_cast<std::int64_t>(charges.size()) - reversal_count,
                           reversal_count);
}

}  // namespace prepay::billing
