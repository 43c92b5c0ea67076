import { Code } from '@connectrpc/connect';
import { useCallback, useEffect, useRef, useState } from 'react';
import { hasCode, toFailure, type Failure } from '../core/errors';
import type { GetOverviewResponse, Posting } from '../gen/prepay/account/v1/account_pb';
import type { TenantClient } from './tenant';

const refreshEvery_ms = 15_000;
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

async function fetchHistory(client: TenantClient, since_s: bigint): Promise<{ postings: Posting[]; partial: boolean }> {
    const postings: Posting[] = [];
    let pageToken = '';
    for (let page = 0; page < pages_max; page++) {
        const answer = await client.listHistory({ pageSize: page_size, pageToken });
        postings.push(...answer.postings);
        pageToken = answer.nextPageToken;
        const oldest = answer.postings[answer.postings.length - 1]?.postTime?.seconds ?? 0n;
        if (!pageToken) return { postings, partial: false };
        if (oldest < since_s) break;
    }
    return { postings, partial: true };
}

/** Balance and history; what was shown stays on the page while the connection is away. */
export function useTenant(client: TenantClient, days: number): { data: TenantData; reload: () => void } {
    const [data, setData] = useState(nothing);
    const busy = useRef(false);
    const load = useCallback(async () => {
        if (busy.current) return;
        busy.current = true;
        try {
            const overview = await client.getOverview({});
            setData((old) => ({ ...old, overview, failure: null, refused: false, asOf_ms: Date.now() }));
            const since_s = BigInt(Math.floor(Date.now() / 1000) - days * 86_400);
            const history = await fetchHistory(client, since_s);
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
