import { describe, expect, it } from 'vitest';
import { DayType, RatePeriod, TierSpan } from '../src/gen/prepay/billing/v1/billing_pb';
import { Resource } from '../src/gen/prepay/common/v1/common_pb';
import { cellsOf, definitionOf, draftOf, flatDay, newDraft, slotsOf, usedPeriods } from '../src/tariffs/draft';

const zone = 'Asia/Shanghai';

describe('tariff draft', () => {
    it('of a single price is complete with one price', () => {
        const draft = newDraft(zone);
        expect(definitionOf(draft, Resource.ELECTRICITY)).toBeNull();
        draft.tiers[0]!.prices[RatePeriod.UNSPECIFIED] = '0.5283';
        const definition = definitionOf(draft, Resource.ELECTRICITY)!;
        expect(definition.seasons).toEqual([]);
        expect(definition.tiers[0]!.prices[0]!.priceMicros).toBe(528_300n);
    });
    it('of a painted day becomes slots and back', () => {
        const cells = flatDay().fill(RatePeriod.PEAK, 16, 23);
        const slots = slotsOf(cells);
        expect(slots).toEqual([
            { startMinute: 0, endMinute: 480, period: RatePeriod.FLAT },
            { startMinute: 480, endMinute: 690, period: RatePeriod.PEAK },
            { startMinute: 690, endMinute: 1440, period: RatePeriod.FLAT },
        ]);
        expect(cellsOf(slots as never)).toEqual(cells);
    });
    it('of tiers and time of use survives the way to the wire and back', () => {
        const draft = newDraft(zone);
        draft.timeOfUse = true;
        draft.holidays = '2027-01-01 2027-05-01';
        draft.tierSpan = TierSpan.YEAR;
        draft.seasons = [{ name: 'year', months: newDraft(zone).seasons[0]!.months, schedules: [{ dayType: DayType.UNSPECIFIED, cells: flatDay().fill(RatePeriod.VALLEY, 0, 16) }] }];
        expect(usedPeriods(draft)).toEqual([RatePeriod.FLAT, RatePeriod.VALLEY]);
        draft.tiers = [
            { upperBound: '2520', prices: { [RatePeriod.FLAT]: '0.5283', [RatePeriod.VALLEY]: '0.2983' } },
            { upperBound: '', prices: { [RatePeriod.FLAT]: '0.5783', [RatePeriod.VALLEY]: '0.3483' } },
        ];
        const definition = definitionOf(draft, Resource.ELECTRICITY)!;
        expect(definition.tiers.map((tier) => tier.upperBound)).toEqual([2_520_000n, 0n]);
        expect(draftOf(definition, Resource.ELECTRICITY)).toEqual(draft);
    });

    it('of water has its bounds in cubic metres', () => {
        const draft = newDraft(zone);
        draft.tierSpan = TierSpan.MONTH;
        draft.tiers = [
            { upperBound: '12.5', prices: { [RatePeriod.UNSPECIFIED]: '3.1' } },
            { upperBound: '', prices: { [RatePeriod.UNSPECIFIED]: '4.65' } },
        ];
        const definition = definitionOf(draft, Resource.WATER)!;
        expect(definition.tiers[0]!.upperBound).toBe(12_500_000n);
        expect(draftOf(definition, Resource.WATER).tiers[0]!.upperBound).toBe('12.5');
        expect(definitionOf(draft, Resource.ELECTRICITY)!.tiers[0]!.upperBound).toBe(12_500n);
    });
});
