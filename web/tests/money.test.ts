import { describe, expect, it } from 'vitest';
import { formatScaled } from '../src/core/decimal';
import { formatEnergy, formatQuantity, formatUse, parseQuantity, typedQuantity } from '../src/core/quantity';
import { formatPrice, formatYuan, formatYuanFen, formatYuanFloor, hoursLeft, parsePrice, parseYuan, yuanInput } from '../src/core/money';
import { Resource } from '../src/gen/prepay/common/v1/common_pb';

describe('formatYuan', () => {
    it.each([
        [0n, '¥0.00'],
        [1n, '¥0.000001'],
        [-1n, '−¥0.000001'],
        [10_000n, '¥0.01'],
        [12_400_000n, '¥12.40'],
        [-12_400_000n, '−¥12.40'],
        [1_234_567_890_000n, '¥1,234,567.89'],
        [89_879_860n, '¥89.87986'],
        // Beyond 2^53: a float would lose the last digits.
        [9_223_372_036_854_775_807n, '¥9,223,372,036,854.775807'],
    ])('%s micro-yuan is %s', (micros, text) => expect(formatYuan(micros)).toBe(text));
});

describe('formatYuanFloor', () => {
    it.each([
        [19_999n, '¥0.01'],
        [9_999n, '¥0.00'],
        [-1n, '−¥0.01'],
        [-10_000n, '−¥0.01'],
        [-10_001n, '−¥0.02'],
    ])('never shows more than there is: %s -> %s', (micros, text) => expect(formatYuanFloor(micros)).toBe(text));
});

describe('parseYuan', () => {
    it.each([
        ['0.1', 100_000n],
        ['100', 100_000_000n],
        ['100.', 100_000_000n],
        ['1,234.56', 1_234_560_000n],
        ['１２．５', 12_500_000n],
        ['12。5', 12_500_000n],
        ['¥20', 20_000_000n],
        [' 5 ', 5_000_000n],
        ['-3.20', -3_200_000n],
        ['−3.20', -3_200_000n],
        ['999999999999999.99', 999_999_999_999_999_990_000n],
    ])('%s is %s micro-yuan', (text, micros) => expect(parseYuan(text)).toBe(micros));
    it.each(['', '.', '1.234', '1e3', 'abc', '1.2.3', '--1', '0x10', '1 000 x'])('refuses %j', (text) => expect(parseYuan(text)).toBeNull());
    it('reads back what an input field shows', () => {
        for (const micros of [0n, 10_000n, -5_000_000n, 1_234_567_890_000n]) expect(parseYuan(yuanInput(micros))).toBe(micros);
    });
});

describe('prices and energy', () => {
    it('keeps four decimals of a price and all that there are', () => {
        expect(formatPrice(528_300n)).toBe('0.5283');
        expect(formatPrice(500_000n)).toBe('0.5000');
        expect(formatPrice(92_001n)).toBe('0.092001');
        expect(parsePrice('0.5283')).toBe(528_300n);
        expect(parsePrice('0.1234567')).toBeNull();
        expect(parsePrice('-1')).toBeNull();
    });
    it('shows Wh exactly as kWh and mL exactly as m³', () => {
        expect(formatEnergy(1_250n)).toBe('1.25 kWh');
        expect(formatEnergy(1_251n)).toBe('1.251 kWh');
        expect(formatEnergy(-5n)).toBe('−0.005 kWh');
        expect(formatQuantity(1_250_000n, Resource.WATER)).toBe('1.25 m³');
        expect(formatQuantity(1_250_001n, Resource.WATER)).toBe('1.250001 m³');
        expect(formatUse(1_250n, undefined)).toBe('1.25 kWh');
        expect(formatUse(1_250n, 0n)).toBe('1.25 kWh · 0.00 m³');
        expect(parseQuantity('12.5', Resource.WATER)).toBe(12_500_000n);
        expect(parseQuantity('12.5', Resource.ELECTRICITY)).toBe(12_500n);
        expect(parseQuantity('0.0001', Resource.ELECTRICITY)).toBeNull();
        expect(parseQuantity('0.0000001', Resource.WATER)).toBeNull();
        expect(typedQuantity(1_200_500_000n, Resource.WATER)).toBe('1200.5');
    });
    it('formats any scale', () => expect(formatScaled(665_550_000n, 9, 2)).toBe('0.66555'));
});

describe('hoursLeft', () => {
    it('is the balance over the mean day, rounded down to the hour', () => {
        expect(hoursLeft(10_000_000n, [3_000_000n, 3_000_000n])).toBe(80);
        expect(hoursLeft(8_999_999n, [3_000_000n])).toBe(71);
        expect(hoursLeft(100_000n, [3_000_000n])).toBe(0);
        expect(hoursLeft(-1n, [3_000_000n])).toBe(0);
        expect(hoursLeft(5n, [])).toBeNull();
        expect(hoursLeft(5n, [0n])).toBeNull();
    });
});

describe('formatYuanFen', () => {
    it('rounds to the nearest fen, halves away from zero, and has no minus zero', () => {
        expect(formatYuanFen(5_000n)).toBe('¥0.01');
        expect(formatYuanFen(4_999n)).toBe('¥0.00');
        expect(formatYuanFen(-4_999n)).toBe('¥0.00');
        expect(formatYuanFen(-1_234_565_000n)).toBe('\u2212¥1,234.57');
        expect(formatYuanFen(12_340_000n)).toBe('¥12.34');
    });
});
