import { Resource } from '../gen/prepay/common/v1/common_pb';
import { formatScaled, parseScaled } from './decimal';

// The only place of the pages that knows units: registers and quantities are Wh or mL, people read
// kWh or m³.

/** Decimals between what is stored and the unit people read. */
function unitScale(resource: Resource): number {
    return resource === Resource.WATER ? 6 : 3;
}

export function unitText(resource: Resource): string {
    return resource === Resource.WATER ? 'm³' : 'kWh';
}

/** The figure alone, for columns whose head names the unit: two decimals, more only where not zero. */
export function quantityFigure(value: bigint, resource: Resource): string {
    return formatScaled(value, unitScale(resource), 2);
}

/** kWh of Wh, or m³ of mL. */
export function formatQuantity(value: bigint, resource: Resource): string {
    return `${quantityFigure(value, resource)} ${unitText(resource)}`;
}

export const formatEnergy = (wh: bigint) => formatQuantity(wh, Resource.ELECTRICITY);
export const formatWater = (ml: bigint) => formatQuantity(ml, Resource.WATER);

/** What is used of both: water only where it is counted. */
export function formatUse(wh: bigint, ml: bigint | undefined): string {
    return ml === undefined ? formatEnergy(wh) : `${formatEnergy(wh)} · ${formatWater(ml)}`;
}

/** Wh or mL of a text in kWh or m³; null if it is no such text or finer than that. */
export function parseQuantity(text: string, resource: Resource): bigint | null {
    return parseScaled(text, unitScale(resource), unitScale(resource));
}

/** A bound as it is typed again: no grouping, no zeros behind the point. */
export function typedQuantity(value: bigint, resource: Resource): string {
    return formatScaled(value, unitScale(resource), 0).replace(/,/g, '');
}
