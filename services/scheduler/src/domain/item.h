#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "domain/task.h"

namespace prepay::scheduler {

/// What was learned about an item.
enum class ItemEvent {
    kSubmitted,  ///< The gateway has the command and is not done with it.
    kVerified,   ///< Its effect was read back.
    kFailed,     ///< It ended otherwise, or was never accepted.
    kCancelled,  ///< It was withdrawn before the wire.
    kDeferred,   ///< Whether the gateway has it is not known: ask again later.
};

/// One thing learned. `fence` is the claim of the worker that learned it; absent for what the
/// gateway itself reports, which is true whoever asked.
struct ItemUpdate {
    std::string item_id;
    ItemEvent event = ItemEvent::kDeferred;
    std::string reason;  ///< Stable word for kFailed.
    std::optional<std::int64_t> fence;
    bool attempted = false;  ///< A submit went out: counts as an attempt.
    Instant retry_time;      ///< kDeferred: not before.
};

/// The part of an item that decisions look at.
struct ItemStatus {
    ItemState state = ItemState::kWaiting;
    std::int64_t fence = 0;
};

enum class ItemVerdict {
    kApplied,
    kNoChange,    ///< Known already.
    kStaleFence,  ///< Learned by a worker whose claim is over: refused.
    kLate,        ///< The item is final: refused.
};

struct ItemDecision {
    ItemVerdict verdict = ItemVerdict::kNoChange;
    ItemState state = ItemState::kWaiting;  ///< After.
};

/// Decides what an update does. Precedence: kStaleFence, kLate, then by state and event. A state
/// never goes back: a submit that answers after the result changes nothing.
ItemDecision decide(const ItemStatus& status, const ItemUpdate& update);

/// What to do with a claimed item.
enum class Step {
    kSubmit,  ///< Hand it to the gateway (again): the same key has the same effect once.
    kAsk,     ///< It may be there from an earlier claim, but must not be submitted any more.
    kExpire,  ///< Never submitted, and too late now.
};

/// `claimed_before`: another claim came first, so an earlier submit may have arrived.
Step next_step(bool claimed_before, bool cancel_requested, Instant not_after, Instant now);

}  // namespace prepay::scheduler
