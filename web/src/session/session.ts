import { Code, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { hasCode } from '../core/errors';
import { millis } from '../core/time';
import type { Permission } from '../gen/prepay/common/v1/common_pb';
import { AuthService, type LogInResponse, type RefreshResponse, type User } from '../gen/prepay/console/v1/console_pb';

export type SessionState =
    | { kind: 'starting' }
    | { kind: 'signed-out' }
    | { kind: 'signed-in'; user: User; permissions: ReadonlySet<Permission> };

const storageKey = 'openprepay.refresh';
const refreshAheadMs = 30_000;

/**
 * Who is logged in. The access token lives in memory only; the refresh token, good for one use, in
 * sessionStorage so that a reload keeps the session and a closed tab ends it.
 */
export class Session {
    private state: SessionState = { kind: 'starting' };
    private accessToken = '';
    private expireMs = 0;
    private refreshing: Promise<void> | null = null;
    private readonly listeners = new Set<() => void>();
    private readonly auth;

    constructor(publicTransport: Transport) {
        this.auth = createClient(AuthService, publicTransport);
    }

    readonly subscribe = (listener: () => void): (() => void) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    };

    readonly getState = (): SessionState => this.state;

    async logIn(userName: string, password: string): Promise<void> {
        await this.accept(await this.auth.logIn({ userName, password }));
    }

    async logOut(): Promise<void> {
        const refreshToken = sessionStorage.getItem(storageKey);
        this.end();
        if (refreshToken) await this.auth.logOut({ refreshToken }).catch(() => undefined);
    }

    /** Takes up the session of an earlier page load, if there is one. */
    async resume(): Promise<void> {
        if (sessionStorage.getItem(storageKey)) await this.refresh().catch(() => undefined);
        if (this.state.kind === 'starting') this.set({ kind: 'signed-out' });
    }

    /** A token that is good for at least a little while, or '' when nobody is logged in. */
    async token(): Promise<string> {
        if (this.accessToken && Date.now() > this.expireMs - refreshAheadMs) await this.refresh();
        return this.accessToken;
    }

    /** New tokens for the refresh token; one request however many calls wait for it. */
    refresh(): Promise<void> {
        this.refreshing ??= this.doRefresh().finally(() => {
            this.refreshing = null;
        });
        return this.refreshing;
    }

    private async doRefresh(): Promise<void> {
        const refreshToken = sessionStorage.getItem(storageKey);
        if (!refreshToken) return this.end();
        try {
            await this.accept(await this.auth.refresh({ refreshToken }));
        } catch (error) {
            // Only a refusal ends the session; an unreachable console is tried again by the next call.
            const refused = [Code.Unauthenticated, Code.PermissionDenied, Code.NotFound, Code.InvalidArgument];
            if (refused.some((code) => hasCode(error, code))) this.end();
            throw error;
        }
    }

    private async accept(answer: LogInResponse | RefreshResponse): Promise<void> {
        this.accessToken = answer.accessToken;
        this.expireMs = answer.expireTime ? millis(answer.expireTime) : 0;
        sessionStorage.setItem(storageKey, answer.refreshToken);
        if (this.state.kind === 'signed-in') return;
        const headers = { authorization: `Bearer ${this.accessToken}` };
        const me = await this.auth.getMe({}, { headers });
        const user = me.user ?? answer.user;
        if (user) this.set({ kind: 'signed-in', user, permissions: new Set(me.permissions) });
    }

    private end(): void {
        sessionStorage.removeItem(storageKey);
        this.accessToken = '';
        this.set({ kind: 'signed-out' });
    }

    private set(state: SessionState): void {
        this.state = state;
        for (const listener of this.listeners) listener();
    }
}

/** Adds the token to each call; a refused token is renewed once and the call repeated. */
function withToken(session: Session): Interceptor {
    return (next) => async (request) => {
        request.header.set('authorization', `Bearer ${await session.token()}`);
        try {
            return await next(request);
        } catch (error) {
            if (request.stream || !hasCode(error, Code.Unauthenticated)) throw error;
            await session.refresh();
            request.header.set('authorization', `Bearer ${await session.token()}`);
            return next(request);
        }
    };
}

export const session = new Session(createConnectTransport({ baseUrl: '/' }));

export const transport = createConnectTransport({
    baseUrl: '/',
    defaultTimeoutMs: 20_000,
    interceptors: [withToken(session)],
});
