import { Code } from '@connectrpc/connect';
import { useCallback, useEffect, useRef, useState } from 'react';
import { hasCode, toFailure, type Failure } from '../core/errors';
import { formatDate, millis } from '../core/time';
import type { DailyUse, GetOverviewResponse, Posting } from '../gen/prepay/account/v1/account_pb';
import type { TenantClient } from './tenant';

const refreshEvery_ms = 15_000;
// Two months of days, and the last payments.
const days_count = 62;
// Days that may still change, asked for at each refresh; the others once in five minutes.
const fresh_days = 2;
const allDaysEvery_ms = 300_000;
const payments_count = 100;

export interface TenantData {
    overview: GetOverviewResponse | null;
    /** What each day cost, oldest first, every day; the last is today. */
    days: readonly DailyUse[] | null;
    /** What was paid and given back, newest first. */
    payments: readonly Posting[];
    /** True = there was more before what was fetched. */
    partial: boolean;
    failure: Failure | null;
    /** The link is no longer good. */
    refused: boolean;
    /** Milliseconds of the last good answer. */
    asOf_ms: number;
}

const nothing: TenantData = { overview: null, days: null, payments: [], partial: false, failure: null, refused: false, asOf_ms: 0 };

interface KnownDays {
    days: readonly DailyUse[];
    asked_ms: number;
}

async function fetchDays(client: TenantClient, known: KnownDays): Promise<KnownDays> {
    if (Date.now() - known.asked_ms > allDaysEvery_ms) return { days: (await client.getDailyUse({ dayCount: days_count })).days, asked_ms: Date.now() };
    const { days } = await client.getDailyUse({ dayCount: fresh_days });
    const first = days[0]?.localDate ?? '';
    return { days: [...known.days.filter((day) => day.localDate < first), ...days], asked_ms: known.asked_ms };
}

/** Balance and history; what was shown stays on the page while the connection is away. */
export function useTenant(client: TenantClient): { data: TenantData; reload: () => void } {
    const [data, setData] = useState(nothing);
    const busy = useRef(false);
    const known = useRef<KnownDays>({ days: [], asked_ms: 0 });
    const load = useCallback(async () => {
        if (busy.current) return;
        busy.current = true;
        try {
            const overview = await client.getOverview({});
            setData((old) => ({ ...old, overview, failure: null, refused: false, asOf_ms: Date.now() }));
            const [use, paid] = await Promise.all([
                fetchDays(client, known.current),
                client.listHistory({ withoutCharges: true, pageSize: payments_count }),
            ]);
            const zone = overview.timeZone || 'UTC';
            const opened = overview.account?.openTime;
            const isOlder = opened !== undefined && formatDate(millis(opened), zone) < (use.days[0]?.localDate ?? '');
            known.current = use;
            setData((old) => ({ ...old, days: use.days, payments: paid.postings, partial: isOlder || paid.nextPageToken !== '' }));
        } catch (error) {
            const refused = hasCode(error, Code.Unauthenticated) || hasCode(error, Code.PermissionDenied);
            setData((old) => ({ ...old, failure: toFailure(error), refused }));
        } finally {
            busy.current = false;
        }
    }, [client]);
    useEffect(() => {
        void load();
        const timer = setInterval(() => document.visibilityState === 'visible' && void load(), refreshEvery_ms);
        const now = () => void load();
        window.addEventListener('online', now);
        document.addEventListener('visibilitychange', now);
        return () => {
            clearInterval(timer);
            window.removeEventListener('online', now);
            document.removeEventListener('visibilitychange', now);
        };
    }, [load]);
    return { data, reload: () => void load() };
}
