// Nanoseconds per rated interval against a plain loop that sums the same array, alternately.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "bench/median.h"
#include "rating/domain/rating.h"
#include "unit/billing/definitions.h"

namespace prepay::billing {
namespace {

constexpr std::size_t kIntervalCount = 200'000;
/// The lines of one transaction's batch are used before the next one is rated.
constexpr std::size_t kBatchSize = 2'000;
constexpr int kRounds = 20;
constexpr int kPairs = 7;
constexpr double kGoalNanos = 8.0;

TariffDefinition bench_tariff() {
    TariffDefinition d = testing::day_and_night("Asia/Shanghai");
    d.seasons[0].schedules = {{DayType::kAny,
                               {{0, 450, RatePeriod::kValley},
                                {450, 630, RatePeriod::kFlat},
                                {630, 720, RatePeriod::kPeak},
                                {720, 840, RatePeriod::kDeepValley},
                                {840, 1140, RatePeriod::kFlat},
                                {1140, 1290, RatePeriod::kSharp},
                                {1290, 1440, RatePeriod::kFlat}}}};
    d.tier_span = TierSpan::kMonth;
    d.tiers.insert(d.tiers.begin(), {240'000, d.tiers[0].prices});
    d.tiers[1].prices = testing::prices(4'050'000, 3'050'000, 2'050'000, 1'050'000, 550'000);
    return d;
}

/// Intervals of 15, 30 or 60 minutes of many meters, as batches bring them: time after time.
std::vector<UsageInterval> bench_intervals() {
    std::minstd_rand random(7);
    std::vector<UsageInterval> intervals;
    intervals.reserve(kIntervalCount);
    Instant slot = testing::at("2026-01-01T00:00:00+08:00");
    while (intervals.size() < kIntervalCount) {
        const auto length = std::chrono::minutes(15 * (1 << (random() % 3)));
        for (int meter = 0; meter < 100 && intervals.size() < kIntervalCount; ++meter) {
            intervals.push_back({slot, slot + length, Quantity::wh(1 + random() % 2'000)});
        }
        slot += std::chrono::minutes(15);
    }
    return intervals;
}

double nanos_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start)
        .count();
}

volatile std::int64_t sink = 0;

double measure_rating(const CompiledTariff& tariff, const std::vector<UsageInterval>& intervals,
                      std::vector<RatedLine>& lines) {
    std::vector<TierCounter> counters(100);
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round) {
        std::size_t meter = 0;
        for (std::size_t i = 0; i < intervals.size(); ++i) {
            if (i % kBatchSize == 0) {
                sink = sink + (lines.empty() ? 0
                                             : lines.back().quantity.base_units() *
                                                   lines.back().price.micros());
                lines.clear();
            }
            rate(tariff, intervals[i], counters[meter], lines);
            meter = meter + 1 == counters.size() ? 0 : meter + 1;
        }
    }
    return nanos_since(start) / (static_cast<double>(intervals.size()) * kRounds);
}

double measure_sum(const std::vector<UsageInterval>& intervals) {
    const auto start = std::chrono::steady_clock::now();
    for (int round = 0; round < kRounds; ++round) {
        std::int64_t sum = 0;
        for (const UsageInterval& interval : intervals) {
            sum += interval.quantity.base_units() + (interval.end - interval.start).count();
            // Keeps the loop a loop over memory, one element at a time.
            asm volatile("" : "+r"(sum));
        }
        sink = sink + sum;
    }
    return nanos_since(start) / (static_cast<double>(intervals.size()) * kRounds);
}

int run(const char* json_path) {
    const TariffDefinition definition = bench_tariff();
    const auto intervals = bench_intervals();
    const CompiledTariff tariff(definition, intervals.front().start - std::chrono::hours(24 * 365),
                                intervals.back().end + std::chrono::hours(24 * 365));
    std::vector<RatedLine> lines;
    lines.reserve(kBatchSize * 4);
    measure_rating(tariff, intervals, lines);
    std::vector<double> ours;
    std::vector<double> reference;
    nlohmann::json pairs = nlohmann::json::array();
    for (int pair = 0; pair < kPairs; ++pair) {
        reference.push_back(measure_sum(intervals));
        ours.push_back(measure_rating(tariff, intervals, lines));
        pairs.push_back({{"ours", ours.back()}, {"reference", reference.back()}});
        std::printf("pair %d: rating %.2f ns, summing loop %.2f ns\n", pair + 1, ours.back(),
                    reference.back());
    }
    const double ratio = bench::median(reference) / bench::median(ours);
    std::printf(
        "rating kernel: %.2f ns/interval (floor 25, goal %.0f), %zu intervals a round,"
        " summing loop %.2f ns, ratio %.3f (goal 0.25), best %.2f ns\n",
        bench::median(ours), kGoalNanos, intervals.size(), bench::median(reference), ratio,
        *std::min_element(ours.begin(), ours.end()));
    if (json_path != nullptr) {
        const nlohmann::json result = {{"name", "rating"},
                                       {"unit", "ns/interval"},
                                       {"ours", bench::median(ours)},
                                       {"reference", bench::median(reference)},
                                       {"ratio", ratio},
                                       {"goal", kGoalNanos},
                                       {"floor", 25.0},
                                       {"pairs", pairs}};
        std::ofstream(json_path) << result.dump(2) << "\n";
    }
    return 0;
}

}  // namespace
}  // namespace prepay::billing

int main(int argc, char** argv) {
    const bool with_json = argc == 3 && std::strcmp(argv[1], "--json") == 0;
    if (argc != 1 && !with_json) {
        std::fputs("usage: bench_rating [--json PATH]\n", stderr);
        return 2;
    }
    return prepay::billing::run(with_json ? argv[2] : nullptr);
}
