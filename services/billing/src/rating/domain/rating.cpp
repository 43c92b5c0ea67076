#include "rating/domain/rating.h"

#include <algorithm>

#include "core/assert.h"

namespace prepay::billing {
namespace {

using Segment = CompiledTariff::Segment;

void enter_span(const CompiledTariff& tariff, const Segment& segment, TierCounter& counter) {
    if (counter.span_key != segment.span_key || counter.span != tariff.tier_span()) {
        counter = {tariff.tier_span(), segment.span_key, 0};
    }
}

void append_line(const CompiledTariff& tariff, const UsageInterval& part, const Segment& segment,
                 std::size_t tier, std::vector<RatedLine>& lines) {
    const std::int64_t price =
        tariff.tiers()[tier].price_micros[static_cast<std::size_t>(segment.period)];
    lines.push_back({part.start, part.end, part.quantity, Price::from_micros(price), segment.period,
                     static_cast<std::int16_t>(tier + 1)});
}

/// Cuts a part that lies in one segment at the tier borders.
void rate_segment(const CompiledTariff& tariff, const Segment& segment, const UsageInterval& part,
                  TierCounter& counter, std::vector<RatedLine>& lines) {
    const std::int64_t whole = part.quantity.base_units();
    if (whole == 0) {
        return;
    }
    if (tariff.tier_span() == TierSpan::kNone) {
        append_line(tariff, part, segment, 0, lines);
        return;
    }
    enter_span(tariff, segment, counter);
    std::size_t tier = 0;
    std::int64_t done = 0;
    Instant from = part.start;
    while (done < whole) {
        while (counter.used >= tariff.tiers()[tier].upper_bound) {
            ++tier;
        }
        const std::int64_t room = tariff.tiers()[tier].upper_bound - counter.used;
        const std::int64_t taken = std::min(whole - done, room);
        done += taken;
        counter.used += taken;
        // When a tier border was reached is not known; the even spread names a moment.
        const auto span = static_cast<Int128>((part.end - part.start).count());
        const Instant until =
            done == whole ? part.end
                          : part.start + Duration(static_cast<std::int64_t>(span * done / whole));
        append_line(tariff, {from, until, {part.quantity.resource(), taken}}, segment, tier, lines);
        from = until;
    }
}

}  // namespace

std::int64_t share_until(std::int64_t base_units, Instant start, Instant end, Instant moment) {
    if (moment >= end) {
        return base_units;
    }
    if (moment <= start) {
        return 0;
    }
    const auto product = static_cast<Int128>(base_units) * (moment - start).count();
    return static_cast<std::int64_t>(product / (end - start).count());
}

void rate(const CompiledTariff& tariff, const UsageInterval& interval, TierCounter& counter,
          std::vector<RatedLine>& lines) {
    const std::int64_t whole = interval.quantity.base_units();
    PREPAY_ASSERT(tariff.covers(interval.start, interval.end) && whole >= 0 &&
                  whole <= kIntervalQuantityMax);
    std::size_t index = tariff.segment_at(to_micros(interval.start));
    const std::vector<Segment>& segments = tariff.segments();
    if (to_micros(interval.end) <= segments[index + 1].start_micros) {
        rate_segment(tariff, segments[index], interval, counter, lines);
        return;
    }
    std::int64_t given = 0;
    Instant from = interval.start;
    while (from < interval.end) {
        const Instant until = std::min(from_micros(segments[index + 1].start_micros), interval.end);
        const std::int64_t cumulative = share_until(whole, interval.start, interval.end, until);
        rate_segment(tariff, segments[index],
                     {from, until, {interval.quantity.resource(), cumulative - given}}, counter,
                     lines);
        given = cumulative;
        from = until;
        ++index;
    }
}

}  // namespace prepay::billing
