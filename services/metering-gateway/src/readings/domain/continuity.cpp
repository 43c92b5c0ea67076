#include "readings/domain/continuity.h"

namespace prepay::metering {
namespace {

bool continues(const Suspicion& suspicion, RegisterTotal total, Instant read_time,
               const PlausibilityLimits& limits) {
    const Duration elapsed = read_time - suspicion.read_time;
    return elapsed >= Duration::zero() && total >= suspicion.total &&
           is_reachable((total - suspicion.total).base_units(), elapsed, limits);
}

// A reading that fits the base although registers before it did not: is it the base that goes on,
// or the refused register that time has made reachable?
bool heals(const Suspicion& suspicion, const ReadingBase& base, const Verdict& verdict,
           RegisterTotal total, Instant read_time, const PlausibilityLimits& limits) {
    const bool came_back = suspicion.total < base.total && !verdict.rollover_time;
    return came_back || !continues(suspicion, total, read_time, limits);
}

bool says_nothing(ReadingFault fault, RegisterTotal total) {
    switch (fault) {
        case ReadingFault::kTooFast:
            return false;
        case ReadingFault::kRegisterDip:
            return total.base_units() == 0;
        default:
            return true;
    }
}

void suspect(RegisterState& state, RegisterTotal total, Instant read_time,
             const PlausibilityLimits& limits) {
    Suspicion next{total, read_time, 1, 1};
    if (state.suspicion) {
        next.refused_count += state.suspicion->refused_count;
        if (continues(*state.suspicion, total, read_time, limits)) {
            next.chain_count += state.suspicion->chain_count;
        }
    }
    state.suspicion = next;
}

}  // namespace

Continuation continue_register(const RegisterState& state, RegisterTotal total, Instant read_time,
                               Instant now, const PlausibilityLimits& limits) {
    Continuation result;
    result.next = state;
    PlausibilityLimits bounds = limits;
    if (state.changed) {
        bounds.gap_max = std::min(bounds.gap_max, kChangeGapMax);
    }
    result.verdict = judge(state.base, state.epoch, total, read_time, now, bounds);
    ReadingFault& fault = result.verdict.fault;
    if (fault == ReadingFault::kNone && state.suspicion && state.base &&
        !heals(*state.suspicion, *state.base, result.verdict, total, read_time, limits)) {
        fault = state.suspicion->total < state.base->total ? ReadingFault::kRegisterDip
                                                           : ReadingFault::kTooFast;
    }
    if (fault == ReadingFault::kNone && state.quarantined) {
        fault = ReadingFault::kQuarantined;  // What was refused stays what a person decides on.
        return result;
    }
    if (fault == ReadingFault::kNone) {
        result.next = {ReadingBase{read_time, total, result.verdict.epoch}, result.verdict.epoch,
                       std::nullopt, false, false};
        return result;
    }
    if (says_nothing(fault, total)) {
        return result;
    }
    suspect(result.next, total, read_time, limits);
    const Suspicion& suspicion = *result.next.suspicion;
    result.quarantine_begins =
        !state.quarantined && (state.changed || suspicion.chain_count >= kChainMax ||
                               suspicion.refused_count >= kRefusedMax);
    result.next.quarantined = state.quarantined || result.quarantine_begins;
    return result;
}

Decided decide_quarantine(QuarantineDecision decision, const ReadingBase& base, int epoch,
                          RegisterTotal seen, std::optional<RegisterTotal> opening,
                          std::optional<RegisterTotal> closing, std::int64_t register_limit) {
    Decided result;
    switch (decision) {
        case QuarantineDecision::kDiscard:
            break;
        case QuarantineDecision::kAccept:
            if (seen < base.total) {
                result.fault = DecisionFault::kBelowPrevious;
            } else {
                result.registers.push_back({epoch, seen});
            }
            break;
        case QuarantineDecision::kNewEpoch: {
            const RegisterTotal first = opening.value_or(seen);
            const RegisterTotal last = closing.value_or(base.total);
            if (first.base_units() < 0 || first > seen) {
                result.fault = DecisionFault::kBadOpening;
            } else if (last < base.total || last.base_units() > register_limit) {
                result.fault = DecisionFault::kBadClosing;
            } else {
                if (last > base.total) {
                    result.registers.push_back({epoch, last});
                }
                result.registers.push_back({epoch + 1, first});
                if (seen > first) {
                    result.registers.push_back({epoch + 1, seen});
                }
            }
            break;
        }
    }
    return result;
}

Suspicion suspicion_of_discarded(RegisterTotal seen, Instant read_time) {
    return {seen, read_time, kChainMax - 1, kChainMax - 1};
}

const char* decision_text(QuarantineDecision decision) {
    switch (decision) {
        case QuarantineDecision::kAccept:
            return "accept";
        case QuarantineDecision::kNewEpoch:
            return "new_epoch";
        case QuarantineDecision::kDiscard:
            return "discard";
    }
    return "discard";
}

std::optional<QuarantineDecision> decision_from_text(const std::string& text) {
    for (const auto decision : {QuarantineDecision::kAccept, QuarantineDecision::kNewEpoch,
                                QuarantineDecision::kDiscard}) {
        if (text == decision_text(decision)) {
            return decision;
        }
    }
    return std::nullopt;
}

}  // namespace prepay::metering
