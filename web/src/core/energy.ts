import { Resource } from '../gen/prepay/common/v1/common_pb';
import { formatScaled, parseScaled } from './decimal';

/** kWh of Wh, or m³ of mL: three decimals at register resolution are shown only where not zero. */
export function formatEnergy(value: bigint, resource: Resource = Resource.ELECTRICITY): string {
    return resource === Resource.WATER
        ? formatScaled(value, 6, 2) + ' m³'
        : formatScaled(value, 3, 2) + ' kWh';
}

/** The figure of `formatEnergy` without its unit, for columns whose head names the unit. */
export function energyFigure(wh: bigint): string {
    return formatScaled(wh, 3, 2);
}

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

/** Wh of a text in kWh with at most three decimals; null if it is not such a text. */
export function parseKwh(text: string): bigint | null {
    return parseScaled(text, 3, 3);
}
