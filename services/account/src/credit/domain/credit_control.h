#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "books/domain/terms.h"
#include "core/time.h"

namespace prepay::account {

enum class SwitchAction { kTrip, kRestore };

/// READY waits for the gateway, SENDING was claimed and may be on the wire, the rest is final.
enum class IntentState { kReady, kSending, kDone, kCancelled, kFailed };

/// What is known of money's hold on a meter, as the gateway tells it. kOff: it stands and the relay
/// is open, whoever opened it. kOn: it does not stand, or the relay is closed all the same. Who
/// else holds the meter is the gateway's to know.
enum class RelayBelief { kOn, kOff, kUnknown };

/// One order to switch one meter. The gateway's command has the same id.
struct SwitchIntent {
    std::string intent_id;  ///< Empty = new, not yet stored.
    int seq = 0;            ///< Order within the meter; the wire keeps it.
    std::int64_t account_no = 0;
    SwitchAction action = SwitchAction::kTrip;
    IntentState state = IntentState::kReady;
    std::int64_t revision = 1;
    std::string claimant;
    Money balance;
    Instant create_time;
    std::optional<Instant> claim_time;
    std::optional<Instant> finish_time;
    std::string reason_text;
    bool changed = false;  ///< Differs from what is stored.
};

/// An intent as others see it.
struct IntentView {
    SwitchIntent intent;
    std::string meter_id;
    std::string account_id;
};

/// Which intents a list shows; an empty text filters nothing.
struct IntentFilter {
    std::string account_id;
    std::string meter_id;
    std::string after_intent_id;  ///< Last one of the page before; empty = the first page.
    int limit = 100;
};

/// Who pays for a meter now, as far as cutting it asks.
struct CutCheck {
    std::string room_id;      ///< Empty = in no room.
    std::string account_id;   ///< Empty = nobody, or vacant.
    bool keep_power = false;  ///< The account's power is kept, whatever it owes.
    std::string keep_reason;  ///< What was said when it was set.
    std::string keep_user;    ///< Who set it; empty = before this was kept.
    std::optional<Instant> keep_time;

    /// Whether anybody may cut the meter, for whatever reason.
    [[nodiscard]] bool is_allowed() const { return !keep_power; }
};

/// One meter's switching state: the belief, and the intents not yet final by rising seq. At most
/// one of them is READY, and it is the last.
struct MeterSwitch {
    std::string meter_id;
    RelayBelief relay = RelayBelief::kOn;
    int last_seq = 0;
    int settled_seq = 0;    ///< The newest intent whose outcome the belief contains.
    Instant settled_time;   ///< Gateway's time of that outcome.
    int failure_count = 0;  ///< In a row.
    std::optional<SwitchAction> failed_action;
    std::optional<Instant> retry_time;  ///< When the periodic sweep must look again.
    std::vector<SwitchIntent> intents;
    bool changed = false;
};

/// The account side of a decision, read under the account lock.
struct SwitchContext {
    std::int64_t account_no = 0;
    SwitchWish wish = SwitchWish::kLeave;
    Money balance;
    Instant now;
};

/// How the gateway's command ended.
enum class CommandOutcome {
    kVerified,  ///< Read back as wanted, or a release while others hold the relay open.
    kUnknown,   ///< Sent, effect not known, or refused or contradicted by the meter.
    kNotSent,   ///< Expired or withdrawn before the wire.
};

/// First pause before a failed switch is tried again; doubles up to the maximum.
constexpr Duration kRetryPauseMin = std::chrono::seconds(5);
constexpr Duration kRetryPauseMax = std::chrono::minutes(5);

/// Brings the intents of a meter in line with the wish: cancels a READY intent that is not wanted
/// any more, and queues a wanted one behind whatever is being sent. A trip can so be cancelled
/// until it is claimed, and is followed by a restore from then on.
void reconcile(MeterSwitch& meter, const SwitchContext& context);

/// The gateway's question right before the wire. Grants only what is still wanted at this moment; a
/// READY intent that is not wanted is cancelled. A SENDING intent is granted again to its claimant
/// while it is wanted; after that it ends with an unknown outcome, and what is wanted follows it.
bool claim(MeterSwitch& meter, const std::string& intent_id, const std::string& claimant,
           const SwitchContext& context);

/// Takes in how a command ended. `finish_time` is the gateway's. Unknown or final intents and
/// repeated results change nothing.
void settle(MeterSwitch& meter, const std::string& intent_id, CommandOutcome outcome,
            Instant finish_time, const SwitchContext& context);

/// Takes in what the gateway told of money's hold at `change_time`: whether it stands with the
/// relay open. Older than the last outcome = ignored.
void observe_hold(MeterSwitch& meter, bool is_effective, Instant change_time);

/// The meter answers again: what failed before is tried at once.
void forget_failures(MeterSwitch& meter);

/// Gives up claims older than `timeout`: their outcome is unknown.
void expire_claims(MeterSwitch& meter, Duration timeout, const SwitchContext& context);

}  // namespace prepay::account
