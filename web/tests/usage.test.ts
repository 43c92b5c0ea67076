import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { timestamp } from '../src/core/time';
import { DailyUseSchema, PostingSchema } from '../src/gen/prepay/account/v1/account_pb';
import { historyLines } from '../src/phone/usage';

const zone = 'Asia/Shanghai';
const local = (text: string) => Date.parse(`${text}+08:00`);
const day = (localDate: string, amountMicros: bigint) => create(DailyUseSchema, { localDate, amountMicros });
const posting = (id: number, kind: string, source: string, micros: bigint) =>
    create(PostingSchema, { postingId: BigInt(id), kind, postTime: timestamp(local('2026-03-10T12:00:00')), sourceTime: timestamp(local(source)), amountMicros: micros });

describe('history of a tenant', () => {
    it('has a line a day with use and one a payment, newest first', () => {
        const days = [day('2026-03-08', 4000n), day('2026-03-09', 0n), day('2026-03-10', 1n)];
        const payments = [posting(7, 'refund', '2026-03-10T00:00:01', -50n), posting(1, 'top-up', '2026-03-08T23:59:59', 9000n)];
        expect(historyLines(days, payments, zone).map((line) => [line.date, line.kind, line.micros])).toEqual([
            ['2026-03-10', 'refund', -50n],
            ['2026-03-10', 'charge', -1n],
            ['2026-03-08', 'top-up', 9000n],
            ['2026-03-08', 'charge', -4000n],
        ]);
    });
    it('shows a day whose charges were taken back as money back', () => {
        expect(historyLines([day('2026-03-08', -4000n)], [], zone)[0]?.micros).toBe(4000n);
    });
});
