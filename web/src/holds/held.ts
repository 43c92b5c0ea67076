import { Holder, type HeldMeter } from '../gen/prepay/metering/v1/metering_pb';
import { millis } from '../core/time';

/** Part of the text keys power_off.holder.*. */
export function holderWord(meter: HeldMeter): string {
    return meter.hold ? Holder[meter.hold.holder]?.toLowerCase() ?? '' : 'foreign';
}

/** Whether the hold's time is over and it still stands: its meter has not answered since. */
export function isOverdue(meter: HeldMeter, now: number): boolean {
    return meter.hold?.expireTime !== undefined && millis(meter.hold.expireTime) <= now;
}

export function heldKey(meter: HeldMeter): string {
    return `${meter.meterId} ${holderWord(meter)}`;
}

/** The holders to filter by, all first. */
export const holders: readonly Holder[] = [Holder.UNSPECIFIED, Holder.MONEY, Holder.OPERATOR, Holder.LOAD_GUARD, Holder.TIME_PLAN, Holder.METER];
