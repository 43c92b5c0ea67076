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

/**
 * Price x base units (Wh, mL) of one half-hour, tier by tier; `used` is the month's before it.
 */
function cost(definition, period, used, quantity) {
    let sum = 0;
    let lower = used;
    const upper = used + quantity;
    for (const tier of definition.tiers) {
        const end = Math.min(upper, tier.upper_bound || Infinity);
        if (end > lower) {
            sum += (end - lower) * priceOf(tier, period);
            lower = end;
        }
    }
    return sum;
}

/**
 * Cost of hourly registers in micro-yuan, good to a few fen (an hour is halved evenly). A price is
 * for `pricedUnits` of the registers.
 */
export function costOfHistory(definition, registers, pricedUnits) {
    let sum = 0;
    let used = 0;
    let month = 0;
    for (let index = 1; index < registers.length; index += 1) {
        const local = new Date(registers[index - 1].time + zoneMs);
        const quantity = registers[index].register - registers[index - 1].register;
        if (local.getUTCMonth() + 1 !== month) {
            month = local.getUTCMonth() + 1;
            used = 0;
        }
        for (const half of [0, 30]) {
            const period = periodAt(definition, month, local.getUTCHours() * 60 + half);
            sum += cost(definition, period, used, quantity / 2);
            used += quantity / 2;
        }
    }
    return sum / pricedUnits;
}
