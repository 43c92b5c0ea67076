import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { TenantService, type WechatClientParameters } from '../gen/prepay/account/v1/account_pb';

const storageKey = 'openprepay.tenant';

/**
 * The tenant's token: taken from the fragment of the link, which never reaches a server or its logs,
 * kept for this tab, and removed from the address bar.
 */
export function takeToken(): string {
    const fromLink = new URLSearchParams(location.hash.slice(1)).get('t');
    if (fromLink) {
        sessionStorage.setItem(storageKey, fromLink);
        history.replaceState(null, '', location.pathname + location.search);
    }
    return sessionStorage.getItem(storageKey) ?? '';
}

export function forgetToken(): void {
    sessionStorage.removeItem(storageKey);
}

export function tenantClient(token: string) {
    const transport = createConnectTransport({
        baseUrl: '/',
        defaultTimeoutMs: 15_000,
        interceptors: [
            (next) => (request) => {
                request.header.set('authorization', `Bearer ${token}`);
                return next(request);
            },
        ],
    });
    return createClient(TenantService, transport);
}

export type TenantClient = ReturnType<typeof tenantClient>;

interface ClientConfig {
    provider_simulator_url: string | null;
}

/** Address of the simulated provider, or null where there is none. */
export async function simulatorUrl(): Promise<string | null> {
    const answer = await fetch('/client-config.json');
    return ((await answer.json()) as ClientConfig).provider_simulator_url;
}

/** The parameters by the names WeChat's bridge knows. */
export function bridgeParameters(wechat: WechatClientParameters) {
    return {
        appId: wechat.appId,
        timeStamp: wechat.timeStamp,
        nonceStr: wechat.nonceStr,
        package: wechat.package,
        signType: wechat.signType,
        paySign: wechat.paySign,
    };
}

/**
 * Who pays, as WeChat knows them: the official account's log-in adds `?openid=` to the page's
 * address. Outside WeChat only the simulated provider takes payments, and any name will do there.
 */
export function payerOpenid(): string {
    return new URLSearchParams(location.search).get('openid') ?? 'simulated-payer';
}

interface WeixinBridge {
    invoke(method: string, parameters: object, done: (answer: { err_msg: string }) => void): void;
}

declare global {
    interface Window {
        WeixinJSBridge?: WeixinBridge;
    }
}

/** Lets WeChat ask for the money. What it answers is no proof: only the ledger is. */
export function invokeWechat(bridge: WeixinBridge, wechat: WechatClientParameters): Promise<'cancelled' | 'maybe'> {
    return new Promise((resolve) => {
        bridge.invoke('getBrandWCPayRequest', bridgeParameters(wechat), (answer) =>
            resolve(answer.err_msg.endsWith(':cancel') ? 'cancelled' : 'maybe'),
        );
    });
}

/** Pays at the simulated provider as WeChat's own sheet would. */
export async function paySimulated(url: string, wechat: WechatClientParameters): Promise<void> {
    const answer = await fetch(`${url}/sim/pay`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(bridgeParameters(wechat)),
    });
    if (!answer.ok) throw new Error(`simulated provider: ${answer.status} ${await answer.text()}`);
}
