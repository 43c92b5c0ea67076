#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tariffs/domain/tariff.h"

namespace prepay::billing {

/// A tariff version laid out on the UTC time line for rating: which period and tier span each
/// microsecond of a window belongs to. Local clock changes are already in it, so rating needs no
/// calendar. Immutable, thread-safe.
class CompiledTariff {
public:
    /// From `start_micros` to the start of the next segment: one period within one tier span.
    struct Segment {
        std::int64_t start_micros = 0;
        std::int32_t span_key = 0;  ///< Year x 12 + month, year x 4 + quarter, year; 0 = no span.
        RatePeriod period = RatePeriod::kSingle;
    };

    /// One tier: exclusive upper bound in base units (INT64_MAX = open) and the price of each
    /// period.
    struct TierRow {
        std::int64_t upper_bound = 0;
        std::array<std::int64_t, kRatePeriodCount> price_micros{};
    };

    /// `definition` must pass validate(). The window is [start, end), not empty.
    CompiledTariff(const TariffDefinition& definition, Instant window_start, Instant window_end);

    /// Whether an interval lies within the window.
    [[nodiscard]] bool covers(Instant start, Instant end) const {
        return to_micros(start) >= window_start_ && to_micros(end) < window_end_;
    }

    /// The segment that holds a moment of the window.
    [[nodiscard]] std::size_t segment_at(std::int64_t micros) const {
        std::size_t index =
            cells_[static_cast<std::size_t>((micros - window_start_) >> kCellShift)];
        while (segments_[index + 1].start_micros <= micros) {
            ++index;
        }
        return index;
    }

    /// The last one is an end mark at the end of the window.
    [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
    [[nodiscard]] const std::vector<TierRow>& tiers() const { return tiers_; }
    [[nodiscard]] TierSpan tier_span() const { return tier_span_; }

private:
    /// 2^33 microseconds, 2.4 h: a cell is left after at most five half hours.
    static constexpr int kCellShift = 33;

    void lay_out(const TariffDefinition& definition);
    void build_cells();
    void append(std::int64_t start_micros, std::int32_t span_key, RatePeriod period);

    std::int64_t window_start_ = 0;
    std::int64_t window_end_ = 0;
    TierSpan tier_span_ = TierSpan::kNone;
    std::vector<Segment> segments_;
    std::vector<std::uint32_t> cells_;
    std::vector<TierRow> tiers_;
};

}  // namespace prepay::billing
