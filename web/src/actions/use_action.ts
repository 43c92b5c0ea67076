import { useCallback, useRef, useState } from 'react';
import { toFailure, type Failure } from '../core/errors';
import { newRequestId } from '../core/request_id';

export type ActionPhase<R> =
    | { kind: 'asking' }
    | { kind: 'running' }
    | { kind: 'failed'; failure: Failure }
    | { kind: 'done'; result: R };

/**
 * One action of a user. The request id stays the same for the same content, so that a retry after a
 * lost answer can never act twice; other content is another action with another id.
 */
export function useAction<R>(run: (requestId: string) => Promise<R>, content: string) {
    const [phase, setPhase] = useState<ActionPhase<R>>({ kind: 'asking' });
    const key = useRef({ content, requestId: newRequestId() });
    const start = useCallback(async () => {
        if (key.current.content !== content) key.current = { content, requestId: newRequestId() };
        setPhase({ kind: 'running' });
        try {
            setPhase({ kind: 'done', result: await run(key.current.requestId) });
        } catch (error) {
            setPhase({ kind: 'failed', failure: toFailure(error) });
        }
    }, [run, content]);
    return { phase, start };
}

/** While the outcome is unknown the input must not change: only the same action may be tried again. */
export function isLocked<R>(phase: ActionPhase<R>): boolean {
    return phase.kind === 'running' || phase.kind === 'done' || (phase.kind === 'failed' && phase.failure.inDoubt);
}
