import { memo } from 'react';
import { Link } from 'react-router-dom';
import { formatYuanFen, formatYuanFloor } from '../core/money';
import { formatUse } from '../core/quantity';
import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { Glyph } from '../ui/glyphs';
import { lookOf } from '../ui/states';

interface TileProps {
    room: WallRoom;
    /** Picking rooms for a batch task: a click picks instead of opening. */
    picking: boolean;
    picked: boolean;
    onPick: (roomId: string) => void;
}

/** One room of the wall. Drawn again only when its room or its pick changes. */
export const Tile = memo(function Tile({ room, picking, picked, onPick }: TileProps) {
    const { t } = useText();
    const look = lookOf(room.state);
    const word = t(look.word);
    const owned = room.accountId !== '' && room.customerName !== '';
    const title = [
        `${room.displayName} · ${word}${room.keepPower ? ' · ' + t('state.keep_power') : ''}`,
        room.holds.some((hold) => hold.keepPowerOverridden) ? t('power_off.overridden') : '',
        owned ? `${room.customerName} · ${formatYuanFloor(room.balanceMicros)}` : '',
        `${t('common.today')} ${formatUse(room.energyTodayWh, room.waterTodayMl)} · ${formatYuanFen(room.amountTodayMicros)}`,
    ].filter(Boolean).join('\n');
    const body = (
        <>
            <Glyph name={look.glyph} />
            <b>{room.displayName}</b>
            {room.keepPower && <Glyph name="shield" />}
            <span className="tile-foot">
                <i>{word}</i>
                {owned && <span className={room.balanceMicros < 0n ? 'num negative' : 'num'}>{formatYuanFloor(room.balanceMicros)}</span>}
            </span>
        </>
    );
    const className = `tile tone-${look.tone}${picked ? ' picked' : ''}`;
    return picking ? (
        <button type="button" className={className} title={title} aria-pressed={picked} onClick={() => onPick(room.roomId)}>
            {body}
        </button>
    ) : (
        <Link className={className} title={title} to={`/rooms/${encodeURIComponent(room.roomId)}`}>
            {body}
        </Link>
    );
});
