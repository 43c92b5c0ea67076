import { formatScaled } from './decimal';

export function formatVoltage(millivolts: bigint): string {
    return formatScaled(millivolts / 100n, 1, 1);
}

export function formatCurrent(milliamperes: bigint): string {
    return formatScaled(milliamperes / 10n, 2, 2);
}

export function formatPower(watts: bigint): string {
    return formatScaled(watts, 3, 3);
}

/** Power factor from parts per million, two decimals. */
export function formatPowerFactor(ppm: number): string {
    return formatScaled(BigInt(Math.trunc(ppm / 10_000)), 2, 2);
}
