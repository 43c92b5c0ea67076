import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { WallRoomSchema, WallState } from '../src/gen/prepay/reporting/v1/reporting_pb';
import { rankOf, stateLooks } from '../src/ui/states';
import { filterParams, groupRooms, matches, parseFilter } from '../src/wall/filter';
import { byUrgency } from '../src/wall/order';

const room = (displayName: string, state: WallState, balance = 0n) =>
    create(WallRoomSchema, { roomId: displayName, displayName, state, balanceMicros: balance, building: displayName[0], floor: displayName[2], customerName: 'Chen', meterIds: [`m-${displayName}`] });

describe('states of the wall', () => {
    it('win in the order of the console page', () => {
        expect(stateLooks.map((look) => WallState[look.state])).toEqual([
            'CONTRADICTED', 'LOAD_TRIP', 'CUT', 'TRIPPED', 'ARREARS', 'LOST', 'LOW_3', 'LOW_2', 'LOW_1', 'VACANT', 'NORMAL',
        ]);
    });
    it('cover every state that the server can say', () => {
        const all = Object.values(WallState).filter((s): s is WallState => typeof s === 'number' && s !== WallState.UNSPECIFIED);
        expect(new Set(stateLooks.map((look) => look.state))).toEqual(new Set(all));
    });
    it('differ in shape and word, not in colour alone', () => {
        expect(new Set(stateLooks.map((look) => look.glyph)).size).toBe(stateLooks.length);
        expect(new Set(stateLooks.map((look) => look.word)).size).toBe(stateLooks.length);
    });
    it('take an unknown state for normal', () => expect(rankOf(99 as WallState)).toBe(rankOf(WallState.NORMAL)));
});

describe('the order of problems', () => {
    it('is by state, then by debt, then by name', () => {
        const rooms = [room('A-2', WallState.LOW_3), room('A-10', WallState.CUT, -1n), room('A-9', WallState.CUT, -1n), room('A-3', WallState.CUT, -5n), room('A-4', WallState.CONTRADICTED)];
        expect(rooms.sort(byUrgency).map((r) => r.displayName)).toEqual(['A-4', 'A-3', 'A-9', 'A-10', 'A-2']);
    });
});

describe('the filter', () => {
    it('goes into the address and comes back the same', () => {
        const filter = { states: new Set([WallState.CUT, WallState.LOW_3]), building: 'B 公寓', query: '3-2', keepPower: true, compact: true };
        expect(parseFilter(filterParams(filter))).toEqual(filter);
        expect(filterParams(parseFilter(new URLSearchParams())).toString()).toBe('');
    });
    it('finds by room, name and meter', () => {
        const all = parseFilter(new URLSearchParams());
        const one = room('A-3', WallState.CUT);
        for (const query of ['a-3', 'CHEN', 'm-a']) expect(matches(one, { ...all, query })).toBe(true);
        expect(matches(one, { ...all, query: 'nobody' })).toBe(false);
        expect(matches(one, { ...all, states: new Set([WallState.LOST]) })).toBe(false);
    });
    it('groups in natural order', () => {
        const grouped = groupRooms(['A-10', 'A-2', 'B-1', 'A-1'].map((name) => room(name, WallState.NORMAL)));
        expect(grouped.map((b) => b.name)).toEqual(['A', 'B']);
        expect(grouped[0]!.floors.map((f) => f.rooms.map((r) => r.displayName))).toEqual([['A-1', 'A-10'], ['A-2']]);
    });
});
