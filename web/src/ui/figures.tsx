import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { useEffect, useState } from 'react';
import { formatYuan, formatYuanFen, formatYuanFloor } from '../core/money';
import { formatDateTime, formatUtc, millis } from '../core/time';
import { useText } from '../i18n/console_text';
import { useZone } from './surroundings';

/** An amount in fen, exact on hover; red below zero. A balance is floored, so that it never looks larger than it is. */
export function Yuan({ micros, floor }: { micros: bigint; floor?: boolean }) {
    return (
        <span className={micros < 0n ? 'num negative' : 'num'} title={formatYuan(micros)}>
            {floor ? formatYuanFloor(micros) : formatYuanFen(micros)}
        </span>
    );
}

/** A time in the site's zone, UTC on hover, with a word more when there is one. */
export function When({ time, note }: { time: Timestamp | undefined; note?: string }) {
    const zone = useZone();
    if (!time) return <span className="faint">–</span>;
    const ms = millis(time);
    return (
        <time className="num" dateTime={new Date(ms).toISOString()} title={[formatUtc(ms), note].filter(Boolean).join('\n')}>
            {formatDateTime(ms, zone)}
        </time>
    );
}

/** "3 s ago", up to a minute; the time itself after that. */
export function Ago({ time }: { time: Timestamp | undefined }) {
    const { t } = useText();
    const [now, setNow] = useState(() => Date.now());
    useEffect(() => {
        const timer = setInterval(() => setNow(Date.now()), 1000);
        return () => clearInterval(timer);
    }, []);
    if (!time) return <span className="faint">–</span>;
    const seconds = Math.max(0, Math.floor((now - millis(time)) / 1000));
    if (seconds >= 60) return <When time={time} />;
    return <span className="num" title={formatUtc(millis(time))}>{t('common.seconds_ago', { seconds })}</span>;
}
