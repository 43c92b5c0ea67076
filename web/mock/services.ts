// The Connect endpoints over the pretended park. Development only.
import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect';
import { AccountService, AccountState, OrderKind, OrderSchema, OrderState, SuspenseOutcome, SuspenseSettlementSchema, TenantService, AccountSchema, FeeState, type Order } from '../src/gen/prepay/account/v1/account_pb';
import { AlarmService, ChannelKind, EpisodeSchema, EpisodeState, NotificationSchema, NotificationState } from '../src/gen/prepay/alarm/v1/alarm_pb';
import { ErrorDetailSchema, Permission, Resource } from '../src/gen/prepay/common/v1/common_pb';
import { AuthService, Role } from '../src/gen/prepay/console/v1/console_pb';
import { FrameDirection, MeteringService, MeterValuesSchema, ReadingSource, type Command } from '../src/gen/prepay/metering/v1/metering_pb';
import { ReportingService, RoomDaySchema, RoomHourSchema, WallState, type WallRoom } from '../src/gen/prepay/reporting/v1/reporting_pb';
import { addDays, instantOfLocal, timestamp } from '../src/core/time';
import { now, Park, randomSource, siteId, zone } from './park';
import { billingRoutes } from './billing';
import { anomalyRoutes, faultOf } from './anomalies';
import { schedulerRoutes } from './tasks';

export const park = new Park();
/** Orders at the simulated provider, waiting for the tenant's finger. */
export const unpaid = new Map<string, Order>();

const roles: Record<string, [Role, Permission[]]> = {
    viewer: [Role.VIEWER, [Permission.READ]],
    cashier: [Role.CASHIER, [Permission.READ, Permission.SELL]],
    operator: [Role.OPERATOR, [Permission.READ, Permission.SELL, Permission.CONTROL]],
    admin: [Role.ADMIN, [Permission.READ, Permission.SELL, Permission.CONTROL, Permission.MANAGE, Permission.OVERRIDE]],
};

export function fail(code: Code, reason: string, message: string): ConnectError {
    return new ConnectError(message, code, undefined, [{ desc: ErrorDetailSchema, value: create(ErrorDetailSchema, { reason }) }]);
}

export function page<T>(all: T[], size: number, token: string): { rows: T[]; nextPageToken: string } {
    const from = Number(token || 0);
    const to = from + (size || 100);
    return { rows: all.slice(from, to), nextPageToken: to < all.length ? String(to) : '' };
}

/** Pushed values as a stream that ends with the call. */
export async function* pushed<T>(context: HandlerContext, subscribe: (push: (value: T) => void) => () => void): AsyncGenerator<T> {
    const queue: T[] = [];
    let wake = () => {};
    const stop = subscribe((value) => { queue.push(value); wake(); });
    context.signal.addEventListener('abort', () => wake());
    try {
        while (!context.signal.aborted) {
            while (queue.length > 0) yield queue.shift()!;
            await new Promise<void>((resolve) => { wake = resolve; });
        }
    } finally {
        stop();
    }
}

function tokens(userName: string) {
    const [role] = roles[userName]!;
    return { accessToken: `${userName}.${Date.now()}`, refreshToken: `${userName}.${crypto.randomUUID()}`, expireTime: timestamp(Date.now() + 900_000), user: { userId: userName, userName, displayName: userName, role, enabled: true } };
}

function userOf(context: HandlerContext): string {
    const name = /^Bearer (\w+)\./.exec(context.requestHeader.get('authorization') ?? '')?.[1] ?? '';
    if (!roles[name]) throw fail(Code.Unauthenticated, 'UNAUTHENTICATED', 'no token');
    return name;
}

const loggedOut = new Set<string>();
/** Users that somebody tried in vain, with when. */
const paused = new Map<string, number>([['operator', Date.now()], ['cashier', Date.now() - 600_000]]);
const pauseMs = 300_000;

function pauses() {
    return [...paused].map(([userName, since]) => ({
        user: tokens(userName).user,
        failureCount: 12,
        lastFailureTime: timestamp(since),
        pauseEndTime: since + pauseMs > Date.now() ? timestamp(since + pauseMs) : undefined,
        addresses: [{ clientAddress: '203.0.113.7', failureCount: 12, lastFailureTime: timestamp(since), addressFailureCount: 24, addressPauseEndTime: since + pauseMs > Date.now() ? timestamp(since + pauseMs) : undefined }],
    }));
}


function authRoutes(router: ConnectRouter): void {
    router.service(AuthService, {
        logIn: ({ userName, password }) => {
            if (!roles[userName] || password !== 'demo') throw fail(Code.Unauthenticated, 'WRONG_PASSWORD', 'wrong');
            return tokens(userName);
        },
        refresh: ({ refreshToken }) => {
            if (loggedOut.has(refreshToken)) throw fail(Code.Unauthenticated, 'SESSION_ENDED', 'logged out');
            return tokens(refreshToken.split('.')[0]!);
        },
        logOut: ({ refreshToken }) => { loggedOut.add(refreshToken); return {}; },
        getMe: (_, context) => ({ user: tokens(userOf(context)).user, permissions: roles[userOf(context)]![1] }),
        listLogInPauses: (_, context) => {
            if (!roles[userOf(context)]![1].includes(Permission.MANAGE)) throw fail(Code.PermissionDenied, 'PERMISSION_DENIED', 'not yours');
            return { pauses: pauses() };
        },
        unlockUser: ({ userName }) => { paused.delete(userName); return {}; },
        createTenantLink: ({ accountId }) => ({ path: `/m/#t=tenant.${accountId}`, token: `tenant.${accountId}`, expireTime: timestamp(Date.now() + 90 * 86_400_000) }),
    });
}

const account = (id: string) => {
    const found = park.accounts.get(id);
    if (!found) throw fail(Code.NotFound, 'ACCOUNT_NOT_FOUND', `no account ${id}`);
    return found;
};

function accountRoutes(router: ConnectRouter): void {
    const done = new Map<string, Order>();
    const once = (requestId: string, make: () => Order) => {
        const order = done.get(requestId) ?? make();
        done.set(requestId, order);
        return order;
    };
    router.service(AccountService, {
        listSites: () => ({ sites: [{ siteId, displayName: '东湖科技园', timeZone: zone }] }),
        listRooms: (r) => { const p = page([...park.rooms.values()], r.pageSize, r.pageToken); return { rooms: p.rows, nextPageToken: p.nextPageToken }; },
        getRoom: ({ roomId }) => {
            const room = park.rooms.get(roomId);
            if (!room) throw fail(Code.NotFound, 'ROOM_NOT_FOUND', 'no room');
            return { room, account: park.accounts.get(room.accountId) };
        },
        getAccount: ({ accountId }) => ({ account: account(accountId) }),
        listAccounts: (r) => {
            const q = r.query.toLowerCase();
            const hits = [...park.accounts.values()].filter((a) => [park.rooms.get(a.roomIds[0]!)?.displayName, a.customer?.displayName, a.customer?.phone, ...a.meterIds].some((t) => t?.toLowerCase().includes(q)));
            const p = page(hits, r.pageSize, r.pageToken);
            return { accounts: p.rows, nextPageToken: p.nextPageToken };
        },
        topUp: (r, context) => {
            const user = userOf(context);
            return { order: once(r.requestId, () => park.post(account(r.accountId), r.amountMicros, 'top-up', OrderKind.CASH_TOP_UP, user)), account: account(r.accountId) };
        },
        refund: (r, context) => {
            const user = userOf(context);
            return { order: once(r.requestId, () => park.post(account(r.accountId), -r.amountMicros, 'refund', OrderKind.CASH_REFUND, user)), account: account(r.accountId) };
        },
        listSuspense: (r) => ({ items: park.suspense.filter((i) => r.includeSettled || !i.settlement) }),
        settleSuspense: (r, context) => {
            const user = userOf(context);
            const item = park.suspense.find((i) => i.providerTransactionId === r.providerTransactionId);
            if (!item) throw fail(Code.NotFound, 'SUSPENSE_NOT_FOUND', 'no item');
            const credit = r.outcome === SuspenseOutcome.CREDIT_ACCOUNT;
            const paid = credit ? account(r.accountId || item.accountId) : undefined;
            if (item.settlement && !done.has(r.requestId)) throw fail(Code.FailedPrecondition, 'SUSPENSE_SETTLED', 'settled');
            const order = paid && once(r.requestId, () => park.post(paid, item.amountMicros, 'top-up', OrderKind.WECHAT_TOP_UP, user));
            if (order) order.providerTransactionId = item.providerTransactionId;
            item.settlement = create(SuspenseSettlementSchema, { outcome: r.outcome, accountId: paid?.accountId, orderId: order?.orderId, settleTime: now(), settleUser: user, note: r.note });
            return { item, order, account: paid };
        },
        openAccount: (r) => {
            const room = park.rooms.get(r.roomId)!;
            const accountId = `a-${r.roomId.slice(5)}`;
            park.accounts.set(accountId, create(AccountSchema, { accountId, siteId, state: AccountState.OPEN, customer: r.customer, alarmLevels: { level1Micros: 50_000_000n, level2Micros: 20_000_000n, level3Micros: 5_000_000n }, feeState: FeeState.NORMAL, roomIds: [r.roomId], meterIds: room.meterIds, openTime: now(), balanceMicros: r.firstTopUpMicros }));
            park.postings.set(accountId, []);
            room.accountId = accountId;
            park.touch(r.roomId, { accountId, customerName: r.customer?.displayName ?? '', state: WallState.NORMAL, balanceMicros: r.firstTopUpMicros });
            return { account: account(accountId) };
        },
        closeAccount: (r) => {
            const a = account(r.accountId);
            a.state = AccountState.CLOSED;
            for (const id of a.roomIds) { park.rooms.get(id)!.accountId = ''; park.touch(id, { accountId: '', customerName: '', state: WallState.VACANT, balanceMicros: 0n }); }
            return { account: a };
        },
        setAlarmLevels: (r) => { const a = account(r.accountId); a.alarmLevels = r.alarmLevels; return { account: a }; },
        setKeepPower: (r) => { const a = account(r.accountId); a.keepPower = r.keepPower; for (const id of a.roomIds) park.touch(id, { keepPower: r.keepPower }); return { account: a }; },
        listOrders: (r) => ({ orders: park.orders.filter((o) => o.accountId === r.accountId) }),
        listPostings: (r) => { const p = page(park.postings.get(r.accountId) ?? [], r.pageSize, r.pageToken); return { postings: p.rows, nextPageToken: p.nextPageToken }; },
        listSwitchIntents: (r) => ({ intents: park.intents.filter((i) => i.accountId === r.accountId) }),
    });
    const tenant = (context: HandlerContext) => {
        const id = /^Bearer tenant\.(.+)/.exec(context.requestHeader.get('authorization') ?? '')?.[1];
        if (!id || !park.accounts.has(id)) throw fail(Code.Unauthenticated, 'TOKEN_INVALID', 'no token');
        return account(id);
    };
    router.service(TenantService, {
        getOverview: (_, context) => { const a = tenant(context); return { account: a, rooms: a.roomIds.map((id) => park.rooms.get(id)!), siteName: '东湖科技园', timeZone: zone }; },
        createPayment: (r, context) => {
            const order = create(OrderSchema, { orderId: r.requestId.replace(/-/g, ''), accountId: tenant(context).accountId, kind: OrderKind.WECHAT_TOP_UP, state: OrderState.PENDING, amountMicros: r.amountMicros, createTime: now() });
            unpaid.set(order.orderId, unpaid.get(order.orderId) ?? order);
            return { order, wechat: { appId: 'wx0', timeStamp: '1', nonceStr: 'n', package: `prepay_id=${order.orderId}`, signType: 'RSA', paySign: 'mock' } };
        },
        getPayment: (r) => {
            const order = unpaid.get(r.orderId);
            if (!order) throw fail(Code.NotFound, 'ORDER_NOT_FOUND', 'no order');
            return { order, account: account(order.accountId) };
        },
        listHistory: (r, context) => {
            const all = park.postings.get(tenant(context).accountId) ?? [];
            const p = page(r.withoutCharges ? all.filter((one) => one.kind !== 'charge' && one.kind !== 'reversal') : all, r.pageSize, r.pageToken);
            return { postings: p.rows, nextPageToken: p.nextPageToken };
        },
        getDailyUse: (r, context) => ({ days: park.dailyUse(tenant(context).accountId, r.dayCount || 14) }),
    });
}

/** The newest values of a meter, with why its register is not taken. */
function marked(meterId: string) {
    const latest = park.meters.get(meterId)?.latest;
    return latest && create(MeterValuesSchema, { ...latest, registerFault: faultOf(meterId) });
}

/** What a meter did: nothing wrong, but for one that refuses a block and is silent at times. */
function diagnostics(meterId: string) {
    if (meterId !== 'm-0005') return { meterId, goodCount: 1n };
    const frame = (direction: FrameDirection, hex: string) => ({ frameTime: now(), direction, data: Uint8Array.from(hex.split(' '), (h) => parseInt(h, 16)), attemptNumber: 1 });
    return {
        meterId, goodCount: 4711n, lastErrorKind: 'METER_EXCEPTION', lastErrorText: 'exception 2 for 2 registers from 0x1000', lastErrorTime: now(),
        errors: [{ kind: 'METER_EXCEPTION', count: 12n }, { kind: 'METER_SILENT', count: 3n }],
        refusedBlocks: [{ register: 0x1000, registerCount: 2, exceptionCode: 2 }],
        frames: [frame(FrameDirection.SENT, '05 03 10 00 00 02 C1 4F'), frame(FrameDirection.RECEIVED, '05 83 02 C1 31')],
    };
}

function meteringRoutes(router: ConnectRouter): void {
    router.service(MeteringService, {
        ...anomalyRoutes(userOf),
        listHolds: (r) => {
            const all = park.held().filter((m) => (!r.holder || m.hold?.holder === r.holder) && (!r.meterId || m.meterId === r.meterId));
            const p = page(all, r.pageSize, r.pageToken);
            return { meters: p.rows, nextPageToken: p.nextPageToken };
        },
        getMeterDiagnostics: (r) => diagnostics(r.meterId),
        listMeters: (r) => ({ meters: r.meterIds.flatMap((id) => park.meters.get(id) ?? []) }),
        watchMeters: async function* (r, context) {
            for (const id of r.meterIds) yield { meterId: id, online: park.meters.get(id)?.online ?? false, values: marked(id) };
            yield* pushed(context, (push) => {
                const timer = setInterval(() => {
                    for (const id of r.meterIds) {
                        const meter = park.meters.get(id);
                        if (!meter?.online || !meter.latest || meter.resource === Resource.WATER) continue;
                        const open = meter.latest.powerW === 0n;
                        meter.latest = park.values(meter.latest.registerTotal + (open ? 0n : 10n), open, meter.latest.voltageMv.length > 1);
                        push({ meterId: id, online: true, values: marked(id) });
                    }
                }, 3_000);
                return () => clearInterval(timer);
            });
        },
        submitCommand: (r, context) => ({ command: park.submit(r.requestId, r.meterId, r.action, r.reasonText, `user:${userOf(context)}`, r.overrideKeepPower) }),
        listCommands: (r) => ({ commands: [...park.commands.values()].filter((c) => c.meterId === r.meterId).reverse() }),
        getCommand: (r) => ({ command: park.commands.get(r.commandId) }),
        watchCommand: async function* (r, context) {
            const command = park.commands.get(r.commandId);
            if (!command) throw fail(Code.NotFound, 'NOT_FOUND', 'no command');
            yield { command };
            if (command.state >= 3) return;
            for await (const next of pushed<Command>(context, (push) => park.onCommand((c) => c.commandId === r.commandId && push(c)))) {
                yield { command: next };
                if (next.state >= 3) return;
            }
        },
        listReadings: (r) => ({ readings: (r.meterId.startsWith('w') ? [[11n, r.startTime!, 20_493_000n] as const, [12n, r.endTime!, 20_613_000n] as const] : [[11n, r.startTime!, 5_000_000n] as const, [12n, r.endTime!, 5_001_250n] as const]).map(([readingId, time, registerTotal]) => ({ meterId: r.meterId, readingId, readTime: time, slotTime: time, registerTotal, source: ReadingSource.POLL })) }),
    });
}

function reportingRoutes(router: ConnectRouter): void {
    const day = (room: WallRoom, localDate: string) => {
        const random = randomSource([...(room.roomId + localDate)].reduce((sum, c) => sum * 31 + c.charCodeAt(0), 7));
        const rates = [0n, 900n, 2700n, 3300n, 1800n, 300n].map((base) => (base * BigInt(60 + Math.floor(random() * 80))) / 100n);
        const energyWh = rates.reduce((sum, wh) => sum + wh, 0n);
        return create(RoomDaySchema, { roomId: room.roomId, roomName: room.displayName, localDate, energyWh, amountMicros: energyWh * 528n + 300n, rateEnergyWh: rates, waterMl: room.waterTodayMl ?? 0n });
    };
    const days = (r: { roomId: string; startDate: string; endDate: string }) => {
        const rooms = [...park.wall.values()].filter((room) => !r.roomId || room.roomId === r.roomId);
        const list = [];
        for (let date = r.startDate; date < r.endDate; date = addDays(date, 1)) for (const room of rooms) list.push(day(room, date));
        return list;
    };
    router.service(ReportingService, {
        watchWall: async function* (_, context) {
            const rooms = [...park.wall.values()];
            for (let i = 0; i < rooms.length; i += 250) yield { snapshot: true, rooms: rooms.slice(i, i + 250), serverTime: now() };
            yield* pushed(context, (push) => {
                let changed = new Map<string, WallRoom>();
                const off = park.onWall((room) => changed.set(room.roomId, room));
                const timer = setInterval(() => { push({ snapshot: false, rooms: [...changed.values()], serverTime: now() }); changed = new Map(); }, 1_000);
                return () => { off(); clearInterval(timer); };
            });
        },
        listRoomHours: (r) => {
            const start = instantOfLocal(r.localDate, zone);
            const random = randomSource(start / 1000);
            const hours = Array.from({ length: 24 }, (_, h) => start + h * 3_600_000).filter((ms) => ms <= Date.now());
            return { hours: hours.map((ms, h) => { const wh = BigInt(Math.floor((120 + 900 * Math.exp(-((h - 19) ** 2) / 12) + 350 * Math.exp(-((h - 11) ** 2) / 14)) * (0.7 + random() * 0.6))); return create(RoomHourSchema, { startTime: timestamp(ms), energyWh: wh, amountMicros: wh * 528n, waterMl: park.wall.get(r.roomId)?.waterTodayMl === undefined ? 0n : BigInt(h) * 1_500n + 250n }); }) };
        },
        listRoomDays: (r) => {
            const all = days(r);
            const p = page(all, r.pageSize, r.pageToken);
            const total = create(RoomDaySchema, { rateEnergyWh: [0n, 0n, 0n, 0n, 0n, 0n] });
            for (const d of all) { total.energyWh += d.energyWh; total.waterMl += d.waterMl; total.amountMicros += d.amountMicros; d.rateEnergyWh.forEach((wh, i) => { total.rateEnergyWh[i] = (total.rateEnergyWh[i] ?? 0n) + wh; }); }
            return { days: p.rows, nextPageToken: p.nextPageToken, total };
        },
        exportRoomDays: async function* (r) {
            const lines = days(r).map((d) => `${d.localDate},${d.roomName},${d.energyWh},${d.amountMicros}\r\n`);
            yield { data: new TextEncoder().encode('\ufeffdate,room,energy_wh,amount_micros\r\n' + lines.join('')) };
        },
    });
}

function alarmRoutes(router: ConnectRouter): void {
    const low = () => [...park.accounts.values()].filter((a) => a.feeState !== FeeState.NORMAL);
    const level = (fee: FeeState) => Math.min(4, fee - 1);
    router.service(AlarmService, {
        listEpisodes: (r) => ({ episodes: low().filter((a) => !r.accountId || a.accountId === r.accountId).map((a, i) => create(EpisodeSchema, { episodeId: a.accountId, accountId: a.accountId, level: level(a.feeState), state: i % 5 ? EpisodeState.OPEN : EpisodeState.ENDED, startTime: timestamp(Date.now() - (i + 1) * 7_000_000), endTime: i % 5 ? undefined : now(), balanceMicros: a.balanceMicros, customerName: a.customer?.displayName ?? '', notificationCount: 2 })).filter((e) => !r.openOnly || e.state === EpisodeState.OPEN) }),
        listNotifications: (r) => ({ notifications: low().filter((a) => !r.accountId || a.accountId === r.accountId).map((a, i) => create(NotificationSchema, { notificationId: a.accountId, accountId: a.accountId, level: level(a.feeState), channelKind: i % 3 ? ChannelKind.EMAIL : ChannelKind.WEBHOOK, recipient: i % 3 ? a.customer!.email : 'https://hooks.example.org/park', state: i % 11 === 5 ? NotificationState.FAILED : i % 17 === 3 ? NotificationState.UNKNOWN : NotificationState.SENT, subject: `余额提醒：${a.customer?.displayName}`, body: '请及时充值', createTime: timestamp(Date.now() - i * 3_600_000), attemptCount: i % 11 === 5 ? 5 : 1, failureReason: i % 11 === 5 ? 'SMTP_UNAVAILABLE' : '' })) }),
    });
}

export function routes(router: ConnectRouter): void {
    authRoutes(router);
    accountRoutes(router);
    meteringRoutes(router);
    reportingRoutes(router);
    alarmRoutes(router);
    billingRoutes(router);
    schedulerRoutes(router, park);
}

