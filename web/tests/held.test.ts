import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { timestamp } from '../src/core/time';
import { HeldMeterSchema, Holder } from '../src/gen/prepay/metering/v1/metering_pb';
import { heldKey, holders, holderWord, isOverdue } from '../src/holds/held';
import { consoleEn as en, consoleZh as zh } from './texts';

const now = 1_800_000_000_000;
const held = (holder?: Holder, end?: number) =>
    create(HeldMeterSchema, { meterId: 'm-1', hold: holder === undefined ? undefined : { holder, expireTime: end === undefined ? undefined : timestamp(now + end) } });

describe('a held meter', () => {
    it('has words for every holder and for foreign hands, in both languages', () => {
        for (const word of [...holders.filter((h) => h !== Holder.UNSPECIFIED).map((h) => holderWord(held(h))), holderWord(held())])
            for (const catalogue of [en, zh]) expect(catalogue[`power_off.holder.${word}`], word).toBeTruthy();
    });
    it('can be filtered by every holder there is', () => {
        const all = Object.values(Holder).filter((h): h is Holder => typeof h === 'number');
        expect([...holders].sort()).toEqual(all.sort());
    });
    it('is overdue once its time is over, and never without one', () => {
        expect(isOverdue(held(Holder.OPERATOR, 1), now)).toBe(false);
        expect(isOverdue(held(Holder.OPERATOR, 0), now)).toBe(true);
        expect(isOverdue(held(Holder.OPERATOR), now)).toBe(false);
        expect(isOverdue(held(), now)).toBe(false);
    });
    it('has a row for each of its reasons', () => {
        expect(new Set([held(Holder.MONEY), held(Holder.OPERATOR), held()].map(heldKey)).size).toBe(3);
    });
});
