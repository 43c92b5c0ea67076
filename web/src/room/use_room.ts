import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { wallStore } from '../actions/wall_store';
import { watch, type StreamState } from '../core/watch';
import type { WatchMetersResponse } from '../gen/prepay/metering/v1/metering_pb';
import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { accounts, metering, noTimeout } from '../session/clients';
import { session } from '../session/session';
import { useSite } from '../session/site';

/** The room and its account; asked again whenever the wall says that something about it changed. */
export function useRoom(roomId: string) {
    const queries = useQueryClient();
    const query = useQuery({ queryKey: ['room', roomId], queryFn: () => accounts.getRoom({ roomId }) });
    const onChange = useCallback(() => {
        void queries.invalidateQueries({ queryKey: ['room', roomId] });
        void queries.invalidateQueries({ queryKey: ['of-room', roomId] });
    }, [queries, roomId]);
    return { query, onChange };
}

/** What the wall says of the room, live. */
export function useWallRoom(roomId: string): WallRoom | undefined {
    const { site } = useSite();
    const store = wallStore(site.siteId);
    return useSyncExternalStore(store.subscribe, () => store.getView().rooms.get(roomId));
}

export interface LiveMeters {
    meters: ReadonlyMap<string, WatchMetersResponse>;
    stream: StreamState;
}

/** The newest values of some meters, as they are read. */
export function useLiveMeters(meterIds: readonly string[]): LiveMeters {
    const [meters, setMeters] = useState<ReadonlyMap<string, WatchMetersResponse>>(new Map());
    const [stream, setStream] = useState<StreamState>('connecting');
    const key = meterIds.join(',');
    useEffect(() => {
        if (key === '') return;
        return watch({
            open: (signal) => metering.watchMeters({ meterIds: key.split(',') }, { signal, ...noTimeout }),
            onMessage: (message) => setMeters((old) => new Map(old).set(message.meterId, message)),
            onState: setStream,
            onUnauthenticated: () => session.refresh().catch(() => undefined),
        });
    }, [key]);
    return { meters, stream };
}
