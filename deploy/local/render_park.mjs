// node render_park.mjs <demo folder>: writes <demo folder>/park.yaml for the park simulator. The
// meters begin with the register that their imported history ends with; <demo folder>/history_end
// keeps that moment, so that an interrupted seeding goes on with the same history.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { history, lines, rooms, spec } from './park.mjs';

const demo = process.argv[2];
const endpoints = JSON.parse(readFileSync(join(demo, 'endpoints.json'), 'utf8'));
const consolePort = Number(endpoints.console.split(':')[1]);
const endFile = join(demo, 'history_end');
const hourMs = 3_600_000;

if (!existsSync(endFile)) {
    const end = new Date(Math.floor(Date.now() / hourMs) * hourMs);
    writeFileSync(endFile, `${end.toISOString()}\n`);
}
const end = Date.parse(readFileSync(endFile, 'utf8').trim());

/** Watts, or -1 = by profile. What seed.mjs switches on at its end stays on. */
function loadOf(room) {
    if (room.switched_on_w) {
        return existsSync(join(demo, 'seeded')) ? room.switched_on_w : 0;
    }
    return room.vacant ? 5 : -1;
}

const park = {
    speed: spec.speed,
    lines: lines().map((line) => ({ id: line.line_id, port: consolePort + 100 + line.port_offset })),
    meters: rooms().map((room) => ({
        id: room.meter_id,
        line: room.line_id,
        unit: room.unit_id,
        family: room.building.family,
        register_wh: history(room, end).at(-1).register_wh,
        load_w: loadOf(room),
        profile: room.building.profile,
        rated_power_w: room.building.rated_power_w,
    })),
};
writeFileSync(join(demo, 'park.yaml'), stringify(park));
