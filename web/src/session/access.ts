import { useSyncExternalStore } from 'react';
import { Permission } from '../gen/prepay/common/v1/common_pb';
import { session, type SessionState } from './session';

export { Permission };

const none: ReadonlySet<Permission> = new Set();

export function useSession(): SessionState {
    return useSyncExternalStore(session.subscribe, session.getState);
}

/** The permissions of the logged-in role. What it may not do is not shown at all. */
export function usePermissions(): ReadonlySet<Permission> {
    const state = useSession();
    return state.kind === 'signed-in' ? state.permissions : none;
}

export function useMay(permission: Permission): boolean {
    return usePermissions().has(permission);
}
