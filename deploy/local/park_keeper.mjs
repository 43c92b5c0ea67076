// node park_keeper.mjs <simulator address> <state file> <speed>: real meters keep their registers and
// relays when everything else is switched off; the simulated ones do with this. At the start it gives
// the simulator what was kept, prints "ready", then keeps registers and relays twice a second.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Simulator } from './simulator.mjs';

const [address, file] = process.argv.slice(2, 4);
const speed = Number(process.argv[4]);
const simulator = new Simulator(address);

/** Exact registers last seen. */
const newest = new Map();

/** All meters; an answer leaves out what is 0 or false, a setting must not. */
async function listMeters() {
    const { meters } = await simulator.call('ListMeters', {});
    return meters.map((meter) => ({ ...meter, register_mwh: Number(meter.register_mwh ?? 0), power_w: Number(meter.power_w ?? 0), relay_closed: meter.relay_closed ?? false }));
}

/** Sets registers and relays as kept. After an abrupt end what was counted unkept is added. */
async function restore() {
    let kept;
    try {
        kept = JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
        if (error.code === 'ENOENT') {
            return 0;
        }
        throw error;
    }
    const running = new Map((await listMeters()).map((meter) => [meter.meter_id, meter]));
    for (const meter of kept.meters) {
        const unkeptWh = kept.last ? 0 : Math.ceil((meter.power_w * speed * 2) / 3600);
        const register_wh = Math.ceil(meter.register_mwh / 1000) + unkeptWh;
        // A simulator that ran on knows better: no register ever goes back.
        if (register_wh * 1000 < (running.get(meter.meter_id)?.register_mwh ?? 0)) continue;
        await simulator.call('SetMeter', { meter_id: meter.meter_id, register_wh, relay_closed: meter.relay_closed });
    }
    return kept.meters.length;
}

/**
 * Ends the process when the simulator was started anew meanwhile (its registers went back, not only
 * one that was set or rolled over): what is kept stays the truth.
 */
async function keep(last) {
    const meters = await listMeters();
    const back = meters.filter((meter) => meter.register_mwh < newest.get(meter.meter_id));
    if (back.length > meters.length / 2) {
        throw new Error(`the registers of ${back.length} meters went back`);
    }
    for (const meter of meters) {
        newest.set(meter.meter_id, meter.register_mwh);
    }
    const kept = meters.map(({ meter_id, register_mwh, relay_closed, power_w }) => ({ meter_id, register_mwh, relay_closed, power_w }));
    writeFileSync(`${file}.new`, JSON.stringify({ last, meters: kept }));
    renameSync(`${file}.new`, file);
}

let ending = false;
process.on('SIGTERM', () => { ending = true; });
console.log(`${await restore()} meters restored`);
await keep(false);
console.log('ready');
while (!ending) {
    await sleep(500);
    try {
        await keep(ending);
    } catch (error) {
        if (error.code === undefined) throw error;
        console.error(`the simulator does not answer: ${error.message}`);  // It is asked again.
    }
}
await keep(true);
process.exit(0);
