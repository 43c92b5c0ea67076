import { useSyncExternalStore } from 'react';
import { Permission } from '../gen/prepay/common/v1/common_pb';
import { session, type SessionState } from './session';

export { Permission };

export function useSession(): SessionState {
    return useSyncExternalStore(session.subscribe, session.getState);
}

/** Whether the logged-in role holds a permission. What it may not do is not shown at all. */
export function useMay(permission: Permission): boolean {
    const state = useSession();
    return state.kind === 'signed-in' && state.permissions.has(permission);
}
