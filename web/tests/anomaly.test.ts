import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { allowedDecisions, emptyDraft, parseRegister, toDecision } from '../src/anomalies/decision';
import { Resource } from '../src/gen/prepay/common/v1/common_pb';
import { AnomalySchema, QuarantineDecision } from '../src/gen/prepay/metering/v1/metering_pb';

const { ACCEPT, NEW_EPOCH, DISCARD } = QuarantineDecision;
const anomaly = (previousRegisterTotal: bigint, latestRegisterTotal: bigint) =>
    create(AnomalySchema, { anomalyId: 7n, meterId: 'm-1', resource: Resource.ELECTRICITY, previousRegisterTotal, latestRegisterTotal });

describe('a register in quarantine', () => {
    it('is typed in kWh or m³', () => {
        expect(parseRegister('12.34', Resource.ELECTRICITY)).toBe(12_340n);
        expect(parseRegister('12.345678', Resource.WATER)).toBe(12_345_678n);
        expect(parseRegister('', Resource.WATER)).toBeUndefined();
        expect(parseRegister('12.3456', Resource.ELECTRICITY)).toBeNull();
        expect(parseRegister('-1', Resource.ELECTRICITY)).toBeNull();
        expect(parseRegister('x', Resource.ELECTRICITY)).toBeNull();
    });
    it('below the last good one is never consumption', () => {
        expect(allowedDecisions(anomaly(5_000n, 9_000n))).toEqual([ACCEPT, NEW_EPOCH, DISCARD]);
        expect(allowedDecisions(anomaly(5_000n, 4_999n))).toEqual([NEW_EPOCH, DISCARD]);
        expect(toDecision({ ...emptyDraft, decision: ACCEPT, reason: 'x' }, anomaly(5_000n, 4_999n))).toBeNull();
    });
    it('is decided with a reason only', () => {
        expect(toDecision({ ...emptyDraft, decision: DISCARD, reason: ' ' }, anomaly(5_000n, 9_000n))).toBeNull();
        expect(toDecision({ ...emptyDraft, reason: 'why' }, anomaly(5_000n, 9_000n))).toBeNull();
        expect(toDecision({ ...emptyDraft, decision: DISCARD, reason: ' why ' }, anomaly(5_000n, 9_000n))).toEqual({ anomalyId: 7n, decision: DISCARD, reasonText: 'why' });
    });
    it('begins anew between 0 and what the meter shows, after a closing register that is not below the last', () => {
        const draft = { ...emptyDraft, decision: NEW_EPOCH, reason: 'swap' };
        const swapped = anomaly(5_000n, 30n);
        expect(toDecision(draft, swapped)).toMatchObject({ openingRegister: undefined, closingRegister: undefined });
        expect(toDecision({ ...draft, opening: '0', closing: '5.2' }, swapped)).toMatchObject({ openingRegister: 0n, closingRegister: 5_200n });
        expect(toDecision({ ...draft, opening: '0.031' }, swapped)).toBeNull();
        expect(toDecision({ ...draft, closing: '4.999' }, swapped)).toBeNull();
    });
});
