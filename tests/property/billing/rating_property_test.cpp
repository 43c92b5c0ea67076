#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <tuple>

#include "property/billing/generators.h"

namespace prepay::billing {
namespace {

using testing::any_moment;
using testing::any_tariff;
using testing::compile;
using testing::sum_picos;

UsageInterval any_interval() {
    const Instant start = any_moment();
    return {start, start + std::chrono::seconds(*rc::gen::inRange(1, 60 * 3600)),
            Quantity::wh(*rc::gen::inRange(0, 60'000))};
}

std::vector<RatedLine> rate_all(const CompiledTariff& tariff,
                                const std::vector<UsageInterval>& intervals) {
    std::vector<RatedLine> lines;
    TierCounter counter;
    for (const UsageInterval& interval : intervals) {
        rate(tariff, interval, counter, lines);
    }
    return lines;
}

/// A second opinion that knows only the definition and the wall clock, minute by minute and Wh by
/// step, without segments or tables.
class Oracle {
public:
    explicit Oracle(const TariffDefinition& definition)
        : definition_(definition), zone_(*TimeZone::load(definition.time_zone)) {}

    /// Energy by (period, tier, price).
    std::map<std::tuple<int, int, std::int64_t>, std::int64_t> rate(
        const std::vector<UsageInterval>& intervals) {
        std::map<std::tuple<int, int, std::int64_t>, std::int64_t> parts;
        std::string span;
        std::int64_t used = 0;
        for (const UsageInterval& interval : intervals) {
            std::int64_t given = 0;
            for (Instant at = interval.start; at < interval.end;) {
                const Instant next =
                    std::min(std::chrono::floor<std::chrono::minutes>(at) + std::chrono::minutes(1),
                             std::chrono::time_point_cast<std::chrono::minutes>(interval.end) +
                                 std::chrono::minutes(1));
                const Instant until = std::min<Instant>(next, interval.end);
                const auto share = static_cast<Int128>(interval.quantity.base_units()) *
                                   (until - interval.start).count() /
                                   (interval.end - interval.start).count();
                const auto part = static_cast<std::int64_t>(share) - given;
                given += part;
                if (span_of(at) != span && part > 0) {
                    span = span_of(at);
                    used = 0;
                }
                for (std::int64_t left = part; left > 0;) {
                    std::size_t tier = 0;
                    while (definition_.tiers[tier].upper_bound != 0 &&
                           used >= definition_.tiers[tier].upper_bound) {
                        ++tier;
                    }
                    const std::int64_t bound = definition_.tiers[tier].upper_bound;
                    const std::int64_t taken = bound == 0 ? left : std::min(left, bound - used);
                    const RatePeriod period = period_of(at);
                    parts[{static_cast<int>(period), static_cast<int>(tier) + 1,
                           price_of(tier, period)}] += taken;
                    used += taken;
                    left -= taken;
                }
                at = until;
            }
        }
        return parts;
    }

private:
    [[nodiscard]] std::string span_of(Instant moment) const {
        const CivilTime civil = zone_.to_civil(moment);
        const std::string year = std::to_string(civil.year) + "-";
        switch (definition_.tier_span) {
            case TierSpan::kMonth:
                return year + std::to_string(civil.month);
            case TierSpan::kQuarter:
                return year + std::to_string((civil.month + 2) / 3);
            case TierSpan::kYear:
                return year;
            case TierSpan::kNone:
                break;
        }
        return "all";
    }

    [[nodiscard]] RatePeriod period_of(Instant moment) const {
        const CivilTime civil = zone_.to_civil(moment);
        DayType day = weekday(civil.year, civil.month, civil.day) % 6 == 0 ? DayType::kWeekend
                                                                           : DayType::kWeekday;
        for (const CivilDate& date : definition_.holidays) {
            if (date == CivilDate{civil.year, civil.month, civil.day}) {
                day = DayType::kHoliday;
            }
        }
        for (const Season& season : definition_.seasons) {
            if (std::count(season.months.begin(), season.months.end(), civil.month) == 0) {
                continue;
            }
            const auto with_type = [&](DayType type) {
                return std::find_if(season.schedules.begin(), season.schedules.end(),
                                    [&](const DaySchedule& s) { return s.day_type == type; });
            };
            auto schedule = with_type(day);
            if (schedule == season.schedules.end()) {
                schedule = with_type(DayType::kAny);
            }
            const int minute = civil.hour * 60 + civil.minute;
            for (const DaySlot& slot : schedule->slots) {
                if (minute >= slot.start_minute && minute < slot.end_minute) {
                    return slot.period;
                }
            }
        }
        return RatePeriod::kSingle;
    }

    [[nodiscard]] std::int64_t price_of(std::size_t tier, RatePeriod period) const {
        for (const PeriodPrice& price : definition_.tiers[tier].prices) {
            if (price.period == period) {
                return price.price.micros();
            }
        }
        return -1;
    }

    const TariffDefinition& definition_;
    TimeZone zone_;
};

TEST_CASE("generated tariffs are valid") {
    CHECK(rc::check([] { RC_ASSERT(validate(any_tariff()).empty()); }));
}

TEST_CASE("energy in = energy out, lines are ordered, amounts are products") {
    CHECK(rc::check([] {
        const TariffDefinition definition = any_tariff();
        const UsageInterval interval = any_interval();
        const auto lines = rate_all(compile(definition), {interval});
        std::int64_t energy = 0;
        Instant last = interval.start;
        for (const RatedLine& line : lines) {
            RC_ASSERT(line.quantity.base_units() > 0);
            RC_ASSERT(line.start >= last && line.end >= line.start && line.end <= interval.end);
            RC_ASSERT(line.picos() == exact_picos(line.quantity, line.price));
            RC_ASSERT(line.quantity.resource() == interval.quantity.resource());
            last = line.end;
            energy += line.quantity.base_units();
        }
        RC_ASSERT(energy == interval.quantity.base_units());
    }));
}

TEST_CASE("time of use x tiers equals a minute-by-minute oracle over clock changes") {
    CHECK(rc::check([] {
        const TariffDefinition definition = any_tariff();
        std::vector<UsageInterval> intervals;
        Instant start = any_moment();
        for (int i = *rc::gen::inRange(1, 6); i > 0; --i) {
            const Instant end = start + std::chrono::seconds(*rc::gen::inRange(1, 30 * 3600));
            intervals.push_back({start, end, Quantity::wh(*rc::gen::inRange(0, 20'000))});
            start = end;
        }
        std::map<std::tuple<int, int, std::int64_t>, std::int64_t> ours;
        for (const RatedLine& line : rate_all(compile(definition), intervals)) {
            ours[{static_cast<int>(line.period), line.tier, line.price.micros()}] +=
                line.quantity.base_units();
        }
        RC_ASSERT(ours == Oracle(definition).rate(intervals));
    }));
}

TEST_CASE("I-5: cut at its own lines' borders, an interval costs the same to the nano-yuan") {
    CHECK(rc::check([] {
        const CompiledTariff tariff = compile(any_tariff());
        const UsageInterval whole = any_interval();
        const auto lines = rate_all(tariff, {whole});
        std::vector<UsageInterval> parts;
        for (const RatedLine& line : lines) {
            parts.push_back({line.start, line.end, line.quantity});
        }
        // A tier border has no exact moment: parts that share one are rated in their order.
        RC_ASSERT(sum_picos(rate_all(tariff, parts)) == sum_picos(lines));
    }));
}

TEST_CASE("I-5: any partition of a stretch of one period costs the same, tiers and all") {
    CHECK(rc::check([] {
        const CompiledTariff tariff = compile(any_tariff());
        const Instant moment = any_moment();
        const std::size_t index = tariff.segment_at(to_micros(moment));
        const Instant start = std::max(from_micros(tariff.segments()[index].start_micros),
                                       moment - std::chrono::hours(100));
        const Instant end = std::min(from_micros(tariff.segments()[index + 1].start_micros),
                                     moment + std::chrono::hours(100));
        RC_PRE(end - start > std::chrono::seconds(1));
        std::vector<UsageInterval> parts;
        std::int64_t total = 0;
        const int count = *rc::gen::inRange(1, 12);
        for (int i = 0; i < count; ++i) {
            const Instant from = start + (end - start) * i / count;
            const Instant to = start + (end - start) * (i + 1) / count;
            const int wh = *rc::gen::inRange(0, 9'000);
            parts.push_back({from, to, Quantity::wh(wh)});
            total += wh;
        }
        const auto whole = rate_all(tariff, {{start, end, Quantity::wh(total)}});
        const auto cut = rate_all(tariff, parts);
        RC_ASSERT(sum_picos(whole) == sum_picos(cut));
        // Rounded with carry, the two never differ by a micro-yuan or more.
        std::int64_t carry = 0;
        Money sum;
        for (const RatedLine& line : cut) {
            const Rounded rounded = round_with_carry(line.picos(), carry);
            carry = rounded.remainder_picos;
            sum += rounded.amount;
        }
        RC_ASSERT(sum == round_with_carry(sum_picos(whole), 0).amount);
    }));
}

TEST_CASE("M4: the same readings and version give the same lines, whatever the window") {
    CHECK(rc::check([] {
        const TariffDefinition definition = any_tariff();
        const UsageInterval interval = any_interval();
        const CompiledTariff narrow(definition, interval.start,
                                    interval.end + std::chrono::hours(1));
        RC_ASSERT(rate_all(narrow, {interval}) == rate_all(compile(definition), {interval}));
    }));
}

}  // namespace
}  // namespace prepay::billing
