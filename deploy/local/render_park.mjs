// node render_park.mjs <demo folder>: writes <demo folder>/park.yaml for the park simulator. The
// meters begin with the register that their imported history ends with; <demo folder>/history_end
// keeps that moment, so that an interrupted seeding goes on with the same history.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { history, linePort, lines, meters, spec } from './park.mjs';

const demo = process.argv[2];
const endpoints = JSON.parse(readFileSync(join(demo, 'endpoints.json'), 'utf8'));
const endFile = join(demo, 'history_end');
const hourMs = 3_600_000;

if (!existsSync(endFile)) {
    const end = new Date(Math.floor(Date.now() / hourMs) * hourMs);
    writeFileSync(endFile, `${end.toISOString()}\n`);
}
const end = Date.parse(readFileSync(endFile, 'utf8').trim());

/** Watts (mL/h of water), or -1 = by profile. What seed.mjs switches on at its end stays on. */
function loadOf({ room, resource }) {
    if (resource === 'RESOURCE_WATER') {
        return room.vacant ? 0 : -1;
    }
    if (room.switched_on_w) {
        return existsSync(join(demo, 'seeded')) ? room.switched_on_w : 0;
    }
    return room.vacant ? 5 : -1;
}

const park = {
    speed: spec.speed,
    lines: lines().map((line) => ({ id: line.line_id, port: linePort(line, endpoints) })),
    meters: meters().map((meter) => ({
        id: meter.meter_id,
        line: meter.line_id,
        unit: meter.unit_id,
        family: meter.family,
        register_wh: history(meter, meter.room.vacant, end).at(-1).register,
        load_w: loadOf(meter),
        profile: meter.profile,
        rated_power_w: meter.rated_power_w,
    })),
};
writeFileSync(join(demo, 'park.yaml'), stringify(park));
