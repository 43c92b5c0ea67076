// node seed.mjs <demo folder>: types in what the people of a park would: meters, rooms, tariffs,
// customers, and the history of the last days, all through the console's public API. Every request
// has a fixed id, so that an interrupted seeding is simply started again.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { costOfHistory } from './bill.mjs';
import { Client } from './connect.mjs';
import { Simulator } from './simulator.mjs';
import { customers, history, linePort, lines, meters, pricedUnits, rooms, spec } from './park.mjs';

const demo = process.argv[2];
const read = (name) => readFileSync(join(demo, name), 'utf8').trim();
const endpoints = JSON.parse(read('endpoints.json'));
const password = read('secrets/log_in.password');
const client = new Client(endpoints.console, { userName: 'admin', password });

const historyEnd = Date.parse(read('history_end'));
const historyStart = historyEnd - spec.history_days * 86_400_000;
const timestamp = (ms) => new Date(ms).toISOString();
const { site_id: siteId } = spec.site;
const park = rooms();
const allMeters = meters();
const tenants = customers();
const microsPerFen = 10_000;
const wholeFen = (micros) => Math.round(micros / microsPerFen) * microsPerFen;

/** A mutation; `id` makes its request id. */
const change = (method, id, request) => client.call(method, { requestId: `demo-${id}`, ...request });

async function inParallel(items, count, work) {
    const queue = [...items];
    await Promise.all(Array.from({ length: count }, async () => {
        for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
            await work(item);
        }
    }));
}

async function addUsers() {
    for (const [name, role] of [['operator', 'ROLE_OPERATOR'], ['cashier', 'ROLE_CASHIER'], ['viewer', 'ROLE_VIEWER']]) {
        const user = { userName: name, displayName: name[0].toUpperCase() + name.slice(1), role, enabled: true };
        await change('console.v1.AuthService/CreateUser', `user-${name}`, { user, password });
    }
}

const lineMessage = (line, enabled) => ({
    lineId: line.line_id,
    displayName: `Serial server ${line.line_id}`,
    transport: 'TRANSPORT_MODBUS_TCP',
    address: `127.0.0.1:${linePort(line, endpoints)}`,
    pollIntervalMs: spec.poll_interval_ms,
    enabled,
});

/** Lines stay off until the history is in: a live reading must not come before it. */
async function addMeters() {
    await change('metering.v1.MeteringService/RegisterLines', 'lines',
        { lines: lines().map((line) => lineMessage(line, false)) });
    await change('metering.v1.MeteringService/RegisterMeters', 'meters', {
        meters: allMeters.map((meter) => ({
            meterId: meter.meter_id,
            lineId: meter.line_id,
            unitId: meter.unit_id,
            driverPack: meter.driver_pack,
            serialNumber: `${meter.resource === 'RESOURCE_WATER' ? 'WN' : 'SN'}${meter.meter_id.slice(2).padStart(8, '0')}`,
            displayName: `${meter.kind} of ${meter.room.name}`,
            resource: meter.resource,
            ratedPowerW: String(meter.rated_power_w),
            enabled: true,
        })),
    });
}

async function addRooms() {
    await change('account.v1.AccountService/CreateSite', 'site', {
        site: { siteId, displayName: spec.site.display_name, timeZone: spec.site.time_zone },
    });
    await change('account.v1.AccountService/CreateRooms', 'rooms', {
        rooms: park.map((room) => ({
            roomId: room.room_id,
            siteId,
            building: room.building.building,
            floor: room.floor,
            displayName: room.name,
            meterIds: room.meters.map(({ meter_id: id }) => id),
        })),
        startTime: timestamp(historyStart),
    });
}

async function addTariffs() {
    for (const tariff of spec.tariffs) {
        await change('billing.v1.BillingService/CreateTariff', `tariff-${tariff.tariff_id}`, {
            tariffId: tariff.tariff_id,
            displayName: tariff.display_name,
            resource: tariff.resource ?? 'RESOURCE_ELECTRICITY',
            effectiveTime: timestamp(historyStart - 86_400_000),
            definition: { time_zone: spec.site.time_zone, ...tariff.definition },
        });
        const meterIds = allMeters.filter((meter) => meter.tariff === tariff.tariff_id).map((meter) => meter.meter_id);
        await change('billing.v1.BillingService/AssignTariff', `assign-${tariff.tariff_id}`,
            { tariffId: tariff.tariff_id, meterIds, startTime: timestamp(historyStart) });
    }
}

/** Micro-yuan that the history of a room's meters costs. */
const costOf = (room) => room.meters.reduce((sum, meter) => {
    const { definition } = spec.tariffs.find(({ tariff_id: id }) => id === meter.tariff);
    return sum + costOfHistory(definition, history(meter, room.vacant, historyEnd), pricedUnits(meter.resource));
}, 0);

/** Opens the accounts; the first top-up is what the history will cost and the balance to be left. */
async function openAccounts() {
    const expected = new Map();
    await inParallel(park.filter((room) => !room.vacant), 4, async (room) => {
        const { customer, balance_yuan: balance } = tenants.get(room.name);
        const charge = costOf(room);
        const topUp = wholeFen(charge + balance * 1e6);
        const [one, two, three, floor] = (room.levels ?? [50, 20, 5, 0]).map((yuan) => String(yuan * 1e6));
        const { account } = await change('account.v1.AccountService/OpenAccount', `open-${room.name}`, {
            roomId: room.room_id,
            customer: { displayName: customer.display_name, phone: customer.phone, email: customer.email },
            openingRegisters: room.meters.map((meter) => ({ meterId: meter.meter_id, registerTotal: '-1' })),
            startTime: timestamp(historyStart),
            alarmLevels: { level1Micros: one, level2Micros: two, level3Micros: three, cutFloorMicros: floor },
            firstTopUpMicros: String(topUp),
        });
        expected.set(account.accountId, { room, balance_micros: topUp - charge });
        if (room.keep_power) {
            await change('account.v1.AccountService/SetKeepPower', `keep-${room.name}`,
                { accountId: account.accountId, keepPower: true, reasonText: 'first aid' });
        }
    });
    return expected;
}

/** Several meters a request, at most 10,000 readings. */
async function importHistory() {
    const metersPerRequest = Math.floor(10_000 / (spec.history_days * 24 + 1));
    for (let index = 0; index < allMeters.length; index += metersPerRequest) {
        const readings = allMeters.slice(index, index + metersPerRequest).flatMap((meter) =>
            history(meter, meter.room.vacant, historyEnd).map(({ time, register }) => (
                { meterId: meter.meter_id, readTime: timestamp(time), registerTotal: String(register) })));
        const { rejected } = await change('metering.v1.MeteringService/ImportReadings', `import-${index}`, { readings });
        if (rejected?.length) {
            throw new Error(`import: ${rejected.length} readings rejected, first: ${JSON.stringify(rejected[0])}`);
        }
        console.log(`history of ${Math.min(index + metersPerRequest, allMeters.length)} of ${allMeters.length} meters imported`);
    }
}

async function balances() {
    const result = new Map();
    let pageToken = '';
    do {
        const page = await client.call('account.v1.AccountService/ListAccounts', { siteId, pageSize: 200, pageToken });
        page.accounts?.forEach((account) => result.set(account.accountId, Number(account.balanceMicros ?? 0)));
        pageToken = page.nextPageToken ?? '';
    } while (pageToken !== '');
    return result;
}

/** Until every balance is what the history must have left of the top-up: the whole chain has run. */
async function waitUntilCharged(expected) {
    const toleranceMicros = 300_000;   // Half-hour borders split an hour's Wh in ways we only estimate.
    let last = '';
    let lastChange = Date.now();
    for (;;) {
        const now = await balances();
        const wrong = [...expected].filter(([id, { balance_micros: balance }]) =>
            Math.abs((now.get(id) ?? 0) - balance) > toleranceMicros);
        console.log(`history charged to ${expected.size - wrong.length} of ${expected.size} accounts`);
        if (wrong.length === 0) {
            return now;
        }
        const state = JSON.stringify([...now]);
        if (state !== last) {
            [last, lastChange] = [state, Date.now()];
        } else if (Date.now() - lastChange > 60_000) {
            const [id, { room, balance_micros: balance }] = wrong[0];
            throw new Error(`${wrong.length} balances stand still at another value than the history leaves; room `
                + `${room.name}: ${now.get(id) / 1e6} instead of ${balance / 1e6} yuan`);
        }
        await new Promise((resolve) => { setTimeout(resolve, 1000); });
    }
}

async function enableLines() {
    for (const line of lines()) {
        await change('metering.v1.MeteringService/UpdateLine', `enable-${line.line_id}`, { line: lineMessage(line, true) });
    }
}

/** Until every meter has answered once, so that the first look at the wall shows no lost room. */
async function waitUntilLive() {
    const end = Date.now() + 60_000;
    for (let lost = 1; lost > 0;) {
        const { meters } = await client.call('metering.v1.MeteringService/ListMeters', { pageSize: 1000 });
        lost = meters.filter(({ online }) => !online).length;
        console.log(`${meters.length - lost} of ${meters.length} meters live`);
        if (Date.now() > end) {
            throw new Error(`${lost} meters do not answer`);
        }
        await new Promise((resolve) => { setTimeout(resolve, 500); });
    }
}

/** The one thing that is no typing: a tenant plugs in heaters, and the balance begins to fall. */
async function switchOn() {
    const simulator = new Simulator(endpoints['park-simulator']);
    for (const room of park.filter(({ switched_on_w: watts }) => watts)) {
        await simulator.call('SetMeter', { meter_id: room.meters[0].meter_id, load_w: room.switched_on_w });
    }
    simulator.close();
}

/** What ./run demo prints: the room to watch, and its tenant's phone page. */
async function writeWelcome(expected) {
    const [accountId, { room }] = [...expected].find(([, { room: { story } }]) => story);
    const { path } = await change('console.v1.AuthService/CreateTenantLink', `link-${crypto.randomUUID()}`, { accountId });
    const story = [`building ${room.building.building}, room ${room.name}: about a minute after the first start its`,
        'balance reaches the first alarm, some three minutes later the meter is cut;',
        "then pay on the tenant's phone and see the power come back"];
    writeFileSync(join(demo, 'welcome.json'), `${JSON.stringify({ story, tenant_path: path, account_id: accountId, room: room.name })}\n`);
}

await addUsers();
await addMeters();
await addRooms();
await addTariffs();
const expected = await openAccounts();
console.log(`${expected.size} accounts opened`);
await importHistory();
await waitUntilCharged(expected);
await writeWelcome(expected);
await enableLines();
await waitUntilLive();
await switchOn();
