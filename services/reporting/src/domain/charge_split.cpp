#include "domain/charge_split.h"

#include <numeric>

namespace prepay::reporting {
namespace {

// The share of `whole` that belongs to the first `elapsed` of `span` microseconds. Symmetric in the
// sign, so that reversals cancel.
std::int64_t cumulative_share(std::int64_t whole, std::int64_t elapsed, std::int64_t span) {
    const Int128 magnitude = whole < 0 ? -static_cast<Int128>(whole) : static_cast<Int128>(whole);
    const auto share = static_cast<std::int64_t>(magnitude * elapsed / span);
    return whole < 0 ? -share : share;
}

struct Shares {
    std::int64_t quantity = 0;
    std::int64_t amount = 0;
    RateUnits rates{};
};

Shares shares_until(const PostedCharge& charge, std::int64_t elapsed, std::int64_t span,
                    bool quantity_is_rates) {
    Shares shares;
    shares.amount = cumulative_share(charge.amount.micros(), elapsed, span);
    for (std::size_t i = 0; i < kRateCount; ++i) {
        shares.rates[i] = cumulative_share(charge.rates[i], elapsed, span);
    }
    shares.quantity =
        quantity_is_rates
            ? std::accumulate(shares.rates.begin(), shares.rates.end(), std::int64_t{0})
            : cumulative_share(charge.quantity.base_units(), elapsed, span);
    return shares;
}

ChargePart whole_charge(const PostedCharge& charge, const LocalHour& hour) {
    return {hour, charge.quantity, charge.amount, charge.rates};
}

}  // namespace

std::vector<ChargePart> split_by_hour(const PostedCharge& charge, const TimeZone& zone) {
    const Instant start = charge.start_time;
    const Instant end = charge.end_time;
    LocalHour hour = local_hour_at(zone, start);
    if (end <= hour.end) {
        return {whole_charge(charge, hour)};
    }
    if (end - start > kSpreadMax) {
        return {whole_charge(charge, local_hour_at(zone, end - Duration(1)))};
    }
    const std::int64_t rate_sum =
        std::accumulate(charge.rates.begin(), charge.rates.end(), std::int64_t{0});
    const bool quantity_is_rates = rate_sum == charge.quantity.base_units();
    const std::int64_t span = (end - start).count();
    std::vector<ChargePart> parts;
    Shares before;
    while (true) {
        const Instant until = std::min(end, hour.end);
        const Shares now = shares_until(charge, (until - start).count(), span, quantity_is_rates);
        ChargePart part{hour,
                        {charge.quantity.resource(), now.quantity - before.quantity},
                        Money::from_micros(now.amount - before.amount),
                        {}};
        for (std::size_t i = 0; i < kRateCount; ++i) {
            part.rates[i] = now.rates[i] - before.rates[i];
        }
        parts.push_back(part);
        if (until == end) {
            return parts;
        }
        before = now;
        hour = local_hour_at(zone, hour.end);
    }
}

}  // namespace prepay::reporting
