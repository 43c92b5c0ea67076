// Tariffs and charges of the pretended park. Development only.
import { create } from '@bufbuild/protobuf';
import { Code, type ConnectRouter } from '@connectrpc/connect';
import { AssignmentSchema, BillingService, ChargeKind, ChargeSchema, DayType, RatePeriod, TariffDefinitionSchema, TariffSchema, TariffVersionSchema, TierSpan, type Assignment, type Charge, type Tariff } from '../src/gen/prepay/billing/v1/billing_pb';
import { Resource } from '../src/gen/prepay/common/v1/common_pb';
import { timestamp } from '../src/core/time';
import { fail } from './services';

const dayMs = 86_400_000;
const { SHARP, PEAK, FLAT, VALLEY, DEEP_VALLEY, UNSPECIFIED } = RatePeriod;
const slots = (...parts: [number, number, RatePeriod][]) => parts.map(([from, to, period]) => ({ startMinute: from * 60, endMinute: to * 60, period }));
const prices = (...list: [RatePeriod, bigint][]) => list.map(([period, priceMicros]) => ({ period, priceMicros }));

const touDefinition = create(TariffDefinitionSchema, {
    timeZone: 'Asia/Shanghai', tierSpan: TierSpan.YEAR, holidays: ['2027-01-01', '2027-02-06', '2027-05-01'],
    seasons: [
        { name: 'summer', months: [7, 8], schedules: [{ dayType: DayType.UNSPECIFIED, slots: slots([0, 8, VALLEY], [8, 10, FLAT], [10, 12, PEAK], [12, 14, DEEP_VALLEY], [14, 19, FLAT], [19, 21, SHARP], [21, 23, PEAK], [23, 24, VALLEY]) }] },
        { name: 'other', months: [1, 2, 3, 4, 5, 6, 9, 10, 11, 12], schedules: [{ dayType: DayType.UNSPECIFIED, slots: slots([0, 8, VALLEY], [8, 11, PEAK], [11, 18, FLAT], [18, 23, PEAK], [23, 24, VALLEY]) }, { dayType: DayType.WEEKEND, slots: slots([0, 9, VALLEY], [9, 24, FLAT]) }] },
    ],
    tiers: [
        { upperBound: 2_520_000n, prices: prices([SHARP, 1_152_300n], [PEAK, 887_400n], [FLAT, 528_300n], [VALLEY, 298_300n], [DEEP_VALLEY, 210_000n]) },
        { upperBound: 4_800_000n, prices: prices([SHARP, 1_202_300n], [PEAK, 937_400n], [FLAT, 578_300n], [VALLEY, 348_300n], [DEEP_VALLEY, 260_000n]) },
        { upperBound: 0n, prices: prices([SHARP, 1_452_300n], [PEAK, 1_187_400n], [FLAT, 828_300n], [VALLEY, 598_300n], [DEEP_VALLEY, 510_000n]) },
    ],
});
const single = (price: bigint) => create(TariffDefinitionSchema, { timeZone: 'Asia/Shanghai', tiers: [{ upperBound: 0n, prices: prices([UNSPECIFIED, price]) }] });
const version = (tariffId: string, n: number, daysAgo: number, definition: Tariff['versions'][number]['definition']) => create(TariffVersionSchema, { tariffId, version: n, effectiveTime: timestamp(Date.now() - daysAgo * dayMs), definition, createUser: 'admin', createTime: timestamp(Date.now() - daysAgo * dayMs) });

const tariffs = new Map<string, Tariff>([
    ['residential-tou', create(TariffSchema, { tariffId: 'residential-tou', displayName: '居民分时阶梯', resource: Resource.ELECTRICITY, assignedMeterCount: 742, versions: [version('residential-tou', 1, 400, single(500_000n)), version('residential-tou', 2, 90, touDefinition)] })],
    ['water', create(TariffSchema, { tariffId: 'water', displayName: '居民水价', resource: Resource.WATER, assignedMeterCount: 1, versions: [version('water', 1, 120, single(3_100_000n))] })],
    ['shops', create(TariffSchema, { tariffId: 'shops', displayName: '商铺单一电价', resource: Resource.ELECTRICITY, assignedMeterCount: 258, versions: [version('shops', 1, 120, single(861_200n))] })],
]);
const assignments: Assignment[] = [];

/** 120 litres at 3.10 yuan per cubic metre. */
function waterCharge(chargeId: string): Charge {
    const [startTime, endTime] = [timestamp(Date.now() - 900_000), timestamp(Date.now())];
    const line = { startTime, endTime, period: UNSPECIFIED, tier: 1, quantity: 120_000n, priceMicros: 3_100_000n, amountNanos: 372_000_000n };
    return create(ChargeSchema, { chargeId, accountId: 'a-0003', meterId: 'w-0003', kind: ChargeKind.ENERGY, startTime, endTime, quantity: 120_000n, amountMicros: 372_000n, tariffId: 'water', tariffVersion: 1, lines: [line], resource: Resource.WATER });
}

function chargeOf(chargeId: string): Charge {
    if (chargeId.startsWith('w')) return waterCharge(chargeId);
    const start = Date.now() - 900_000;
    const lines = [
        { startTime: timestamp(start), endTime: timestamp(start + 420_000), period: FLAT, tier: 1, quantity: 500n, priceMicros: 528_300n, amountNanos: 264_150_000n },
        { startTime: timestamp(start + 420_000), endTime: timestamp(start + 900_000), period: PEAK, tier: 1, quantity: 750n, priceMicros: 887_400n, amountNanos: 665_550_000n },
    ];
    return create(ChargeSchema, { chargeId, accountId: 'a-0001', meterId: 'm-0001', kind: ChargeKind.ENERGY, startTime: timestamp(start), endTime: timestamp(start + 900_000), quantity: 1_250n, amountMicros: 929_700n, tariffId: 'residential-tou', tariffVersion: 2, lines, resource: Resource.ELECTRICITY });
}

export function billingRoutes(router: ConnectRouter): void {
    router.service(BillingService, {
        listTariffs: () => ({ tariffs: [...tariffs.values()] }),
        getTariff: (r) => {
            const tariff = tariffs.get(r.tariffId);
            if (!tariff) throw fail(Code.NotFound, 'NOT_FOUND', 'no tariff');
            return { tariff };
        },
        createTariff: (r) => {
            if (r.tariffYaml.includes('cheap')) throw fail(Code.InvalidArgument, 'BAD_TARIFF_FILE', 'tariff:3:8: the price is not a number');
            const tariff = create(TariffSchema, { tariffId: r.tariffId, displayName: r.displayName, resource: r.resource, versions: [create(TariffVersionSchema, { tariffId: r.tariffId, version: 1, effectiveTime: r.effectiveTime, definition: r.definition ?? single(612_300n), createUser: 'admin' })] });
            tariffs.set(r.tariffId, tariff);
            return { tariff };
        },
        addTariffVersion: (r) => {
            const tariff = tariffs.get(r.tariffId)!;
            const added = create(TariffVersionSchema, { tariffId: r.tariffId, version: tariff.versions.length + 1, effectiveTime: r.effectiveTime, definition: r.definition, createUser: 'admin' });
            tariff.versions.push(added);
            return { version: added };
        },
        assignTariff: (r) => {
            const made = r.meterIds.map((meterId) => create(AssignmentSchema, { meterId, tariffId: r.tariffId, startTime: r.startTime }));
            assignments.push(...made);
            return { assignments: made };
        },
        listAssignments: (r) => ({
            assignments: r.meterIds.length > 0
                ? [...assignments.filter((a) => r.meterIds.includes(a.meterId)), ...r.meterIds.map((meterId) => create(AssignmentSchema, { meterId, tariffId: 'residential-tou', startTime: timestamp(Date.now() - 60 * dayMs) }))]
                : Array.from({ length: 120 }, (_, i) => create(AssignmentSchema, { meterId: `m-${String(i + 1).padStart(4, '0')}`, tariffId: r.tariffId, startTime: timestamp(Date.now() - 60 * dayMs) })),
        }),
        listCharges: (r) => ({ charges: Array.from({ length: 20 }, (_, i) => ({ ...chargeOf(`${r.accountId === 'a-0003' && i === 0 ? 'w' : ''}${1000 + i}`), accountId: r.accountId, startTime: timestamp(Date.now() - (i + 1) * 900_000), endTime: timestamp(Date.now() - i * 900_000) })) }),
        explainCharge: (r) => (r.chargeId.startsWith('w') ? {
            charge: chargeOf(r.chargeId), startReadingId: 11n, endReadingId: 12n, startRegisterTotal: 20_493_000n, endRegisterTotal: 20_613_000n, tierQuantityBefore: 1_204_300n, tierQuantityAfter: 1_324_300n,
            arithmetic: ['20.613 m³ - 20.493 m³ = 0.120 m³', '0.120 m³ x 3.10 = 0.372000'],
        } : {
            charge: chargeOf(r.chargeId), startReadingId: 11n, endReadingId: 12n, startRegisterTotal: 5_000_000n, endRegisterTotal: 5_001_250n, tierQuantityBefore: 1_204_300n, tierQuantityAfter: 1_205_550n, remainderBeforePicos: 120_000n, remainderAfterPicos: 120_000n,
            arithmetic: ['5001.250 kWh - 5000.000 kWh = 1.250 kWh', '0.500 kWh x 0.5283 = 0.264150', '0.750 kWh x 0.8874 = 0.665550', '0.264150 + 0.665550 = 0.929700'],
        }),
    });
}
