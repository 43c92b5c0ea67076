import type { KeyboardEvent } from 'react';

type Tiles = readonly HTMLElement[];

/** The tile above (-1) or below (+1) that is nearest sideways. */
function vertical(tiles: Tiles, from: HTMLElement, direction: number): HTMLElement | undefined {
    const here = from.getBoundingClientRect();
    const beyond = tiles
        .map((tile) => ({ tile, box: tile.getBoundingClientRect() }))
        .filter(({ box }) => (box.top - here.top) * direction > here.height / 2);
    const top = beyond.reduce((best, { box }) => Math.min(best, (box.top - here.top) * direction), Infinity);
    return beyond
        .filter(({ box }) => (box.top - here.top) * direction < top + here.height / 2)
        .sort((a, b) => Math.abs(a.box.left - here.left) - Math.abs(b.box.left - here.left))[0]?.tile;
}

/** Arrow keys move from tile to tile, as in a spreadsheet. */
export function onWallKey(event: KeyboardEvent<HTMLElement>): void {
    const from = (event.target as HTMLElement).closest<HTMLElement>('.tile');
    if (!from || !event.key.startsWith('Arrow')) return;
    const tiles = [...event.currentTarget.querySelectorAll<HTMLElement>('.tile')];
    const index = tiles.indexOf(from);
    const next =
        event.key === 'ArrowRight' ? tiles[index + 1]
        : event.key === 'ArrowLeft' ? tiles[index - 1]
        : vertical(tiles, from, event.key === 'ArrowDown' ? 1 : -1);
    if (!next) return;
    event.preventDefault();
    next.focus();
}
