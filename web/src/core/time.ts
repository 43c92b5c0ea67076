import type { Timestamp } from '@bufbuild/protobuf/wkt';

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
    const key = zone + JSON.stringify(options);
    let found = formats.get(key);
    if (!found) {
        // sv-SE writes ISO order (2026-03-01 14:05), which reads the same in Chinese and English.
        found = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, hourCycle: 'h23', ...options });
        formats.set(key, found);
    }
    return found;
}

/** Milliseconds since the epoch. */
export function millis(time: Timestamp): number {
    return Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000);
}

export function timestamp(ms: number): Timestamp {
    const seconds = Math.floor(ms / 1000);
    return {
        $typeName: 'google.protobuf.Timestamp',
        seconds: BigInt(seconds),
        nanos: (ms - seconds * 1000) * 1_000_000,
    };
}

/** "2026-03-01 14:05:09" in the zone. */
export function formatDateTime(ms: number, zone: string): string {
    return format(zone, {
        year: 'numeric', month: '2-digit', day: '2-digit',
        hour: '2-digit', minute: '2-digit', second: '2-digit',
    }).format(ms);
}

/** "14:05:09" in the zone. */
export function formatClock(ms: number, zone: string): string {
    return format(zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
}

/** "14" in the zone: the hour of the local day. */
export function formatHour(ms: number, zone: string): string {
    return format(zone, { hour: '2-digit' }).format(ms).slice(0, 2);
}

/** "2026-03-01" in the zone. */
export function formatDate(ms: number, zone: string): string {
    return format(zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).format(ms);
}

export function formatUtc(ms: number): string {
    return new Date(ms).toISOString().replace('T', ' ').replace('Z', ' UTC');
}

/** The local date `days` after (or before) an ISO local date. */
export function addDays(localDate: string, days: number): string {
    const date = new Date(localDate + 'T00:00:00Z');
    date.setUTCDate(date.getUTCDate() + days);
    return date.toISOString().slice(0, 10);
}

/**
 * The instant at which a zone's clock shows the local time ("2026-03-01T08:00"). A time that a
 * clock change skips becomes the instant of the change plus the same distance.
 */
export function instantOfLocal(local: string, zone: string): number {
    const wanted = Date.parse(local + (local.length === 10 ? 'T00:00' : '') + 'Z');
    const shown = (ms: number) => Date.parse(formatDateTime(ms, zone).replace(' ', 'T') + 'Z');
    let instant = wanted;
    for (let step = 0; step < 2; step++) instant += wanted - shown(instant);
    return instant;
}

/** Seconds of a duration from whole milliseconds: one decimal, below a second all three. */
export function formatSeconds(ms: number): string {
    return ms < 1 ? '<0.001' : (ms / 1000).toFixed(ms < 1000 ? 3 : 1);
}
