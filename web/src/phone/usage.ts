import { formatDate, addDays, millis } from '../core/time';
import type { Posting } from '../gen/prepay/account/v1/account_pb';

/** Money used per local day, oldest first; every day of the span is there. */
export interface DayUse {
    date: string;
    micros: bigint;
}

/**
 * The moment a posting is for: the last one of a charge's interval, which may end at midnight, the
 * creation of an order. Imported history was posted much later than it was used.
 */
export function moment(posting: Posting): number {
    const time = posting.sourceTime ?? posting.postTime;
    if (!time) return 0;
    return millis(time) - (isUse(posting) ? 1 : 0);
}

const isUse = (posting: Posting) => posting.kind === 'charge' || posting.kind === 'reversal';

/** Of a `partial` history only today and the days that are in it whole. */
export function usePerDay(postings: readonly Posting[], zone: string, now_ms: number, days: number, partial = false): DayUse[] {
    const today = formatDate(now_ms, zone);
    const sums = new Map<string, bigint>();
    for (let back = days - 1; back >= 0; back--) sums.set(addDays(today, -back), 0n);
    for (const posting of postings) {
        if (!isUse(posting)) continue;
        const date = formatDate(moment(posting), zone);
        const sum = sums.get(date);
        if (sum !== undefined) sums.set(date, sum - posting.amountMicros);
    }
    const oldest = postings[postings.length - 1];
    const cutDay = partial && oldest ? formatDate(moment(oldest), zone) : '';
    return [...sums].map(([date, micros]) => ({ date, micros })).filter(({ date }) => date > cutDay || date === today);
}

/** One line of the tenant's history: a payment, or the use of one day. */
export interface HistoryLine {
    key: string;
    kind: string;
    date: string;
    time_ms: number;
    micros: bigint;
}

/** Charges of a day become one line; payments and refunds stay single. Newest first. */
export function historyLines(postings: readonly Posting[], zone: string): HistoryLine[] {
    const lines: HistoryLine[] = [];
    const days = new Map<string, HistoryLine>();
    for (const posting of postings) {
        const time_ms = moment(posting);
        const date = formatDate(time_ms, zone);
        const known = isUse(posting) ? days.get(date) : undefined;
        if (known) {
            known.micros += posting.amountMicros;
            known.time_ms = Math.max(known.time_ms, time_ms);
            continue;
        }
        const line = { key: String(posting.postingId), kind: isUse(posting) ? 'charge' : posting.kind, date, time_ms, micros: posting.amountMicros };
        if (isUse(posting)) days.set(date, line);
        lines.push(line);
    }
    return lines.sort((a, b) => b.time_ms - a.time_ms);
}
