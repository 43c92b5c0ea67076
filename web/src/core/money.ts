import { floorTo, formatScaled, parseScaled } from './decimal';

/** Micro-yuan in one fen. */
export const fen = 10_000n;
/** Micro-yuan in one yuan. */
export const yuan = 1_000_000n;
/** The most that one top-up, refund or payment may be. */
export const movementMax = 100_000n * yuan;

/** The currency sign between the minus and the figure. */
function signed(micros: bigint, text: string): string {
    return micros < 0n ? text[0] + '¥' + text.slice(1) : '¥' + text;
}

/** Exact amount: two decimals, more only where the ledger holds more. */
export function formatYuan(micros: bigint): string {
    return signed(micros, formatScaled(micros, 6, 2));
}

/** Amount rounded to the nearest fen, for lists and reports. */
export function formatYuanFen(micros: bigint): string {
    const rounded = micros < 0n ? -floorTo(-micros + fen / 2n, fen) : floorTo(micros + fen / 2n, fen);
    return signed(rounded, formatScaled(rounded, 6, 2));
}

/** Amount rounded down to the fen, so that a balance never looks larger than it is. */
export function formatYuanFloor(micros: bigint): string {
    return signed(micros, formatScaled(floorTo(micros, fen), 6, 2));
}

/** Price in yuan per kWh or m³: four decimals, more only where there are more. */
export function formatPrice(micros: bigint): string {
    return formatScaled(micros, 6, 4);
}

/** Micro-yuan of a text in yuan with at most two decimals; null if it is not such a text. */
export function parseYuan(text: string): bigint | null {
    return parseScaled(text, 6, 2);
}

/** Micro-yuan per unit of a price text with at most six decimals; null if it is not such a text. */
export function parsePrice(text: string): bigint | null {
    const price = parseScaled(text, 6, 6);
    return price !== null && price >= 0n ? price : null;
}

/** Text for an input field that `parseYuan` reads back to the same amount. */
export function yuanInput(micros: bigint): string {
    return formatScaled(micros, 6, 2).replace(/,/g, '').replace('\u2212', '-');
}

/**
 * Whole hours a balance lasts at the mean of the given daily amounts, or null when nothing is used
 * or nothing is left to say.
 */
export function hoursLeft(balanceMicros: bigint, dailyMicros: readonly bigint[]): number | null {
    const sum = dailyMicros.reduce((total, amount) => total + amount, 0n);
    if (dailyMicros.length === 0 || sum <= 0n) return null;
    if (balanceMicros <= 0n) return 0;
    return Number((balanceMicros * 24n * BigInt(dailyMicros.length)) / sum);
}
