// What a history costs, computed apart from the billing service: how much each customer must have
// paid in so that the wished balance is left.

const hourMs = 3_600_000;
const zoneMs = 8 * hourMs;   // Asia/Shanghai has no summer time.

/** The rate period of a local minute in a month (1-12). */
function periodAt(definition, month, minute) {
    const season = definition.seasons?.find(({ months }) => months.includes(month));
    return season?.schedules[0].slots.find((slot) => slot.start_minute <= minute && minute < slot.end_minute).period;
}

function priceOf(tier, period) {
    return tier.prices.find((price) => price.period === period).price_micros;
}

/** Micro-yuan of some Wh in one half-hour, tier by tier; `used` is the month's Wh before it. */
function cost(definition, period, used, energy) {
    let sum = 0;
    let lower = used;
    const upper = used + energy;
    for (const tier of definition.tiers) {
        const end = Math.min(upper, tier.upper_bound || Infinity);
        if (end > lower) {
            sum += ((end - lower) * priceOf(tier, period)) / 1000;
            lower = end;
        }
    }
    return sum;
}

/** Cost of hourly registers in micro-yuan, good to a few fen (an hour is halved evenly). */
export function costOfHistory(definition, registers) {
    let sum = 0;
    let used = 0;
    let month = 0;
    for (let index = 1; index < registers.length; index += 1) {
        const local = new Date(registers[index - 1].time + zoneMs);
        const energy = registers[index].register_wh - registers[index - 1].register_wh;
        if (local.getUTCMonth() + 1 !== month) {
            month = local.getUTCMonth() + 1;
            used = 0;
        }
        for (const half of [0, 30]) {
            const period = periodAt(definition, month, local.getUTCHours() * 60 + half);
            sum += cost(definition, period, used, energy / 2);
            used += energy / 2;
        }
    }
    return sum;
}
