import { WallState } from '../gen/prepay/reporting/v1/reporting_pb';
import type { TextKey } from '../i18n/console_text';

/** How a state looks: the word's key in the catalogue, the glyph of the sprite, the CSS class of its colour. */
export interface StateLook {
    state: WallState;
    word: TextKey;
    glyph: string;
    tone: string;
    /** Wants a person. */
    problem: boolean;
}

/** All states, the one that wins first. */
export const stateLooks: readonly StateLook[] = [
    { state: WallState.CONTRADICTED, word: 'state.contradicted', glyph: 'disputed', tone: 'magenta', problem: true },
    { state: WallState.LOAD_TRIP, word: 'state.load_trip', glyph: 'bolt', tone: 'orange', problem: true },
    { state: WallState.CUT, word: 'state.cut', glyph: 'cut', tone: 'red', problem: true },
    { state: WallState.TRIPPED, word: 'state.tripped', glyph: 'tripped', tone: 'blue', problem: true },
    { state: WallState.ARREARS, word: 'state.arrears', glyph: 'arrears', tone: 'red-outline', problem: true },
    { state: WallState.LOST, word: 'state.lost', glyph: 'lost', tone: 'grey', problem: true },
    { state: WallState.LOW_3, word: 'state.low_3', glyph: 'low3', tone: 'amber-3', problem: true },
    { state: WallState.LOW_2, word: 'state.low_2', glyph: 'low2', tone: 'amber-2', problem: false },
    { state: WallState.LOW_1, word: 'state.low_1', glyph: 'low1', tone: 'amber-1', problem: false },
    { state: WallState.VACANT, word: 'state.vacant', glyph: 'vacant', tone: 'outline', problem: false },
    { state: WallState.NORMAL, word: 'state.normal', glyph: 'normal', tone: 'green', problem: false },
];

const byState = new Map(stateLooks.map((look) => [look.state, look]));
const normal = stateLooks[stateLooks.length - 1]!;

export function lookOf(state: WallState): StateLook {
    return byState.get(state) ?? normal;
}

/** Rank on the wall: 0 = wins over all others. */
export function rankOf(state: WallState): number {
    return stateLooks.indexOf(lookOf(state));
}
