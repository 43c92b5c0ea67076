// Exact decimal text of scaled integers. Nothing near money or energy passes through a float.

const minus = '\u2212';

/** Groups an unsigned digit string by thousands. */
function group(digits: string): string {
    return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/**
 * Text of value / 10^scale, exact, with at least `minDigits` decimals; further decimals appear only
 * where they are not zero.
 */
export function formatScaled(value: bigint, scale: number, minDigits: number): string {
    const negative = value < 0n;
    const digits = (negative ? -value : value).toString().padStart(scale + 1, '0');
    const whole = digits.slice(0, digits.length - scale);
    const fraction = digits.slice(digits.length - scale).replace(/0+$/, '').padEnd(minDigits, '0');
    return (negative ? minus : '') + group(whole) + (fraction === '' ? '' : '.' + fraction);
}

/** Largest multiple of `unit` that is not above `value` (also below zero). */
export function floorTo(value: bigint, unit: bigint): bigint {
    const rest = value % unit;
    return rest === 0n ? value : value - rest - (value < 0n ? unit : 0n);
}

/** Digits typed with a Chinese input method, and typographic minus signs, as ASCII. */
function normalise(text: string): string {
    return text
        .trim()
        .replace(/[０-９]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0))
        .replace(/[．。]/g, '.')
        .replace(/[,，\s]/g, '')
        .replace(/[\u2212－]/g, '-')
        .replace(/^(-?)[¥￥]/, '$1');
}

/**
 * value × 10^scale of a decimal text, or null if the text is not a number or has more than
 * `maxDigits` decimals.
 */
export function parseScaled(text: string, scale: number, maxDigits: number): bigint | null {
    const match = /^(-?)(\d{1,15})(?:\.(\d*))?$/.exec(normalise(text));
    if (!match) return null;
    const fraction = match[3] ?? '';
    if (fraction.length > maxDigits) return null;
    const value = BigInt(match[2] + fraction.padEnd(scale, '0'));
    return match[1] === '-' ? -value : value;
}
