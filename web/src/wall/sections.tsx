import { memo, useMemo } from 'react';
import { formatYuanFloor } from '../core/money';
import { formatUse } from '../core/quantity';
import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { groupRooms, type Floor } from './filter';
import { Tile } from './tile';

/** What is picked for a batch task, and how to pick. */
export interface Picks {
    picking: boolean;
    picked: ReadonlySet<string>;
    toggle: (roomId: string) => void;
}

interface TilesProps {
    rooms: readonly WallRoom[];
    picks: Picks;
}

function Tiles({ rooms, picks }: TilesProps) {
    return (
        <div className="tiles">
            {rooms.map((room) => (
                <Tile key={room.roomId} room={room} picking={picks.picking} picked={picks.picked.has(room.roomId)} onPick={picks.toggle} />
            ))}
        </div>
    );
}

interface FloorProps {
    floor: Floor;
    picks: Picks;
}

function sameFloor(a: FloorProps, b: FloorProps): boolean {
    const [left, right] = [a.floor.rooms, b.floor.rooms];
    const samePicks = a.picks.picking === b.picks.picking && a.picks.picked === b.picks.picked;
    return samePicks && left.length === right.length && left.every((room, i) => room === right[i]);
}

/** One floor; left alone while none of its rooms changes. */
const FloorRow = memo(function FloorRow({ floor, picks }: FloorProps) {
    return (
        <div className="floor">
            <h3>{floor.name}</h3>
            <Tiles rooms={floor.rooms} picks={picks} />
        </div>
    );
}, sameFloor);

/** The rooms that need a hand, the worst first. */
export function Problems({ rooms, picks }: TilesProps) {
    const { t } = useText();
    return (
        <section className="problems" aria-label={t('wall.problems')}>
            <h2>
                {t('wall.problems')} <span className="num">{rooms.length}</span>
            </h2>
            {rooms.length > 0 ? <Tiles rooms={rooms} picks={picks} /> : <p className="calm">{t('wall.no_problems')}</p>}
        </section>
    );
}

/** All rooms by building and floor. */
export function Buildings({ rooms, picks }: TilesProps) {
    const { t } = useText();
    const buildings = useMemo(() => groupRooms(rooms), [rooms]);
    return buildings.map((building) => {
        const all = building.floors.flatMap((floor) => floor.rooms);
        const wh = all.reduce((sum, room) => sum + room.energyTodayWh, 0n);
        const wet = all.filter((room) => room.waterTodayMl !== undefined);
        const ml = wet.length > 0 ? wet.reduce((sum, room) => sum + (room.waterTodayMl ?? 0n), 0n) : undefined;
        const micros = all.reduce((sum, room) => sum + room.amountTodayMicros, 0n);
        return (
            <section key={building.name} className="building">
                <h2>
                    {t('common.building', { building: building.name })}
                    <small>{t('wall.building_sum', { rooms: all.length, energy: formatUse(wh, ml), money: formatYuanFloor(micros) })}</small>
                </h2>
                {building.floors.map((floor) => <FloorRow key={floor.name} floor={floor} picks={picks} />)}
            </section>
        );
    });
}
