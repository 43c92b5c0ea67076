import type { Timestamp } from '@bufbuild/protobuf/wkt';
import type { LogInPause } from '../gen/prepay/console/v1/console_pb';
import { millis } from '../core/time';

/** When the last pause that concerns the user ends; nothing when a log-in may come at once. */
export function waitsUntil(pause: LogInPause, now: number): Timestamp | undefined {
    const ends = [pause.pauseEndTime, ...pause.addresses.map((address) => address.addressPauseEndTime)].filter((end) => end !== undefined && millis(end) > now);
    return ends.sort((a, b) => millis(b!) - millis(a!))[0];
}

/** The addresses that have to wait themselves, whatever name is tried: an unlock may forget one of them too. */
export function pausedAddresses(pause: LogInPause, now: number): string[] {
    return pause.addresses.filter((address) => address.addressPauseEndTime && millis(address.addressPauseEndTime) > now).map((address) => address.clientAddress);
}
