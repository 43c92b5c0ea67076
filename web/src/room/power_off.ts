import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { Holder } from '../gen/prepay/metering/v1/metering_pb';
import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';

/** One reason why a room's power is off, ready for a line of text. */
export interface PowerOffReason {
    /** Part of the text keys power_off.holder.* and power_off.back.*. */
    holder: string;
    since?: Timestamp;
    until?: Timestamp;
    initiator: string;
    reason: string;
    overridden: boolean;
}

/** All reasons, the one that stands longest first; none while no relay of the room is held. */
export function powerOffReasons(room: WallRoom | undefined): PowerOffReason[] {
    if (!room) return [];
    const held = room.holds
        .filter((hold) => hold.holder !== Holder.UNSPECIFIED)
        .map((hold) => ({
            holder: Holder[hold.holder]!.toLowerCase(),
            since: hold.placeTime,
            until: hold.expireTime,
            initiator: hold.initiator,
            reason: hold.reasonText,
            overridden: hold.keepPowerOverridden,
        }))
        .sort((a, b) => Number((a.since?.seconds ?? 0n) - (b.since?.seconds ?? 0n)));
    return room.foreignOpen ? [{ holder: 'foreign', initiator: '', reason: '', overridden: false }, ...held] : held;
}
