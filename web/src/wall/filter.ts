import { WallState, type WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { byName } from './order';

/** What the wall's address says. */
export interface WallFilter {
    states: ReadonlySet<WallState>;
    building: string;
    query: string;
    keepPower: boolean;
    compact: boolean;
}

const stateWord = (state: WallState) => WallState[state].toLowerCase();

export function parseFilter(params: URLSearchParams): WallFilter {
    const words = (params.get('state') ?? '').split(',');
    const states = Object.values(WallState).filter((s): s is WallState => typeof s === 'number');
    return {
        states: new Set(states.filter((state) => words.includes(stateWord(state)))),
        building: params.get('building') ?? '',
        query: params.get('q') ?? '',
        keepPower: params.get('keep') === '1',
        compact: params.get('density') === 'compact',
    };
}

export function filterParams(filter: WallFilter): URLSearchParams {
    const params = new URLSearchParams();
    if (filter.states.size > 0) params.set('state', [...filter.states].map(stateWord).join(','));
    if (filter.building) params.set('building', filter.building);
    if (filter.query) params.set('q', filter.query);
    if (filter.keepPower) params.set('keep', '1');
    if (filter.compact) params.set('density', 'compact');
    return params;
}

export function matches(room: WallRoom, filter: WallFilter): boolean {
    if (filter.states.size > 0 && !filter.states.has(room.state)) return false;
    if (filter.keepPower && !room.keepPower) return false;
    if (filter.building && room.building !== filter.building) return false;
    if (!filter.query) return true;
    const query = filter.query.trim().toLowerCase();
    const texts = [room.displayName, room.customerName, room.building, ...room.meterIds];
    return texts.some((text) => text.toLowerCase().includes(query));
}

export interface Floor {
    name: string;
    rooms: WallRoom[];
}

export interface Building {
    name: string;
    floors: Floor[];
}

const collator = new Intl.Collator('en', { numeric: true });

/** Rooms by building and floor, each in natural order. */
export function groupRooms(rooms: readonly WallRoom[]): Building[] {
    const buildings = new Map<string, Map<string, WallRoom[]>>();
    for (const room of rooms) {
        const floors = buildings.get(room.building) ?? new Map<string, WallRoom[]>();
        buildings.set(room.building, floors);
        const list = floors.get(room.floor);
        if (list) list.push(room);
        else floors.set(room.floor, [room]);
    }
    const order = (a: { name: string }, b: { name: string }) => collator.compare(a.name, b.name);
    return [...buildings]
        .map(([name, floors]) => ({
            name,
            floors: [...floors].map(([floor, list]) => ({ name: floor, rooms: list.sort(byName) })).sort(order),
        }))
        .sort(order);
}
