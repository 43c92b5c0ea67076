#include "tenancy/domain/occupancy.h"

namespace prepay::account {

MoveOutcome move_payer(std::vector<Occupancy>& timeline, Occupancy next) {
    if (!timeline.empty() && !timeline.back().end_time && !timeline.back().vacancy &&
        !next.vacancy) {
        return MoveOutcome::kOccupied;
    }
    for (const Occupancy& span : timeline) {
        const bool reaches_in = !span.end_time || *span.end_time > next.start_time;
        const bool gives_way =
            span.vacancy || (!span.end_time && span.start_time < next.start_time);
        if (reaches_in && !gives_way) {
            return MoveOutcome::kTooEarly;
        }
    }
    for (Occupancy& span : timeline) {
        if (span.end_time && *span.end_time <= next.start_time) {
            continue;
        }
        if (span.start_time >= next.start_time) {
            span.deleted = true;
        } else {
            span.end_time = next.start_time;
            span.closing_register = next.opening_register;
        }
        ++span.revision;
        span.changed = true;
    }
    next.changed = true;
    timeline.push_back(std::move(next));
    return MoveOutcome::kMoved;
}

}  // namespace prepay::account
