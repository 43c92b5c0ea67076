import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Holder, HoldSchema } from '../src/gen/prepay/metering/v1/metering_pb';
import { WallRoomSchema } from '../src/gen/prepay/reporting/v1/reporting_pb';
import { powerOffReasons } from '../src/room/power_off';
import { consoleEn as en, consoleZh as zh } from './texts';

const hold = (holder: Holder, seconds: bigint, overridden = false) =>
    create(HoldSchema, { holder, placeTime: { seconds }, initiator: 'user:li', reasonText: 'fire', keepPowerOverridden: overridden });

describe('why the power is off', () => {
    it('is nothing while nobody holds it', () => {
        expect(powerOffReasons(undefined)).toEqual([]);
        expect(powerOffReasons(create(WallRoomSchema, {}))).toEqual([]);
    });
    it('names every holder, the first one first, and an override', () => {
        const room = create(WallRoomSchema, { holds: [hold(Holder.MONEY, 20n), hold(Holder.OPERATOR, 10n, true)] });
        const reasons = powerOffReasons(room);
        expect(reasons.map((r) => r.holder)).toEqual(['operator', 'money']);
        expect(reasons[0]).toMatchObject({ initiator: 'user:li', reason: 'fire', overridden: true, since: { seconds: 10n } });
        expect(reasons[1]!.overridden).toBe(false);
    });
    it('says that somebody else opened the relay', () => {
        const room = create(WallRoomSchema, { foreignOpen: true, holds: [hold(Holder.MONEY, 1n)] });
        expect(powerOffReasons(room).map((r) => r.holder)).toEqual(['foreign', 'money']);
    });
    it('has words for every holder in both languages', () => {
        const holders = Object.values(Holder).filter((h): h is Holder => typeof h === 'number' && h !== Holder.UNSPECIFIED);
        for (const holder of [...holders.map((h) => Holder[h]!.toLowerCase()), 'foreign']) {
            for (const catalogue of [en, zh]) {
                expect(catalogue[`power_off.holder.${holder}`], holder).toBeTruthy();
                expect(catalogue[`power_off.back.${holder}`], holder).toBeTruthy();
            }
        }
    });
});
