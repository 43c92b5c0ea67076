// The state of a pretended park of 1,000 rooms. Development only.
import { create } from '@bufbuild/protobuf';
import { AccountSchema, AccountState, FeeState, OrderKind, OrderSchema, OrderState, PostingSchema, RoomSchema, SwitchAction, SwitchIntentSchema, SwitchIntentState, SuspenseItemSchema, type Account, type Order, type Posting, type Room, type SuspenseItem, type SwitchIntent } from '../src/gen/prepay/account/v1/account_pb';
import { Resource } from '../src/gen/prepay/common/v1/common_pb';
import { type Command, CommandAction, CommandSchema, CommandState, FrameDirection, type HeldMeter, HeldMeterSchema, type Hold, Holder, HoldSchema, type Meter, MeterSchema, type MeterValues, MeterValuesSchema, RelayState } from '../src/gen/prepay/metering/v1/metering_pb';
import { WallRoomSchema, WallState, type WallRoom } from '../src/gen/prepay/reporting/v1/reporting_pb';
import { addDays, formatDate, millis, timestamp } from '../src/core/time';

const names = ['陈明', '李娜', '王磊', '张伟', '刘洋', '赵静', '周强', '吴敏', '孙浩', '郑洁', 'Maria Chen', 'Liu & Co'];
const buildings = ['A 研发楼', 'B 公寓楼', 'C 商铺', 'D 厂房'];
const floors = 10;
const roomsPerFloor = 25;
export const zone = 'Asia/Shanghai';
export const siteId = 'park-1';

/** Reproducible pseudo-random numbers, so that every run shows the same park. */
export function randomSource(seed: number): () => number {
    let state = seed >>> 0;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 2 ** 32;
    };
}

const random = randomSource(20261122);
export const now = () => timestamp(Date.now());
const between = (low: number, high: number) => low + Math.floor(random() * (high - low));

export class Park {
    readonly rooms = new Map<string, Room>();
    readonly accounts = new Map<string, Account>();
    readonly meters = new Map<string, Meter>();
    readonly wall = new Map<string, WallRoom>();
    readonly postings = new Map<string, Posting[]>();
    readonly orders: Order[] = [];
    readonly commands = new Map<string, Command>();
    readonly intents: SwitchIntent[] = [];
    readonly suspense: SuspenseItem[] = [];
    private postingCount = 1000n;
    private readonly listeners = new Set<(room: WallRoom) => void>();
    private readonly commandListeners = new Set<(command: Command) => void>();

    constructor() {
        let count = 0;
        buildings.forEach((building, b) => {
            for (let floor = 1; floor <= floors; floor++)
                for (let n = 1; n <= roomsPerFloor; n++) this.addRoom(++count, building, b, floor, n);
        });
        [...this.accounts.keys()].slice(0, 4).forEach((accountId, i) => {
            const orderId = `01a20621ba5b7207bd1841ac3bb948a${i}`;
            this.suspense.push(create(SuspenseItemSchema, { providerTransactionId: `420000227420261122000000000${i}`, siteId, orderId, accountId, amountMicros: [49_990_000n, 50_000_000n][i % 2], reason: ['WRONG_AMOUNT', 'ORDER_PAID_TWICE'][i % 2], receiveTime: timestamp(Date.now() - (i + 1) * 3_600_000) }));
        });
    }

    onWall(listener: (room: WallRoom) => void): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    onCommand(listener: (command: Command) => void): () => void {
        this.commandListeners.add(listener);
        return () => this.commandListeners.delete(listener);
    }

    private addRoom(count: number, building: string, b: number, floor: number, n: number): void {
        const roomId = `room-${String(count).padStart(4, '0')}`;
        const meterId = `m-${String(count).padStart(4, '0')}`;
        const displayName = `${'ABCD'[b]}-${floor}${String(n).padStart(2, '0')}`;
        const state = this.drawState(count);
        const owned = state !== WallState.VACANT;
        const accountId = owned ? `a-${String(count).padStart(4, '0')}` : '';
        const name = owned ? names[count % names.length]! : '';
        this.rooms.set(roomId, create(RoomSchema, { roomId, siteId, building, floor: String(floor), displayName, meterIds: [meterId], accountId, customerName: name }));
        this.meters.set(meterId, this.makeMeter(meterId, count, state));
        const meterIds = [meterId, ...this.addWater(count)];
        this.rooms.get(roomId)!.meterIds = meterIds;
        if (owned) this.addAccount(accountId, roomId, meterId, name, count, state);
        const account = this.accounts.get(accountId);
        this.wall.set(roomId, create(WallRoomSchema, {
            roomId, siteId, building, floor: String(floor), displayName, state, keepPower: account?.keepPower ?? false, online: state !== WallState.LOST,
            relay: this.meters.get(meterId)!.latest!.relay, accountId, customerName: name, balanceMicros: account?.balanceMicros ?? 0n,
            energyTodayWh: BigInt(between(100, 14_000)), amountTodayMicros: BigInt(between(60_000, 9_000_000)), powerW: this.meters.get(meterId)!.latest!.powerW,
            readTime: now(), meterIds, waterTodayMl: meterIds.length > 1 ? 203_000n : undefined, feeState: account?.feeState ?? FeeState.NORMAL,
        }));
        this.wall.get(roomId)!.holds = this.holdsOf(this.wall.get(roomId)!);
    }

    /** Room 3 has a water meter, too. Draws no number: every other room stays as it is. */
    private addWater(count: number): string[] {
        if (count !== 3) return [];
        const meterId = 'w-0003';
        const latest = create(MeterValuesSchema, { readTime: now(), registerTotal: 20_613_000n, relay: RelayState.CLOSED });
        this.meters.set(meterId, create(MeterSchema, { meterId, lineId: 'line-40', unitId: 3, driverPack: 'generic-water-valve', resource: Resource.WATER, enabled: true, online: true, lastGoodTime: now(), latest }));
        return [meterId];
    }

    private drawState(count: number): WallState {
        if (count === 7) return WallState.CUT;
        if (count === 40) return WallState.CONTRADICTED;
        const dice = random();
        const table: [number, WallState][] = [[0.002, WallState.CONTRADICTED], [0.005, WallState.LOAD_TRIP], [0.011, WallState.CUT], [0.015, WallState.ARREARS], [0.022, WallState.LOST], [0.032, WallState.LOW_3], [0.05, WallState.LOW_2], [0.09, WallState.LOW_1], [0.14, WallState.VACANT]];
        return table.find(([below]) => dice < below)?.[1] ?? WallState.NORMAL;
    }

    private makeMeter(meterId: string, count: number, state: WallState): Meter {
        const open = state === WallState.CUT || state === WallState.LOAD_TRIP;
        const three = count % 9 === 0;
        return create(MeterSchema, {
            meterId, lineId: `line-${String(1 + Math.floor(count / 32)).padStart(2, '0')}`, unitId: 1 + (count % 32), driverPack: three ? 'acrel-adf400l-3p' : 'acrel-ddsy1352',
            resource: Resource.ELECTRICITY, enabled: true, online: state !== WallState.LOST, lastGoodTime: now(),
            latest: this.values(BigInt(between(1_000_000, 9_000_000)), open, three),
        });
    }

    values(register: bigint, open: boolean, three: boolean): MeterValues {
        const phases = three ? 3 : 1;
        const amps = open ? 0 : between(200, 6_000);
        return create(MeterValuesSchema, {
            readTime: now(), registerTotal: register, rateRegisterTotal: [10n, 30n, 35n, 20n, 5n].map((part) => (register * part) / 100n),
            voltageMv: Array.from({ length: phases }, () => BigInt(between(2280, 2340)) * 100n), currentMa: Array.from({ length: phases }, () => BigInt(amps) * (three ? 1n : 1n)),
            powerW: BigInt(Math.round(amps * 0.23 * phases)), powerFactorPpm: open ? 1_000_000 : between(880_000, 1_000_000), relay: open ? RelayState.OPEN : RelayState.CLOSED,
        });
    }

    private addAccount(accountId: string, roomId: string, meterId: string, name: string, count: number, state: WallState): void {
        const ranges: Partial<Record<WallState, [number, number]>> = { [WallState.CUT]: [-1500, -10], [WallState.ARREARS]: [-800, -5], [WallState.LOW_3]: [10, 500], [WallState.LOW_2]: [510, 1990], [WallState.LOW_1]: [2010, 4990] };
        const [low, high] = ranges[state] ?? [5_100, 80_000];
        const fees: Partial<Record<WallState, FeeState>> = { [WallState.CUT]: FeeState.CUT, [WallState.ARREARS]: FeeState.ARREARS, [WallState.LOW_3]: FeeState.LOW_3, [WallState.LOW_2]: FeeState.LOW_2, [WallState.LOW_1]: FeeState.LOW_1 };
        this.accounts.set(accountId, create(AccountSchema, {
            accountId, siteId, state: AccountState.OPEN, balanceMicros: BigInt(between(low, high)) * 10_000n + BigInt(between(0, 9_999)), currencyCode: 'CNY', version: 40n,
            customer: { customerId: `c-${count}`, displayName: name, phone: `138${String(10_000_000 + count * 7919).slice(0, 8)}`, email: `room${count}@example.org` },
            alarmLevels: { level1Micros: 50_000_000n, level2Micros: 20_000_000n, level3Micros: 5_000_000n, cutFloorMicros: 0n },
            keepPower: count % 97 === 0, feeState: fees[state] ?? FeeState.NORMAL, roomIds: [roomId], meterIds: [meterId], openTime: timestamp(Date.now() - 60 * 86_400_000),
        }));
        this.postings.set(accountId, this.history(accountId));
    }

    /** What each of the last days cost, oldest first. */
    dailyUse(accountId: string, dayCount: number): { localDate: string; amountMicros: bigint }[] {
        const today = formatDate(Date.now(), zone);
        const days = Array.from({ length: dayCount }, (_, i) => ({ localDate: addDays(today, i + 1 - dayCount), amountMicros: 0n }));
        for (const posting of this.postings.get(accountId) ?? []) {
            if (posting.kind !== 'charge' || !posting.sourceTime) continue;
            const day = days.find((one) => one.localDate === formatDate(millis(posting.sourceTime!), zone));
            if (day) day.amountMicros -= posting.amountMicros;
        }
        return days;
    }

    private history(accountId: string): Posting[] {
        const account = this.accounts.get(accountId)!;
        const list: Posting[] = [];
        let balance = account.balanceMicros;
        const imported = now();
        this.postingCount += 60n;
        for (let i = 0; i < 60; i++) {
            const topUp = i % 19 === 18;
            const amount = topUp ? 100_000_000n : -BigInt(between(200_000, 1_600_000));
            list.push(create(PostingSchema, { postingId: this.postingCount - BigInt(i), accountId, postTime: imported, sourceTime: timestamp(Date.now() - i * 6 * 3_600_000), amountMicros: amount, balanceAfterMicros: balance, kind: topUp ? 'top-up' : 'charge', sourceId: topUp ? `o${i}` : `${accountId.slice(2)}${i}` }));
            balance -= amount;
        }
        return list;
    }

    touch(roomId: string, change: Partial<WallRoom>): void {
        const room = create(WallRoomSchema, { ...this.wall.get(roomId)!, ...change });
        this.wall.set(roomId, room);
        for (const listener of this.listeners) listener(room);
    }

    /** Money moves: posting, balance, state, and the restore behind a credit. */
    post(account: Account, amount: bigint, kind: string, orderKind: OrderKind, user: string): Order {
        const wasCut = account.feeState === FeeState.CUT;
        account.balanceMicros += amount;
        account.feeState = account.balanceMicros > 50_000_000n ? FeeState.NORMAL : account.balanceMicros > 0n ? FeeState.LOW_1 : account.feeState;
        const order = create(OrderSchema, { orderId: crypto.randomUUID().replace(/-/g, ''), accountId: account.accountId, kind: orderKind, state: OrderState.CREDITED, amountMicros: amount < 0n ? -amount : amount, createTime: now(), finishTime: now(), createUser: user, balanceAfterMicros: account.balanceMicros });
        this.orders.unshift(order);
        this.postings.get(account.accountId)?.unshift(create(PostingSchema, { postingId: ++this.postingCount, accountId: account.accountId, postTime: now(), sourceTime: now(), amountMicros: amount, balanceAfterMicros: account.balanceMicros, kind, sourceId: order.orderId }));
        for (const roomId of account.roomIds) this.touch(roomId, { balanceMicros: account.balanceMicros, ...(wasCut ? {} : { state: account.balanceMicros > 50_000_000n ? WallState.NORMAL : WallState.LOW_1 }) });
        if (wasCut && account.balanceMicros > 0n) setTimeout(() => this.restore(account), 900);
        return order;
    }

    private restore(account: Account): void {
        const meterId = account.meterIds[0]!;
        const intent = create(SwitchIntentSchema, { intentId: crypto.randomUUID(), accountId: account.accountId, meterId, action: SwitchAction.RESTORE, state: SwitchIntentState.READY, balanceMicros: account.balanceMicros, createTime: now() });
        this.intents.unshift(intent);
        this.submit(intent.intentId, meterId, CommandAction.CLOSE, 'balance above the floor', 'prepay-account');
    }

    submit(commandId: string, meterId: string, action: CommandAction, reasonText: string, initiator: string, overrideKeepPower = false): Command {
        const known = this.commands.get(commandId);
        if (known) return known;
        const meter = this.meters.get(meterId)!;
        const command = create(CommandSchema, { commandId, meterId, action, state: CommandState.QUEUED, reasonText, initiator, overrideKeepPower, createTime: now(), before: meter.latest });
        this.commands.set(commandId, command);
        if (action === CommandAction.TRIP && !overrideKeepPower && this.roomOf(meterId).keepPower) {
            command.state = CommandState.CANCELLED;
            command.failureReason = 'KEEP_POWER';
            command.finishTime = now();
            return command;
        }
        setTimeout(() => this.send(command), 500);
        return command;
    }

    private roomOf(meterId: string): WallRoom {
        return [...this.wall.values()].find((room) => room.meterIds.includes(meterId))!;
    }

    /** Who holds a room's power off: money, or who gave the last command; nobody while it is on. */
    private holdsOf(room: WallRoom): Hold[] {
        const meterId = room.meterIds[0]!;
        if (this.meters.get(meterId)!.latest?.relay !== RelayState.OPEN) return [];
        const order = [...this.commands.values()].reverse().find((c) => c.meterId === meterId && c.state === CommandState.VERIFIED);
        return [create(HoldSchema, order
            ? { holder: Holder.OPERATOR, placeTime: order.createTime, initiator: order.initiator, reasonText: order.reasonText, commandId: order.commandId, keepPowerOverridden: order.overrideKeepPower }
            : { holder: room.state === WallState.LOAD_TRIP ? Holder.LOAD_GUARD : Holder.MONEY, placeTime: timestamp(Date.now() - 7_200_000), initiator: 'prepay-account', reasonText: 'balance at or below the cut floor' })];
    }

    /** Why meters are off. */
    held(): HeldMeter[] {
        const holds = [...this.wall.values()].flatMap((room) => {
            const meter = this.meters.get(room.meterIds[0]!)!;
            return room.holds.map((hold) => create(HeldMeterSchema, { meterId: meter.meterId, displayName: room.displayName, lineId: meter.lineId, online: meter.online, relay: RelayState.OPEN, hold }));
        });
        return holds.sort((a, b) => Number((b.hold?.placeTime?.seconds ?? 0n) - (a.hold?.placeTime?.seconds ?? 0n)));
    }

    private send(command: Command): void {
        const trip = command.action === CommandAction.TRIP;
        command.state = CommandState.SENDING;
        command.sendTime = now();
        command.attemptCount = 1;
        const bytes = (hex: string) => Uint8Array.from(hex.split(' '), (h) => parseInt(h, 16));
        command.frames = [
            { $typeName: 'prepay.metering.v1.Frame', frameTime: now(), direction: FrameDirection.SENT, data: bytes(`01 10 00 57 00 02 04 00 01 00 0${trip ? '1 27 75' : '0 E6 B5'}`), attemptNumber: 1 },
            { $typeName: 'prepay.metering.v1.Frame', frameTime: now(), direction: FrameDirection.RECEIVED, data: bytes('01 10 00 57 00 02 F1 D8'), attemptNumber: 1 },
        ];
        this.changed(command);
        setTimeout(() => this.finish(command), 1_200);
    }

    private finish(command: Command): void {
        const meter = this.meters.get(command.meterId)!;
        const open = command.action === CommandAction.TRIP;
        const roomId = [...this.rooms.values()].find((room) => room.meterIds.includes(command.meterId))!.roomId;
        command.finishTime = now();
        if (!meter.online) {
            command.state = CommandState.NOT_VERIFIED;
            command.failureReason = 'METER_SILENT';
        } else {
            command.state = CommandState.VERIFIED;
            command.after = this.values(meter.latest!.registerTotal, open, meter.latest!.voltageMv.length > 1);
            meter.latest = command.after;
            this.touch(roomId, { relay: command.after.relay, state: open ? WallState.TRIPPED : WallState.NORMAL, holds: this.holdsOf(this.wall.get(roomId)!) });
            const account = this.accounts.get(this.rooms.get(roomId)!.accountId);
            if (account && account.balanceMicros > 0n) account.feeState = FeeState.NORMAL;
        }
        this.changed(command);
    }

    private changed(command: Command): void {
        for (const listener of this.commandListeners) listener(command);
    }

    /** A few meters turn, a few balances fall. */
    tick(): void {
        const rooms = [...this.wall.values()];
        for (let i = 0; i < 40; i++) {
            const room = rooms[between(0, rooms.length)]!;
            const meter = this.meters.get(room.meterIds[0]!)!;
            if (!meter.online || meter.latest?.relay === RelayState.OPEN) continue;
            meter.latest = this.values(meter.latest!.registerTotal + 10n, false, meter.latest!.voltageMv.length > 1);
            const account = this.accounts.get(room.accountId);
            if (account) account.balanceMicros -= 5_283n;
            this.touch(room.roomId, { balanceMicros: account?.balanceMicros ?? 0n, energyTodayWh: room.energyTodayWh + 10n, amountTodayMicros: room.amountTodayMicros + 5_283n, powerW: meter.latest.powerW, readTime: now() });
        }
    }
}
