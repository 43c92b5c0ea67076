import { Code } from '@connectrpc/connect';
import { useCallback, useEffect, useRef, useState } from 'react';
import { hasCode, toFailure, type Failure } from '../core/errors';
import { formatDate, millis } from '../core/time';
import type { DailyUse, GetOverviewResponse, Posting } from '../gen/prepay/account/v1/account_pb';
import type { TenantClient } from './tenant';

const refreshEveryMs = 15_000;
// Two months of days, and the last payments.
const daysCount = 62;
// Days that may still change, asked for at each refresh; the others once in five minutes.
const freshDays = 2;
const allDaysEveryMs = 300_000;
const paymentsCount = 100;

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
    asOfMs: number;
}

const nothing: TenantData = { overview: null, days: null, payments: [], partial: false, failure: null, refused: false, asOfMs: 0 };

interface KnownDays {
    days: readonly DailyUse[];
    askedMs: number;
}

async function fetchDays(client: TenantClient, known: KnownDays): Promise<KnownDays> {
    if (Date.now() - known.askedMs > allDaysEveryMs) return { days: (await client.getDailyUse({ dayCount: daysCount })).days, askedMs: Date.now() };
    const { days } = await client.getDailyUse({ dayCount: freshDays });
    const first = days[0]?.localDate ?? '';
    return { days: [...known.days.filter((day) => day.localDate < first), ...days], askedMs: known.askedMs };
}

/** Balance and history; what was shown stays on the page while the connection is away. */
export function useTenant(client: TenantClient): { data: TenantData; reload: () => void } {
    const [data, setData] = useState(nothing);
    const busy = useRef(false);
    const known = useRef<KnownDays>({ days: [], askedMs: 0 });
    const load = useCallback(async () => {
        if (busy.current) return;
        busy.current = true;
        try {
            const overview = await client.getOverview({});
            setData((old) => ({ ...old, overview, failure: null, refused: false, asOfMs: Date.now() }));
            const [use, paid] = await Promise.all([
                fetchDays(client, known.current),
                client.listHistory({ withoutCharges: true, pageSize: paymentsCount }),
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
        const timer = setInterval(() => document.visibilityState === 'visible' && void load(), refreshEveryMs);
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
