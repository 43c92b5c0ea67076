import { useQuery } from '@tanstack/react-query';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import { accounts } from '../session/clients';

const pageSize = 1000;
const pagesMax = 20;
const staleMs = 5 * 60_000;

async function fetchNames(siteId: string): Promise<Map<string, string>> {
    const names = new Map<string, string>();
    let pageToken = '';
    for (let page = 0; page < pagesMax; page++) {
        const answer = await accounts.listRooms({ siteId, pageSize, pageToken });
        for (const room of answer.rooms) names.set(room.roomId, room.displayName);
        pageToken = answer.nextPageToken;
        if (!pageToken) break;
    }
    return names;
}

/** Display names of a site's rooms by id. */
export function useRoomNames(siteId: string): ReadonlyMap<string, string> {
    const query = useQuery({ queryKey: ['room-names', siteId], queryFn: () => fetchNames(siteId), staleTime: staleMs });
    return query.data ?? new Map();
}

export function roomNames(account: Account, names: ReadonlyMap<string, string>): string {
    return account.roomIds.map((roomId) => names.get(roomId) ?? roomId).join(', ');
}
