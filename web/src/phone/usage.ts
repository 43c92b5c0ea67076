import { formatDate, instantOfLocal, millis } from '../core/time';
import type { DailyUse, Posting } from '../gen/prepay/account/v1/account_pb';

/** One line of the tenant's history: a payment, or the use of one day. */
export interface HistoryLine {
    key: string;
    kind: string;
    date: string;
    timeMs: number;
    micros: bigint;
}

/** What each day cost and what was paid, newest first. A day without use has no line; its payments come before its use. */
export function historyLines(days: readonly DailyUse[], payments: readonly Posting[], zone: string): HistoryLine[] {
    const lines: HistoryLine[] = [];
    for (const day of days) {
        if (day.amountMicros === 0n) continue;
        lines.push({ key: day.localDate, kind: 'charge', date: day.localDate, timeMs: instantOfLocal(`${day.localDate}T00:00`, zone), micros: -day.amountMicros });
    }
    for (const payment of payments) {
        const time = payment.sourceTime ?? payment.postTime;
        const timeMs = time ? millis(time) : 0;
        lines.push({ key: String(payment.postingId), kind: payment.kind, date: formatDate(timeMs, zone), timeMs, micros: payment.amountMicros });
    }
    return lines.sort((a, b) => b.timeMs - a.timeMs);
}
