#include "credit/domain/credit_control.h"

#include <algorithm>

namespace prepay::account {
namespace {

void finish(SwitchIntent& intent, IntentState state, Instant now) {
    intent.state = state;
    intent.finish_time = now;
    ++intent.revision;
    intent.changed = true;
}

bool is_live(const SwitchIntent& intent) {
    return intent.state == IntentState::kReady || intent.state == IntentState::kSending;
}

/// A restore also goes out for an account that was closed meanwhile: it was paid for.
bool is_wanted(SwitchAction action, SwitchWish wish) {
    return action == SwitchAction::kTrip ? wish == SwitchWish::kOff : wish != SwitchWish::kOff;
}

/// The belief once everything that may be on the wire has worked.
RelayBelief expected_relay(const MeterSwitch& meter) {
    RelayBelief relay = meter.relay;
    for (const SwitchIntent& intent : meter.intents) {
        if (intent.state == IntentState::kSending && intent.seq > meter.settled_seq) {
            relay = intent.action == SwitchAction::kTrip ? RelayBelief::kOff : RelayBelief::kOn;
        }
    }
    return relay;
}

std::optional<SwitchAction> needed_action(const MeterSwitch& meter, SwitchWish wish) {
    const RelayBelief expected = expected_relay(meter);
    if (wish == SwitchWish::kOff && expected != RelayBelief::kOff) {
        return SwitchAction::kTrip;
    }
    if (wish == SwitchWish::kOn && expected != RelayBelief::kOn) {
        return SwitchAction::kRestore;
    }
    return std::nullopt;
}

Duration retry_pause(int failure_count) {
    Duration pause = kRetryPauseMin;
    for (int i = 1; i < failure_count && pause < kRetryPauseMax; ++i) {
        pause *= 2;
    }
    return std::min(pause, kRetryPauseMax);
}

void set_retry_time(MeterSwitch& meter, std::optional<Instant> time) {
    if (meter.retry_time != time) {
        meter.retry_time = time;
        meter.changed = true;
    }
}

void note_failure(MeterSwitch& meter, SwitchAction action, Instant now) {
    meter.failure_count = meter.failed_action == action ? meter.failure_count + 1 : 1;
    meter.failed_action = action;
    meter.retry_time = now + retry_pause(meter.failure_count);
    meter.changed = true;
}

SwitchIntent* find(MeterSwitch& meter, const std::string& intent_id) {
    const auto place =
        std::find_if(meter.intents.begin(), meter.intents.end(),
                     [&](const SwitchIntent& intent) { return intent.intent_id == intent_id; });
    return place == meter.intents.end() ? nullptr : &*place;
}

}  // namespace

void reconcile(MeterSwitch& meter, const SwitchContext& context) {
    const std::optional<SwitchAction> needed = needed_action(meter, context.wish);
    for (SwitchIntent& intent : meter.intents) {
        if (intent.state != IntentState::kReady) {
            continue;
        }
        const bool kept =
            needed ? intent.action == *needed && intent.account_no == context.account_no
                   : context.wish == SwitchWish::kLeave && is_wanted(intent.action, context.wish);
        if (kept) {
            set_retry_time(meter, std::nullopt);
            return;
        }
        finish(intent, IntentState::kCancelled, context.now);
    }
    if (!needed) {
        set_retry_time(meter, std::nullopt);
        return;
    }
    if (meter.failed_action == needed && meter.retry_time && context.now < *meter.retry_time) {
        return;
    }
    SwitchIntent intent;
    intent.seq = ++meter.last_seq;
    intent.account_no = context.account_no;
    intent.action = *needed;
    intent.balance = context.balance;
    intent.create_time = context.now;
    intent.reason_text = *needed == SwitchAction::kTrip ? "balance at or below the cut floor"
                                                        : "balance above the cut floor";
    intent.changed = true;
    meter.intents.push_back(std::move(intent));
    meter.changed = true;
    set_retry_time(meter, std::nullopt);
}

bool claim(MeterSwitch& meter, const std::string& intent_id, const std::string& claimant,
           const SwitchContext& context) {
    SwitchIntent* const intent = find(meter, intent_id);
    if (intent == nullptr || !is_live(*intent)) {
        return false;
    }
    const bool wanted = is_wanted(intent->action, context.wish);
    if (intent->state == IntentState::kSending) {
        if (intent->claimant != claimant || wanted) {
            return intent->claimant == claimant;
        }
        // Its first attempt may or may not have reached the wire.
        settle(meter, intent_id, CommandOutcome::kUnknown, context.now, context);
        return false;
    }
    if (!wanted || intent->account_no != context.account_no) {
        finish(*intent, IntentState::kCancelled, context.now);
        reconcile(meter, context);
        return false;
    }
    intent->state = IntentState::kSending;
    intent->claimant = claimant;
    intent->claim_time = context.now;
    ++intent->revision;
    intent->changed = true;
    return true;
}

void settle(MeterSwitch& meter, const std::string& intent_id, CommandOutcome outcome,
            Instant finish_time, const SwitchContext& context) {
    SwitchIntent* const intent = find(meter, intent_id);
    if (intent == nullptr || !is_live(*intent)) {
        return;
    }
    const bool verified = outcome == CommandOutcome::kVerified;
    finish(*intent, verified ? IntentState::kDone : IntentState::kFailed, context.now);
    if (intent->seq > meter.settled_seq && outcome != CommandOutcome::kNotSent) {
        meter.settled_seq = intent->seq;
        meter.settled_time = std::max(meter.settled_time, finish_time);
        meter.relay = !verified                               ? RelayBelief::kUnknown
                      : intent->action == SwitchAction::kTrip ? RelayBelief::kOff
                                                              : RelayBelief::kOn;
        meter.changed = true;
    }
    if (verified) {
        forget_failures(meter);
    } else {
        note_failure(meter, intent->action, context.now);
    }
    reconcile(meter, context);
}

void observe_hold(MeterSwitch& meter, bool is_effective, Instant change_time) {
    const RelayBelief seen = is_effective ? RelayBelief::kOff : RelayBelief::kOn;
    if (change_time <= meter.settled_time || seen == meter.relay) {
        return;
    }
    meter.relay = seen;
    meter.settled_time = change_time;
    meter.changed = true;
}

void forget_failures(MeterSwitch& meter) {
    if (meter.failure_count != 0 || meter.failed_action) {
        meter.failure_count = 0;
        meter.failed_action.reset();
        meter.changed = true;
    }
}

void expire_claims(MeterSwitch& meter, Duration timeout, const SwitchContext& context) {
    std::vector<std::string> expired;
    for (const SwitchIntent& intent : meter.intents) {
        if (intent.state == IntentState::kSending && intent.claim_time &&
            *intent.claim_time + timeout <= context.now) {
            expired.push_back(intent.intent_id);
        }
    }
    for (const std::string& intent_id : expired) {
        settle(meter, intent_id, CommandOutcome::kUnknown, context.now, context);
    }
}

}  // namespace prepay::account
