import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { rankOf } from '../ui/states';

const collator = new Intl.Collator('en', { numeric: true });

/** In natural order: 9 before 10. */
export function byName(a: WallRoom, b: WallRoom): number {
    return collator.compare(a.displayName, b.displayName);
}

/** Problems first, and among equals the one that owes most. */
export function byUrgency(a: WallRoom, b: WallRoom): number {
    const rank = rankOf(a.state) - rankOf(b.state);
    if (rank !== 0) return rank;
    if (a.balanceMicros !== b.balanceMicros) return a.balanceMicros < b.balanceMicros ? -1 : 1;
    return byName(a, b);
}
