import { useEffect, useState } from 'react';
import { watch, type StreamState } from '../core/watch';
import { CommandState, type Command } from '../gen/prepay/metering/v1/metering_pb';
import { metering, noTimeout } from '../session/clients';
import { session } from '../session/session';

export function isFinal(state: CommandState): boolean {
    return state >= CommandState.VERIFIED;
}

/** A command as it goes, until it is final; `null` = the gateway does not know it (yet). */
export function useCommand(commandId: string, first?: Command): { command: Command | null; stream: StreamState } {
    const [command, setCommand] = useState<Command | null>(first ?? null);
    const [stream, setStream] = useState<StreamState>('connecting');
    useEffect(
        () =>
            watch({
                open: (signal) => metering.watchCommand({ commandId }, { signal, ...noTimeout }),
                onMessage: (message) => setCommand(message.command ?? null),
                onState: setStream,
                onUnauthenticated: () => session.refresh().catch(() => undefined),
                finite: true,
            }),
        [commandId],
    );
    return { command, stream };
}
