// The demo's park as lists: rooms with their meters, and the registers of the past.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { topology } from './topology.mjs';

/** park.yaml as written. */
export const spec = parse(readFileSync(new URL('park.yaml', import.meta.url), 'utf8'));

const hourMs = 3_600_000;
/** Base units: what a register counts in, where it may begin, how many of them a price is for. */
const resources = {
    RESOURCE_ELECTRICITY: { step: 10, least: 20_000, spread: 900_000, priced: 1_000 },           // Wh, 0.01 kWh.
    RESOURCE_WATER: { step: 1_000, least: 5_000_000, spread: 90_000_000, priced: 1_000_000 },    // mL, litres.
};

/** Typical W (mL/h of a tap) by local hour, near what the simulator's profile of the same name draws. */
const hourlyUse = {
    dormitory: [90, 70, 60, 60, 60, 80, 180, 260, 140, 90, 90, 160, 240, 160, 110, 100, 120, 200, 340, 420, 460, 440, 320, 160],
    office: [120, 110, 110, 110, 110, 120, 180, 600, 1900, 2400, 2500, 2300, 1500, 2200, 2500, 2500, 2300, 1600, 800, 450, 300, 220, 160, 130],
    shop: [300, 280, 280, 280, 280, 300, 420, 700, 1300, 1900, 2300, 2500, 2500, 2400, 2300, 2300, 2400, 2600, 2800, 2800, 2500, 1700, 700, 350],
    tap: [2000, 1000, 500, 500, 500, 3000, 14000, 22000, 16000, 8000, 6000, 10000, 14000, 8000, 5000, 5000, 7000, 12000, 18000, 20000, 22000, 24000, 14000, 6000],
};
const weekendFactor = { dormitory: 1.3, office: 0.2, shop: 1.15, tap: 1.3 };

/** The same numbers 0 <= x < 1 for the same seed, always. */
function randomNumbers(seed) {
    let state = [...seed].reduce((hash, c) => Math.imul(hash ^ c.codePointAt(0), 16777619), 2166136261) >>> 0;
    return () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let mixed = Math.imul(state ^ (state >>> 15), state | 1);
        mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
        return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
}

/** Every line: its id and the offset of its port from the first one. */
export function lines() {
    const count = spec.buildings.reduce((sum, building) => sum + building.lines, 0) + 1;   // The last one: water.
    return Array.from({ length: count }, (_, index) => ({
        line_id: `line-${String(index + 1).padStart(2, '0')}`,
        port_offset: index,
    }));
}

/** Where a line's meters are simulated, in the demo with these endpoints. */
export function linePort({ port_offset: offset }, endpoints) {
    const portBase = Number(endpoints.console.split(':')[1]) - topology.services.console.demo_ports.web;
    return portBase + topology.demo.line_ports + offset;
}

/** The room's water meter, if it has one. */
function waterMetersOf(name) {
    const { rooms: names, family, driver_pack: driverPack, profile, tariff } = spec.water;
    const index = names.indexOf(name);
    return index < 0 ? [] : [{
        meter_id: `w-${String(index + 1).padStart(4, '0')}`,
        line_id: lines().at(-1).line_id,
        unit_id: index + 1,
        kind: 'Water meter',
        resource: 'RESOURCE_WATER',
        family,
        driver_pack: driverPack,
        rated_power_w: 0,
        profile,
        tariff,
    }];
}

/** Every meter with its room: electricity, then water. */
export function meters() {
    const all = rooms().flatMap((room) => room.meters.map((meter) => ({ ...meter, room })));
    return ['RESOURCE_ELECTRICITY', 'RESOURCE_WATER'].flatMap((kind) => all.filter(({ resource }) => resource === kind));
}

/** How many Wh or mL a tariff's price is for. */
export const pricedUnits = (resource) => resources[resource].priced;

/** Every room, in the order of the electricity meters. */
export function rooms() {
    const list = [];
    let firstLine = 0;
    for (const building of spec.buildings) {
        const count = building.floors * building.rooms_per_floor;
        const perLine = Math.ceil(count / building.lines);
        for (let index = 0; index < count; index += 1) {
            const floor = Math.floor(index / building.rooms_per_floor) + 1;
            const name = `${building.building}-${floor}${String((index % building.rooms_per_floor) + 1).padStart(2, '0')}`;
            list.push({
                room_id: `room-${name}`,
                name,
                building,
                floor: String(floor),
                meters: [{
                    meter_id: `m-${String(list.length + 1).padStart(4, '0')}`,
                    line_id: lines()[firstLine + Math.floor(index / perLine)].line_id,
                    unit_id: 1 + (index % perLine) * (building.unit_step ?? 1),
                    kind: 'Meter',
                    resource: 'RESOURCE_ELECTRICITY',
                    family: building.family,
                    driver_pack: building.driver_pack,
                    rated_power_w: building.rated_power_w,
                    profile: building.profile,
                    tariff: building.tariff,
                }, ...waterMetersOf(name)],
                vacant: spec.vacant_rooms.includes(name),
                ...spec.special_rooms[name],
            });
        }
        firstLine += building.lines;
    }
    return list;
}

/**
 * Registers of a meter in Wh or mL, hourly, the last one at `end` (a full hour, ms): what the meter
 * has counted in the days before the demo began.
 */
export function history({ meter_id: meterId, resource, profile }, vacant, end) {
    const random = randomNumbers(meterId);
    const { step, least, spread } = resources[resource];
    const scale = vacant ? 0.02 : 0.6 + 0.8 * random();
    let register = Math.floor(least + spread * random());
    const start = end - spec.history_days * 24 * hourMs;
    const registers = [];
    for (let time = start; time <= end; time += hourMs) {
        registers.push({ time, register: Math.floor(register / step) * step });
        const local = new Date(time + 8 * hourMs);   // Asia/Shanghai has no summer time.
        const weekend = local.getUTCDay() % 6 === 0 ? weekendFactor[profile] : 1;
        register += hourlyUse[profile][local.getUTCHours()] * weekend * scale * (0.8 + 0.4 * random());
    }
    return registers;
}

/** Names, e-mail addresses and opening balances of those who rent, by room name. */
export function customers() {
    const { surnames, given_names: givenNames, others } = spec.customers;
    const result = new Map();
    rooms().filter((room) => !room.vacant).forEach((room, index) => {
        const random = randomNumbers(`customer ${room.name}`);
        const [surname, surnameLatin] = surnames[index % surnames.length].split(' ');
        const [given, givenLatin] = givenNames[(index * 5 + Math.floor(index / 12)) % givenNames.length].split(' ');
        const plain = index % 9 === 4 ? others[Math.floor(index / 9) % others.length]
            : `${surname}${given} ${surnameLatin} ${givenLatin}`;
        const [least, most] = room.building.typical_balance_yuan;
        result.set(room.name, {
            customer: {
                display_name: room.customer ?? plain,
                phone: `138${String(10_000_000 + index * 73_939).slice(0, 8)}`,
                email: `room-${room.name}@park.example`,
            },
            balance_yuan: room.balance ?? Math.round(least + (most - least) * random()),
        });
    });
    return result;
}
