#include "quantity/split.h"

#include <algorithm>
#include <numeric>

#include "core/assert.h"
#include "quantity/quantity.h"

namespace prepay {

std::vector<std::int64_t> split_by_largest_remainder(std::int64_t whole,
                                                     const std::vector<std::int64_t>& weights) {
    PREPAY_ASSERT(whole >= 0);
    Int128 weight_sum = 0;
    for (const std::int64_t weight : weights) {
        PREPAY_ASSERT(weight >= 0);
        weight_sum += weight;
    }
    PREPAY_ASSERT(weight_sum > 0);

    std::vector<std::int64_t> parts(weights.size());
    std::vector<Int128> remainders(weights.size());
    std::int64_t given = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        const Int128 product = static_cast<Int128>(whole) * weights[i];
        parts[i] = static_cast<std::int64_t>(product / weight_sum);
        remainders[i] = product % weight_sum;
        given += parts[i];
    }
    std::vector<std::size_t> order(weights.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return remainders[a] > remainders[b]; });
    for (std::size_t i = 0; given < whole; ++i, ++given) {
        ++parts[order[i]];
    }
    return parts;
}

}  // namespace prepay
