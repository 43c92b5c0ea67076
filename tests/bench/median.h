#pragma once

#include <algorithm>
#include <vector>

namespace prepay::bench {

/// Of values that are there; of an even number the upper one.
inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

}  // namespace prepay::bench
