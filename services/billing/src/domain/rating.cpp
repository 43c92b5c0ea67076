#include "domain/rating.h"

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
    // Fits: the bounds of energy and price are chosen for it (tariff.h).
    lines.push_back({part.start, part.end, part.energy, Price::from_micros(price),
                     part.energy.wh() * price, segment.period,
                     static_cast<std::int16_t>(tier + 1)});
}

/// Cuts a part that lies in one segment at the tier borders.
void rate_segment(const CompiledTariff& tariff, const Segment& segment, const UsageInterval& part,
                  TierCounter& counter, std::vector<RatedLine>& lines) {
    if (part.energy.wh() == 0) {
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
    while (done < part.energy.wh()) {
        while (counter.energy_wh >= tariff.tiers()[tier].upper_bound_wh) {
            ++tier;
        }
        const std::int64_t room = tariff.tiers()[tier].upper_bound_wh - counter.energy_wh;
        const std::int64_t taken = std::min(part.energy.wh() - done, room);
        done += taken;
        counter.energy_wh += taken;
        // When a tier border was reached is not known; the even spread names a moment.
        const auto span = static_cast<Int128>((part.end - part.start).count());
        const Instant until =
            done == part.energy.wh()
                ? part.end
                : part.start + Duration(static_cast<std::int64_t>(span * done / part.energy.wh()));
        append_line(tariff, {from, until, Energy::from_wh(taken)}, segment, tier, lines);
        from = until;
    }
}

}  // namespace

Energy share_until(Energy energy, Instant start, Instant end, Instant moment) {
    if (moment >= end) {
        return energy;
    }
    if (moment <= start) {
        return Energy();
    }
    const auto product = static_cast<Int128>(energy.wh()) * (moment - start).count();
    return Energy::from_wh(static_cast<std::int64_t>(product / (end - start).count()));
}

void rate(const CompiledTariff& tariff, const UsageInterval& interval, TierCounter& counter,
          std::vector<RatedLine>& lines) {
    PREPAY_ASSERT(tariff.covers(interval.start, interval.end) && interval.energy.wh() >= 0 &&
                  interval.energy.wh() <= kIntervalEnergyWhMax);
    std::size_t index = tariff.segment_at(to_micros(interval.start));
    const std::vector<Segment>& segments = tariff.segments();
    if (to_micros(interval.end) <= segments[index + 1].start_micros) {
        rate_segment(tariff, segments[index], interval, counter, lines);
        return;
    }
    Energy given;
    Instant from = interval.start;
    while (from < interval.end) {
        const Instant until = std::min(from_micros(segments[index + 1].start_micros), interval.end);
        const Energy cumulative = share_until(interval.energy, interval.start, interval.end, until);
        rate_segment(tariff, segments[index], {from, until, cumulative - given}, counter, lines);
        given = cumulative;
        from = until;
        ++index;
    }
}

}  // namespace prepay::billing
