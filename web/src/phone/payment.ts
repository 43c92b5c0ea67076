import { Code } from '@connectrpc/connect';
import { hasCode, toFailure, type Failure } from '../core/errors';
import { newRequestId } from '../core/request_id';
import { create } from '@bufbuild/protobuf';
import { OrderSchema, OrderState, type CreatePaymentResponse, type Order, type WechatClientParameters } from '../gen/prepay/account/v1/account_pb';
import { invokeWechat, payerOpenid, paySimulated, simulatorUrl, type TenantClient } from './tenant';

/**
 * Where a payment stands. `unsure` = the connection is lost and the money may or may not be on its
 * way; the page keeps asking and says so.
 */
export type Payment =
    | { kind: 'none' }
    | { kind: 'creating' }
    | { kind: 'create-failed'; failure: Failure }
    | { kind: 'sheet'; order: Order; wechat: WechatClientParameters; url: string }
    | { kind: 'no-wechat'; order: Order }
    | { kind: 'checking'; order: Order; unsure: boolean; slow: boolean }
    | { kind: 'credited'; order: Order }
    | { kind: 'ended'; order: Order };

const storageKey = 'openprepay.payment';
const pollEveryMs = 1_200;
const slowAfterMs = 20_000;

/** The order that money may be on its way for; kept for a reload of the page. */
interface Underway {
    orderId: string;
    amountMicros: bigint;
}

function readUnderway(): Underway | null {
    const [orderId, amount] = (sessionStorage.getItem(storageKey) ?? '').split(' ');
    return orderId && amount && /^\d+$/.test(amount) ? { orderId, amountMicros: BigInt(amount) } : null;
}

function writeUnderway(order: Order): void {
    sessionStorage.setItem(storageKey, `${order.orderId} ${order.amountMicros}`);
}

function pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms));
}

/** One payment from the order to the ledger. It survives a lost connection and a reload of the page. */
export class PaymentFlow {
    private payment: Payment = { kind: 'none' };
    private action = { amount: 0n, requestId: '' };
    private readonly listeners = new Set<() => void>();
    private round = 0;

    constructor(
        private readonly client: TenantClient,
        private readonly onCredited: () => void,
    ) {
        const underway = readUnderway();
        // Said before the first answer: whoever opens the page without a connection must not pay twice.
        if (underway) void this.follow(create(OrderSchema, { ...underway, state: OrderState.PENDING }));
    }

    readonly get = (): Payment => this.payment;

    readonly subscribe = (listener: () => void): (() => void) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    };

    /** Orders and opens WeChat. Repeating it after a lost answer never makes a second order. */
    async pay(amountMicros: bigint): Promise<void> {
        if (this.action.amount !== amountMicros || this.payment.kind === 'credited' || this.payment.kind === 'ended')
            this.action = { amount: amountMicros, requestId: newRequestId() };
        this.set({ kind: 'creating' });
        let answer: CreatePaymentResponse;
        try {
            answer = await this.client.createPayment({ requestId: this.action.requestId, amountMicros, openid: payerOpenid() });
        } catch (error) {
            this.set({ kind: 'create-failed', failure: toFailure(error) });
            return;
        }
        const { order, wechat } = answer;
        if (!order || !wechat) return;
        await this.askForMoney(order, wechat);
    }

    private async askForMoney(order: Order, wechat: WechatClientParameters): Promise<void> {
        if (window.WeixinJSBridge) {
            writeUnderway(order);
            if ((await invokeWechat(window.WeixinJSBridge, wechat)) === 'cancelled') return this.dismiss();
            return this.follow(order);
        }
        const url = await simulatorUrl().catch(() => null);
        this.set(url ? { kind: 'sheet', order, wechat, url } : { kind: 'no-wechat', order });
    }

    /** The tenant agreed on the simulated sheet. */
    async confirmSheet(): Promise<void> {
        if (this.payment.kind !== 'sheet') return;
        const { order, wechat, url } = this.payment;
        writeUnderway(order);
        this.set({ kind: 'checking', order, unsure: false, slow: false });
        // A lost answer says nothing about the money: the order is asked in any case.
        const reached = await paySimulated(url, wechat).then(() => true, () => false);
        await this.follow(order, !reached);
    }

    dismiss(): void {
        this.round++;
        sessionStorage.removeItem(storageKey);
        this.action = { amount: 0n, requestId: '' };
        this.set({ kind: 'none' });
    }

    /** Asks until an answer comes; null when somebody else took over or the order is unknown. */
    private async ask(orderId: string, round: number): Promise<Order | null> {
        while (round === this.round) {
            try {
                return (await this.client.getPayment({ orderId })).order ?? null;
            } catch (error) {
                if (hasCode(error, Code.NotFound) || hasCode(error, Code.Unauthenticated)) {
                    this.dismiss();
                    return null;
                }
                if (this.payment.kind === 'checking') this.set({ ...this.payment, unsure: true });
                await pause(pollEveryMs);
            }
        }
        return null;
    }

    private async follow(order: Order, unsure = false): Promise<void> {
        const round = ++this.round;
        const begun = Date.now();
        this.set({ kind: 'checking', order, unsure, slow: false });
        while (round === this.round) {
            const now = await this.ask(order.orderId, round);
            if (!now || round !== this.round) return;
            if (now.state !== OrderState.PENDING) return this.settle(now);
            this.set({ kind: 'checking', order: now, unsure: false, slow: Date.now() - begun > slowAfterMs });
            await pause(pollEveryMs);
        }
    }

    private settle(order: Order): void {
        sessionStorage.removeItem(storageKey);
        const credited = order.state === OrderState.CREDITED;
        this.set({ kind: credited ? 'credited' : 'ended', order });
        if (credited) this.onCredited();
    }

    private set(payment: Payment): void {
        this.payment = payment;
        for (const listener of this.listeners) listener();
    }
}
