#include "domain/item.h"

namespace prepay::scheduler {

ItemDecision decide(const ItemStatus& status, const ItemUpdate& update) {
    if (update.fence && *update.fence != status.fence) {
        return {ItemVerdict::kStaleFence, status.state};
    }
    if (is_final(status.state)) {
        return {ItemVerdict::kLate, status.state};
    }
    switch (update.event) {
        case ItemEvent::kSubmitted:
            return {
                status.state == ItemState::kSent ? ItemVerdict::kNoChange : ItemVerdict::kApplied,
                ItemState::kSent};
        case ItemEvent::kVerified:
            return {ItemVerdict::kApplied, ItemState::kVerified};
        case ItemEvent::kFailed:
            return {ItemVerdict::kApplied, ItemState::kFailed};
        case ItemEvent::kCancelled:
            return {ItemVerdict::kApplied, ItemState::kCancelled};
        case ItemEvent::kDeferred:
            break;
    }
    return {status.state == ItemState::kSent ? ItemVerdict::kNoChange : ItemVerdict::kApplied,
            status.state};
}

Step next_step(bool claimed_before, bool cancel_requested, Instant not_after, Instant now) {
    const bool is_too_late = now >= not_after;
    if (claimed_before && (cancel_requested || is_too_late)) {
        return Step::kAsk;
    }
    return is_too_late ? Step::kExpire : Step::kSubmit;
}

}  // namespace prepay::scheduler
