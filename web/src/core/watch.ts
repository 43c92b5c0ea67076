import { Code } from '@connectrpc/connect';
import { hasCode } from './errors';

export type StreamState = 'connecting' | 'live' | 'lost';

interface WatchOptions<T> {
    open: (signal: AbortSignal) => AsyncIterable<T>;
    onMessage: (message: T) => void;
    onState?: (state: StreamState) => void;
    /** Called when the server says the token is not good (any more), before the next attempt. */
    onUnauthenticated?: () => Promise<unknown>;
    /** A stream silent for this long is taken for dead. 0 = never. */
    silenceMs?: number;
    /** True = the stream's end is the end of the matter; false = it is opened again. */
    finite?: boolean;
    onEnd?: () => void;
}

const retryMinMs = 500;
const retryMaxMs = 10_000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
        const done = () => {
            clearTimeout(timer);
            window.removeEventListener('online', done);
            signal.removeEventListener('abort', done);
            resolve();
        };
        const timer = setTimeout(done, ms);
        window.addEventListener('online', done);
        signal.addEventListener('abort', done);
    });
}

async function readOnce<T>(options: WatchOptions<T>, stop: AbortSignal, alive: () => void): Promise<void> {
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    stop.addEventListener('abort', abort);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const rearm = () => {
        clearTimeout(timer);
        if (options.silenceMs) timer = setTimeout(abort, options.silenceMs);
    };
    try {
        rearm();
        for await (const message of options.open(attempt.signal)) {
            rearm();
            alive();
            if (stop.aborted) return;
            options.onMessage(message);
        }
    } finally {
        clearTimeout(timer);
        stop.removeEventListener('abort', abort);
    }
}

async function run<T>(options: WatchOptions<T>, stop: AbortSignal): Promise<void> {
    let failures = 0;
    options.onState?.('connecting');
    while (!stop.aborted) {
        try {
            await readOnce(options, stop, () => {
                failures = 0;
                options.onState?.('live');
            });
            if (options.finite) break;
        } catch (error) {
            if (!stop.aborted && hasCode(error, Code.Unauthenticated)) await options.onUnauthenticated?.();
            if (options.finite && hasCode(error, Code.NotFound)) break;
        }
        if (stop.aborted) return;
        options.onState?.('lost');
        const limit = Math.min(retryMaxMs, retryMinMs * 2 ** failures++);
        await pause(limit * (0.7 + Math.random() * 0.3), stop);
    }
    if (!stop.aborted) options.onEnd?.();
}

/** Follows a server stream and opens it again, with growing pauses, until the returned stop is called. */
export function watch<T>(options: WatchOptions<T>): () => void {
    const stop = new AbortController();
    void run(options, stop.signal);
    return () => stop.abort();
}
