import { DayType, RatePeriod, TierSpan, type TariffDefinition } from '../gen/prepay/billing/v1/billing_pb';
import type { TextKey } from '../i18n/console_text';

export const periods: readonly RatePeriod[] = [
    RatePeriod.SHARP, RatePeriod.PEAK, RatePeriod.FLAT, RatePeriod.VALLEY, RatePeriod.DEEP_VALLEY,
];

/** CSS class of a period's colour. */
export function periodClass(period: RatePeriod): string {
    return `period-${RatePeriod[period].toLowerCase()}`;
}

/** "08:30" of a minute of the day. */
export function minuteText(minute: number): string {
    return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

/** The word for what kind of tariff a definition is. */
export function kindKey(definition: TariffDefinition): TextKey {
    const tou = definition.seasons.length > 0;
    const tiered = definition.tierSpan !== TierSpan.UNSPECIFIED;
    if (tou && tiered) return 'tariff.kind.tou_tiered';
    if (tou) return 'tariff.kind.tou';
    return tiered ? 'tariff.kind.tiered' : 'tariff.kind.single';
}

/** Catalogue key of a day type. */
export function dayTypeKey(dayType: DayType): TextKey {
    return `day_type.${DayType[dayType].toLowerCase()}` as TextKey;
}
