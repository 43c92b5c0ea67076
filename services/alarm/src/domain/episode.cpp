#include "domain/episode.h"

namespace prepay::alarm {

EpisodeDecision decide(const AccountMemory& memory, const AccountChange& change) {
    EpisodeDecision decision;
    decision.open = memory.open;
    if (change.revision <= memory.revision) {
        decision.stale = true;
        return decision;
    }
    LevelSet low;
    for (int level = 1; level <= kLevelCount; ++level) {
        const Money threshold = change.thresholds[static_cast<std::size_t>(level - 1)];
        if (change.alarms_wanted && change.balance <= threshold) {
            low.add(level);
        }
    }
    decision.opened = LevelSet::from_bits(low.bits() & ~memory.open.bits());
    decision.ended = LevelSet::from_bits(memory.open.bits() & ~low.bits());
    decision.open = low;
    return decision;
}

}  // namespace prepay::alarm
