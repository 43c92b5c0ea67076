import { millis } from '../core/time';
import { watch, type StreamState } from '../core/watch';
import type { WallRoom, WatchWallResponse } from '../gen/prepay/reporting/v1/reporting_pb';
import { noTimeout, reporting } from '../session/clients';
import { session } from '../session/session';

export interface WallView {
    rooms: ReadonlyMap<string, WallRoom>;
    stream: StreamState;
    /** Milliseconds; when the server last said anything. */
    serverMs: number;
    loaded: boolean;
}

// The server sends a heartbeat at least every 10 s.
const silenceMs = 25_000;

/**
 * The wall of one site as the stream tells it. Changes that arrive within one animation frame
 * become one view; a room that did not change keeps its object, so its tile is not drawn again.
 */
export class WallStore {
    private rooms = new Map<string, WallRoom>();
    private snapshotIds: Set<string> | null = null;
    private view: WallView = { rooms: this.rooms, stream: 'connecting', serverMs: 0, loaded: false };
    private frame = 0;
    private stream: StreamState = 'connecting';
    private serverMs = 0;
    private loaded = false;
    private readonly listeners = new Set<() => void>();
    private stopWatch: (() => void) | null = null;

    constructor(private readonly siteId: string) {}

    readonly getView = (): WallView => this.view;

    readonly subscribe = (listener: () => void): (() => void) => {
        this.listeners.add(listener);
        if (this.listeners.size === 1) this.start();
        return () => {
            this.listeners.delete(listener);
            if (this.listeners.size === 0) this.stop();
        };
    };

    private start(): void {
        this.stopWatch = watch<WatchWallResponse>({
            open: (signal) => reporting.watchWall({ siteId: this.siteId }, { signal, ...noTimeout }),
            onMessage: (message) => this.take(message),
            onState: (state) => {
                this.stream = state;
                if (state === 'lost') this.snapshotIds = null;
                this.schedule();
            },
            onUnauthenticated: () => session.refresh().catch(() => undefined),
            silenceMs,
        });
    }

    private stop(): void {
        this.stopWatch?.();
        cancelAnimationFrame(this.frame);
        this.frame = 0;
    }

    private take(message: WatchWallResponse): void {
        if (message.serverTime) this.serverMs = millis(message.serverTime);
        if (message.snapshot) {
            this.snapshotIds ??= new Set();
            for (const room of message.rooms) this.snapshotIds.add(room.roomId);
            this.loaded = true;
        } else if (this.snapshotIds) {
            this.dropMissing(this.snapshotIds);
            this.snapshotIds = null;
        }
        for (const room of message.rooms) this.rooms.set(room.roomId, room);
        this.schedule();
    }

    /** After a new snapshot: rooms that it did not hold are no more. */
    private dropMissing(present: ReadonlySet<string>): void {
        for (const roomId of [...this.rooms.keys()]) if (!present.has(roomId)) this.rooms.delete(roomId);
    }

    private schedule(): void {
        this.frame ||= requestAnimationFrame(() => {
            this.frame = 0;
            this.view = {
                rooms: new Map(this.rooms),
                stream: this.stream,
                serverMs: this.serverMs,
                loaded: this.loaded,
            };
            for (const listener of this.listeners) listener();
        });
    }
}

const stores = new Map<string, WallStore>();

/** The store of a site; kept, so that coming back to the wall shows it at once. */
export function wallStore(siteId: string): WallStore {
    let store = stores.get(siteId);
    if (!store) {
        store = new WallStore(siteId);
        stores.set(siteId, store);
    }
    return store;
}

export function forgetWalls(): void {
    stores.clear();
}
