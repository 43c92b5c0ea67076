import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { timestamp } from '../src/core/time';
import { LogInPauseSchema } from '../src/gen/prepay/console/v1/console_pb';
import { pausedAddresses, waitsUntil } from '../src/users/pause';

const now = 1_800_000_000_000;
const at = (seconds: number) => timestamp(now + seconds * 1000);
const pause = (name: number | undefined, ...addresses: (number | undefined)[]) =>
    create(LogInPauseSchema, {
        pauseEndTime: name === undefined ? undefined : at(name),
        addresses: addresses.map((end, i) => ({ clientAddress: `10.0.0.${i}`, addressPauseEndTime: end === undefined ? undefined : at(end) })),
    });

describe('a paused user', () => {
    it.each([
        ['nothing known', pause(undefined), undefined],
        ['the name waits', pause(4), 4],
        ['it is over', pause(-1), undefined],
        ['an address waits longer', pause(4, 60), 60],
        ['another has ended', pause(4, -60, undefined), 4],
    ])('waits until the last of its pauses: %s', (_, known, seconds) => {
        expect(waitsUntil(known, now)).toEqual(seconds === undefined ? undefined : at(seconds));
    });
    it('names the addresses an unlock may forget too', () => {
        expect(pausedAddresses(pause(4, 60, undefined, -1), now)).toEqual(['10.0.0.0']);
    });
});
