import { describe, expect, it } from 'vitest';
import { addDays, formatDateTime, instantOfLocal } from '../src/core/time';

describe('times in the site zone', () => {
    it('show the local clock', () => expect(formatDateTime(Date.UTC(2026, 2, 1, 6, 5, 9), 'Asia/Shanghai')).toBe('2026-03-01 14:05:09'));
    it('come back from local text, on both sides of a clock change', () => {
        for (const instant of [Date.UTC(2026, 2, 8, 6), Date.UTC(2026, 2, 8, 12), Date.UTC(2026, 6, 1, 0)]) {
            const local = formatDateTime(instant, 'America/New_York').replace(' ', 'T');
            expect(instantOfLocal(local, 'America/New_York')).toBe(instant);
        }
    });
    it('add days over a month', () => expect(addDays('2026-02-27', 2)).toBe('2026-03-01'));
});
