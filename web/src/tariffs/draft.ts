import { create } from '@bufbuild/protobuf';
import { parseQuantity, typedQuantity } from '../core/quantity';
import { formatPrice, parsePrice } from '../core/money';
import {
    DayType, RatePeriod, TariffDefinitionSchema, TierSpan,
    type DaySlot, type TariffDefinition,
} from '../gen/prepay/billing/v1/billing_pb';
import type { Resource } from '../gen/prepay/common/v1/common_pb';

/** Half hours of a local day. */
export const cellsPerDay = 48;
const minutesPerCell = 30;

/** A day painted cell by cell. */
export type DayCells = RatePeriod[];

export interface ScheduleDraft {
    dayType: DayType;
    cells: DayCells;
}

export interface SeasonDraft {
    name: string;
    months: number[];
    schedules: ScheduleDraft[];
}

export interface TierDraft {
    /** kWh or m³ as typed; empty = open end. */
    upperBound: string;
    /** Price as typed, by rate period. */
    prices: Partial<Record<RatePeriod, string>>;
}

/** A tariff definition as it is being typed; nothing is lost while it is incomplete. */
export interface DefinitionDraft {
    timeZone: string;
    timeOfUse: boolean;
    seasons: SeasonDraft[];
    holidays: string;
    tierSpan: TierSpan;
    tiers: TierDraft[];
}

export const allMonths = Array.from({ length: 12 }, (_, i) => i + 1);

export function flatDay(): DayCells {
    return new Array<RatePeriod>(cellsPerDay).fill(RatePeriod.FLAT);
}

export function newDraft(timeZone: string): DefinitionDraft {
    return {
        timeZone,
        timeOfUse: false,
        seasons: [{ name: 'year', months: allMonths, schedules: [{ dayType: DayType.UNSPECIFIED, cells: flatDay() }] }],
        holidays: '',
        tierSpan: TierSpan.UNSPECIFIED,
        tiers: [{ upperBound: '', prices: {} }],
    };
}

/** Periods that the draft needs prices for. */
export function usedPeriods(draft: DefinitionDraft): RatePeriod[] {
    if (!draft.timeOfUse) return [RatePeriod.UNSPECIFIED];
    const used = new Set(draft.seasons.flatMap((season) => season.schedules.flatMap((schedule) => schedule.cells)));
    return [...used].sort((a, b) => a - b);
}

export function slotsOf(cells: DayCells): Pick<DaySlot, 'startMinute' | 'endMinute' | 'period'>[] {
    const slots: { startMinute: number; endMinute: number; period: RatePeriod }[] = [];
    cells.forEach((period, index) => {
        const last = slots[slots.length - 1];
        if (last && last.period === period) last.endMinute += minutesPerCell;
        else slots.push({ startMinute: index * minutesPerCell, endMinute: (index + 1) * minutesPerCell, period });
    });
    return slots;
}

export function cellsOf(slots: readonly DaySlot[]): DayCells {
    const cells = flatDay();
    for (const slot of slots) cells.fill(slot.period, slot.startMinute / minutesPerCell, slot.endMinute / minutesPerCell);
    return cells;
}

export function draftOf(definition: TariffDefinition, resource: Resource): DefinitionDraft {
    const base = newDraft(definition.timeZone);
    const timeOfUse = definition.seasons.length > 0;
    return {
        timeZone: definition.timeZone,
        timeOfUse,
        seasons: timeOfUse
            ? definition.seasons.map((season) => ({
                  name: season.name,
                  months: season.months,
                  schedules: season.schedules.map((schedule) => ({ dayType: schedule.dayType, cells: cellsOf(schedule.slots) })),
              }))
            : base.seasons,
        holidays: definition.holidays.join(' '),
        tierSpan: definition.tierSpan,
        tiers: definition.tiers.map((tier) => ({
            upperBound: tier.upperBound === 0n ? '' : typedQuantity(tier.upperBound, resource),
            prices: Object.fromEntries(tier.prices.map((p) => [p.period, formatPrice(p.priceMicros)])),
        })),
    };
}

/** The definition of a complete draft, or null while a figure is missing or wrong. */
export function definitionOf(draft: DefinitionDraft, resource: Resource): TariffDefinition | null {
    const tiered = draft.tierSpan !== TierSpan.UNSPECIFIED;
    const tiers = tiered ? draft.tiers : draft.tiers.slice(0, 1);
    const periods = usedPeriods(draft);
    const made = tiers.map((tier, index) => {
        const open = index === tiers.length - 1;
        const upperBound = open ? 0n : parseQuantity(tier.upperBound, resource);
        const prices = periods.map((period) => ({ period, priceMicros: parsePrice(tier.prices[period] ?? '') }));
        return { upperBound, prices };
    });
    const complete = made.every((tier) => tier.upperBound !== null && tier.prices.every((p) => p.priceMicros !== null));
    if (!complete || made.length === 0) return null;
    return create(TariffDefinitionSchema, {
        timeZone: draft.timeZone.trim(),
        tierSpan: draft.tierSpan,
        holidays: draft.holidays.split(/[\s,，]+/).filter(Boolean),
        seasons: draft.timeOfUse
            ? draft.seasons.map((season) => ({
                  name: season.name,
                  months: season.months,
                  schedules: season.schedules.map((s) => ({ dayType: s.dayType, slots: slotsOf(s.cells) })),
              }))
            : [],
        tiers: made.map((tier) => ({
            upperBound: tier.upperBound ?? 0n,
            prices: tier.prices.map((p) => ({ period: p.period, priceMicros: p.priceMicros ?? 0n })),
        })),
    });
}
