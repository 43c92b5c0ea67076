import { formatDate, addDays, millis } from '../core/time';
import type { Posting } from '../gen/prepay/account/v1/account_pb';

/** Money used per local day, oldest first; every day of the span is there. */
export interface DayUse {
    date: string;
    micros: bigint;
}

const isUse = (posting: Posting) => posting.kind === 'charge' || posting.kind === 'reversal';

export function usePerDay(postings: readonly Posting[], zone: string, now_ms: number, days: number): DayUse[] {
    const today = formatDate(now_ms, zone);
    const sums = new Map<string, bigint>();
    for (let back = days - 1; back >= 0; back--) sums.set(addDays(today, -back), 0n);
    for (const posting of postings) {
        if (!isUse(posting) || !posting.postTime) continue;
        const date = formatDate(millis(posting.postTime), zone);
        const sum = sums.get(date);
        if (sum !== undefined) sums.set(date, sum - posting.amountMicros);
    }
    return [...sums].map(([date, micros]) => ({ date, micros }));
}

/** One line of the tenant's history: a payment, or the use of one day. */
export interface HistoryLine {
    key: string;
    kind: string;
    date: string;
    time_ms: number;
    micros: bigint;
}

/** Charges of a day become one line; payments and refunds stay single. Newest first, as given. */
export function historyLines(postings: readonly Posting[], zone: string): HistoryLine[] {
    const lines: HistoryLine[] = [];
    const days = new Map<string, HistoryLine>();
    for (const posting of postings) {
        const time_ms = posting.postTime ? millis(posting.postTime) : 0;
        const date = formatDate(time_ms, zone);
        const known = isUse(posting) ? days.get(date) : undefined;
        if (known) {
            known.micros += posting.amountMicros;
            continue;
        }
        const line = { key: String(posting.postingId), kind: isUse(posting) ? 'charge' : posting.kind, date, time_ms, micros: posting.amountMicros };
        if (isUse(posting)) days.set(date, line);
        lines.push(line);
    }
    return lines;
}
