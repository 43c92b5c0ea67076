import { useQuery } from '@tanstack/react-query';
import { formatYuanFen } from '../core/money';
import { formatUse } from '../core/quantity';
import { formatDate } from '../core/time';
import type { RoomHour } from '../gen/prepay/reporting/v1/reporting_pb';
import { reporting } from '../session/clients';
import { useZone } from '../ui/surroundings';

const refetchEveryMs = 60_000;

/** The hours of a room's local day. Every figure of that day on the room's page is made of them. */
export function useRoomDay(roomId: string, date: string) {
    const today = formatDate(Date.now(), useZone());
    return useQuery({
        queryKey: ['of-room', roomId, 'hours', date],
        queryFn: () => reporting.listRoomHours({ roomId, localDate: date }),
        refetchInterval: date === today ? refetchEveryMs : false,
    });
}

/** Energy, water where there was any, and amount of some hours, in words. */
export function totalOf(hours: readonly RoomHour[]): string {
    const wh = hours.reduce((sum, hour) => sum + hour.energyWh, 0n);
    const ml = hours.reduce((sum, hour) => sum + hour.waterMl, 0n);
    const micros = hours.reduce((sum, hour) => sum + hour.amountMicros, 0n);
    return `${formatUse(wh, ml === 0n ? undefined : ml)} · ${formatYuanFen(micros)}`;
}
