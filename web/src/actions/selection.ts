import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';

/** A target of a batch task: one meter and the room it stands in. */
export interface Target {
    meterId: string;
    roomName: string;
    /** As the wall showed it when the room was picked; account's word counts when the order goes out. */
    keepPower?: boolean;
}

const storageKey = 'openprepay.selection';

/** Keeps the rooms picked on the wall for the page that makes a task of them, over a reload too. */
export function storeSelection(rooms: readonly WallRoom[]): void {
    const targets = rooms.flatMap((room) => room.meterIds.map((meterId): Target => ({ meterId, roomName: room.displayName, keepPower: room.keepPower })));
    sessionStorage.setItem(storageKey, JSON.stringify(targets));
}

export function loadSelection(): Target[] {
    return JSON.parse(sessionStorage.getItem(storageKey) ?? '[]') as Target[];
}

export function clearSelection(): void {
    sessionStorage.removeItem(storageKey);
}
