#pragma once

#include <cstdint>
#include <vector>

namespace prepay {

/// Splits a non-negative whole over weights (>= 0, at least one > 0, at most 100,000 of them) by
/// the largest-remainder method (Hamilton): the parts add up to the whole exactly, each part is its
/// quota rounded down or up, ties go to the lower index.
std::vector<std::int64_t> split_by_largest_remainder(std::int64_t whole,
                                                     const std::vector<std::int64_t>& weights);

}  // namespace prepay
