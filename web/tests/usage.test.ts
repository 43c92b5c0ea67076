import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { timestamp } from '../src/core/time';
import { PostingSchema } from '../src/gen/prepay/account/v1/account_pb';
import { historyLines, usePerDay } from '../src/phone/usage';

const zone = 'Asia/Shanghai';
const local = (text: string) => Date.parse(`${text}+08:00`);
const posting = (id: number, kind: string, source: string, micros: bigint) =>
    create(PostingSchema, { postingId: BigInt(id), kind, postTime: timestamp(local('2026-03-10T12:00:00')), sourceTime: timestamp(local(source)), amountMicros: micros });

describe('use per day', () => {
    const imported = [
        posting(5, 'charge', '2026-03-10T11:00:00', -1n),
        posting(4, 'charge', '2026-03-10T00:00:00', -20n),
        posting(3, 'charge', '2026-03-09T23:00:00', -300n),
        posting(2, 'charge', '2026-03-08T10:00:00', -4000n),
        posting(1, 'top-up', '2026-03-08T09:00:00', 9000n),
    ];
    it('counts on the day it was used, not on the day it was posted; midnight ends a day', () => {
        expect(usePerDay(imported, zone, local('2026-03-10T12:00:00'), 3)).toEqual([
            { date: '2026-03-08', micros: 4000n },
            { date: '2026-03-09', micros: 320n },
            { date: '2026-03-10', micros: 1n },
        ]);
    });
    it('is listed newest first, whatever was posted last', () => {
        const late = [posting(6, 'reversal', '2026-03-08T10:00:00', 4000n), ...imported];
        expect(historyLines(late, zone).map((line) => [line.date, line.kind, line.micros])).toEqual([
            ['2026-03-10', 'charge', -1n],
            ['2026-03-09', 'charge', -320n],
            ['2026-03-08', 'charge', 0n],
            ['2026-03-08', 'top-up', 9000n],
        ]);
    });
});
