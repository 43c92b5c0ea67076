import { Code } from '@connectrpc/connect';
import { useCallback, useEffect, useRef, useState } from 'react';
import { hasCode, toFailure, type Failure } from '../core/errors';
import type { GetOverviewResponse, Posting } from '../gen/prepay/account/v1/account_pb';
import type { TenantClient } from './tenant';
import { moment } from './usage';

const refreshEvery_ms = 15_000;
const day_ms = 86_400_000;
const page_size = 200;
// Enough for a month of quarter-hour charges; the page says when there is more.
const pages_max = 15;

export interface TenantData {
    overview: GetOverviewResponse | null;
    postings: readonly Posting[] | null;
    /** True = the history goes on beyond what was fetched. */
    partial: boolean;
    failure: Failure | null;
    /** The link is no longer good. */
    refused: boolean;
    /** Milliseconds of the last good answer. */
    asOf_ms: number;
}

const nothing: TenantData = { overview: null, postings: null, partial: false, failure: null, refused: false, asOf_ms: 0 };

interface History {
    postings: readonly Posting[];
    partial: boolean;
}

/** The postings since some time, newest first; those that are known already are not asked for again. */
async function fetchHistory(client: TenantClient, since_ms: number, known: History): Promise<History> {
    const fresh: Posting[] = [];
    const newest = known.postings[0]?.postingId ?? 0n;
    let pageToken = '';
    for (let page = 0; page < pages_max; page++) {
        const answer = await client.listHistory({ pageSize: page_size, pageToken });
        const unknown = answer.postings.filter((posting) => posting.postingId > newest);
        fresh.push(...unknown);
        pageToken = answer.nextPageToken;
        if (unknown.length < answer.postings.length) return { ...known, postings: [...fresh, ...known.postings] };
        if (!pageToken) return { postings: fresh, partial: false };
        if (answer.postings.every((posting) => moment(posting) < since_ms)) break;
    }
    return { postings: fresh, partial: true };
}

/** Balance and history; what was shown stays on the page while the connection is away. */
export function useTenant(client: TenantClient, days: number): { data: TenantData; reload: () => void } {
    const [data, setData] = useState(nothing);
    const busy = useRef(false);
    const known = useRef<History>({ postings: [], partial: false });
    const load = useCallback(async () => {
        if (busy.current) return;
        busy.current = true;
        try {
            const overview = await client.getOverview({});
            setData((old) => ({ ...old, overview, failure: null, refused: false, asOf_ms: Date.now() }));
            known.current = await fetchHistory(client, Date.now() - days * day_ms, known.current);
            const history = known.current;
            setData((old) => ({ ...old, ...history }));
        } catch (error) {
            const refused = hasCode(error, Code.Unauthenticated) || hasCode(error, Code.PermissionDenied);
            setData((old) => ({ ...old, failure: toFailure(error), refused }));
        } finally {
            busy.current = false;
        }
    }, [client, days]);
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
