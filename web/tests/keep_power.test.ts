import { describe, expect, it } from 'vitest';
import { CommandAction } from '../src/gen/prepay/metering/v1/metering_pb';
import { emptyDraft, isReady, keptTargets, overrides } from '../src/tasks/draft';
import { keptBy } from '../src/ui/failure_text';

const targets = [
    { meterId: 'm-1', roomName: '3-201', keepPower: true },
    { meterId: 'm-2', roomName: '3-202', keepPower: false },
    { meterId: 'm-3', roomName: '3-203' }, // Picked before the wall told.
];
const trip = { ...emptyDraft, action: CommandAction.TRIP, reason: 'fire', override: true };

describe('a batch task and keep-power', () => {
    it('names the rooms that a trip would be refused for, and no others', () => {
        expect(keptTargets(trip, targets).map((target) => target.roomName)).toEqual(['3-201']);
        for (const action of [CommandAction.CLOSE, CommandAction.RELEASE]) expect(keptTargets({ ...trip, action }, targets)).toEqual([]);
    });
    it.each([
        ['asked for, with the right', trip, targets, true, true],
        ['not asked for', { ...trip, override: false }, targets, true, false],
        ['without the right', trip, targets, false, false],
        ['nothing to override', trip, targets.slice(1), true, false],
        ['the box was ticked before the action changed', { ...trip, action: CommandAction.CLOSE }, targets, true, false],
    ])('overrides it only: %s', (_, draft, over, mayOverride, expected) => {
        expect(overrides(draft, over, mayOverride)).toBe(expected);
    });
    it('needs a reason for a trip, overriding or not', () => {
        expect(isReady({ ...trip, reason: '  ' }, targets)).toBe(false);
        expect(isReady(trip, targets)).toBe(true);
        expect(isReady({ ...emptyDraft }, targets)).toBe(true);
        expect(isReady(trip, [])).toBe(false);
    });
});

describe('the refusal of a trip', () => {
    const refused = (metadata: Record<string, string>) => keptBy({ reason: 'KEEP_POWER', message: '', metadata, inDoubt: false });
    it('names who keeps the power and why', () => {
        expect(refused({ keep_user: 'user:zhang', keep_reason: ' dialysis ' })).toEqual({ user: 'user:zhang', reason: 'dialysis' });
        expect(refused({ keep_user: 'user:zhang', keep_reason: '' })).toEqual({ user: 'user:zhang', reason: '–' });
    });
    it('says nothing where nothing is known', () => {
        expect(refused({ keep_user: '', keep_reason: '' })).toBeNull();
        expect(refused({})).toBeNull();
    });
});
