#include "readings/domain/plausibility.h"

#include <algorithm>

namespace prepay::metering {
namespace {

constexpr std::int64_t kMicrosPerHour = 3'600'000'000;

ReadingFault judge_alone(RegisterTotal total, Instant read_time, Instant now,
                         const PlausibilityLimits& limits) {
    if (read_time > now + limits.future_max) {
        return ReadingFault::kFutureTime;
    }
    if (read_time < now - limits.age_max) {
        return ReadingFault::kTooOld;
    }
    if (total.base_units() < 0) {
        return ReadingFault::kNegativeRegister;
    }
    if (total.base_units() > limits.register_limit) {
        return ReadingFault::kOverLimit;
    }
    return ReadingFault::kNone;
}

// Between which readings a row falls, and whether it fits there.
ImportVerdict judge_between(const ReadingBase* before, const ReadingBase* after,
                            const ImportCandidate& row, int epoch,
                            const PlausibilityLimits& limits) {
    ImportVerdict verdict;
    verdict.index = row.index;
    verdict.epoch = before != nullptr ? before->epoch : (after != nullptr ? after->epoch : epoch);
    const bool below = before != nullptr && row.total < before->total;
    if (below && after != nullptr && after->epoch > before->epoch && row.total <= after->total) {
        verdict.epoch = after->epoch;
    } else if (below && after == nullptr && epoch > before->epoch) {
        verdict.epoch = epoch;  // The first reading after a swap.
    } else if (below ||
               (after != nullptr && after->epoch == verdict.epoch && row.total > after->total)) {
        verdict.fault = ReadingFault::kRegisterDip;
    } else if (before != nullptr && !is_reachable((row.total - before->total).base_units(),
                                                  row.read_time - before->read_time, limits)) {
        verdict.fault = ReadingFault::kTooFast;
    }
    return verdict;
}

}  // namespace

const char* fault_reason(ReadingFault fault) {
    switch (fault) {
        case ReadingFault::kNone:
            return "NONE";
        case ReadingFault::kRegisterDip:
            return "REGISTER_DIP";
        case ReadingFault::kTooFast:
            return "TOO_FAST";
        case ReadingFault::kFutureTime:
            return "FUTURE_TIME";
        case ReadingFault::kTooOld:
            return "TOO_OLD";
        case ReadingFault::kNotInOrder:
            return "NOT_IN_ORDER";
        case ReadingFault::kNegativeRegister:
            return "NEGATIVE_REGISTER";
        case ReadingFault::kOverLimit:
            return "OVER_LIMIT";
        case ReadingFault::kValueConflict:
            return "VALUE_CONFLICT";
        case ReadingFault::kUnknownMeter:
            return "UNKNOWN_METER";
        case ReadingFault::kQuarantined:
            return "QUARANTINED";
        case ReadingFault::kClockInDoubt:
            return "CLOCK_IN_DOUBT";
    }
    return "NONE";
}

const char* fault_message(ReadingFault fault) {
    switch (fault) {
        case ReadingFault::kNone:
            return "";
        case ReadingFault::kRegisterDip:
            return "the register is below an earlier reading, or above a later one";
        case ReadingFault::kTooFast:
            return "the register turned faster than the meter's rated power or flow allows; is its "
                   "unit "
                   "right?";
        case ReadingFault::kFutureTime:
            return "the time is in the future";
        case ReadingFault::kTooOld:
            return "the time is before the history this gateway takes";
        case ReadingFault::kNotInOrder:
            return "the reading is older than the last one of this meter";
        case ReadingFault::kNegativeRegister:
            return "a register is never negative";
        case ReadingFault::kOverLimit:
            return "the meter's register cannot show this much; is its unit right?";
        case ReadingFault::kValueConflict:
            return "this meter has another value for the same time";
        case ReadingFault::kUnknownMeter:
            return "no such meter is registered";
        case ReadingFault::kQuarantined:
            return "the meter's register is in quarantine until a person decides";
        case ReadingFault::kClockInDoubt:
            return "the gateway's clock was stepped; nobody knows the time of the reading";
    }
    return "";
}

bool is_reachable(std::int64_t energy, Duration elapsed, const PlausibilityLimits& limits) {
    // Two register steps are always possible: one shown late, one early.
    const Int128 allowed = static_cast<Int128>(limits.max_per_hour) * elapsed.count() *
                               limits.margin_percent / 100 / kMicrosPerHour +
                           static_cast<Int128>(2) * limits.resolution;
    return energy <= allowed;
}

Verdict judge(const std::optional<ReadingBase>& base, int epoch, RegisterTotal total,
              Instant read_time, Instant now, const PlausibilityLimits& limits) {
    Verdict verdict;
    verdict.epoch = epoch;
    verdict.fault = judge_alone(total, read_time, now, limits);
    if (verdict.fault != ReadingFault::kNone || !base || base->epoch < epoch) {
        return verdict;
    }
    const Duration elapsed = std::min(read_time - base->read_time, limits.gap_max);
    if (elapsed < Duration::zero()) {
        verdict.fault = ReadingFault::kNotInOrder;
    } else if (total >= base->total) {
        if (!is_reachable((total - base->total).base_units(), elapsed, limits)) {
            verdict.fault = ReadingFault::kTooFast;
        }
    } else {
        const std::int64_t to_limit = limits.register_limit - base->total.base_units();
        const std::int64_t over_limit = to_limit + total.base_units();
        // Two steps of doubt must not make a dip by one step look like a rollover.
        if (to_limit < 0 || elapsed == Duration::zero() ||
            !is_reachable(over_limit, elapsed, limits)) {
            verdict.fault = ReadingFault::kRegisterDip;
        } else {
            const auto share =
                static_cast<std::int64_t>(static_cast<Int128>(elapsed.count()) * to_limit /
                                          std::max(over_limit, std::int64_t{1}));
            verdict.epoch = epoch + 1;
            verdict.rollover_time = base->read_time + Duration(share);
        }
    }
    return verdict;
}

std::vector<ImportVerdict> judge_import(std::vector<ReadingBase> stored,
                                        const std::vector<ImportCandidate>& candidates, int epoch,
                                        Instant now, const PlausibilityLimits& limits) {
    const auto by_time = [](const ReadingBase& left, const ReadingBase& right) {
        return left.read_time < right.read_time;
    };
    std::vector<ImportVerdict> verdicts;
    verdicts.reserve(candidates.size());
    for (const ImportCandidate& row : candidates) {
        ImportVerdict verdict;
        verdict.index = row.index;
        verdict.fault = judge_alone(row.total, row.read_time, now, limits);
        if (verdict.fault != ReadingFault::kNone) {
            verdicts.push_back(verdict);
            continue;
        }
        const ReadingBase probe{row.read_time, row.total, 0};
        const auto next = std::lower_bound(stored.begin(), stored.end(), probe, by_time);
        if (next != stored.end() && next->read_time == row.read_time) {
            const auto last = std::upper_bound(stored.begin(), stored.end(), probe, by_time);
            verdict.epoch = next->epoch;
            verdict.duplicate = std::any_of(
                next, last, [&](const ReadingBase& other) { return other.total == row.total; });
            verdict.fault = verdict.duplicate ? ReadingFault::kNone : ReadingFault::kValueConflict;
            verdicts.push_back(verdict);
            continue;
        }
        const ReadingBase* before = next == stored.begin() ? nullptr : &*std::prev(next);
        const ReadingBase* after = next == stored.end() ? nullptr : &*next;
        verdict = judge_between(before, after, row, epoch, limits);
        if (verdict.fault == ReadingFault::kNone) {
            stored.insert(next, {row.read_time, row.total, verdict.epoch});
        }
        verdicts.push_back(verdict);
    }
    return verdicts;
}

}  // namespace prepay::metering
