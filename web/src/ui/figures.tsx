import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { useEffect, useState } from 'react';
import { formatYuan, formatYuanFloor } from '../core/money';
import { formatDateTime, formatUtc, millis } from '../core/time';
import { useZone } from '../app/site';
import { useText } from '../i18n/console_text';

/**
 * An amount: floored to the fen when `floor`, exact on hover; red below zero. In a `column` of exact
 * amounts the points stand under each other.
 */
export function Yuan({ micros, floor, column }: { micros: bigint; floor?: boolean; column?: boolean }) {
    const text = floor ? formatYuanFloor(micros) : formatYuan(micros);
    const missing = column ? 6 - (text.length - 1 - text.indexOf('.')) : 0;
    return (
        <span
            className={micros < 0n ? 'num negative' : 'num'}
            title={formatYuan(micros)}
            data-pad={missing > 0 ? '0'.repeat(missing) : undefined}
        >
            {text}
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
