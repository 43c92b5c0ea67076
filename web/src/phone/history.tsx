import { useMemo, useState } from 'react';
import { floorTo } from '../core/decimal';
import { fen, formatYuan, formatYuanFen } from '../core/money';
import { formatClock } from '../core/time';
import { useText } from './text';
import type { TenantData } from './use_tenant';
import { historyLines, usePerDay, type DayUse, type HistoryLine } from './usage';

const chart_days = 14;
const linesFirst = 12;

/** Height in whole per cent; pixels need no more. */
function percent(part: bigint, whole: bigint): number {
    return whole <= 0n || part <= 0n ? 0 : Number((part * 100n) / whole);
}

function DayBars({ days }: { days: readonly DayUse[] }) {
    const { t } = useText();
    const max = days.reduce((most, day) => (day.micros > most ? day.micros : most), 0n);
    return (
        <ol className="bars" aria-label={t('usage')}>
            {days.map((day) => (
                <li key={day.date} title={`${day.date} ${formatYuanFen(day.micros)}`}>
                    <span className="bar" style={{ height: `${Math.max(2, percent(day.micros, max))}%` }} />
                    <small>{day.date.slice(8)}</small>
                    <span className="sr">{day.date} {formatYuanFen(day.micros)}</span>
                </li>
            ))}
        </ol>
    );
}

function Line({ line, zone }: { line: HistoryLine; zone: string }) {
    const { t, lookUp } = useText();
    const use = line.kind === 'charge';
    return (
        <li>
            <span>
                <b>{use ? t('history.use') : (lookUp(`history.${line.kind}`) ?? line.kind)}</b>
                <small>{line.date}{use ? '' : ` ${formatClock(line.time_ms, zone)}`}</small>
            </span>
            <span className={line.micros < 0n ? 'num' : 'num plus'}>{line.micros > 0n ? '+' : ''}{formatYuan(use ? -floorTo(-line.micros, fen) : line.micros)}</span>
        </li>
    );
}

/** What was used each day, and every payment. */
export function History({ data }: { data: TenantData }) {
    const { t } = useText();
    const [all, setAll] = useState(false);
    const zone = data.overview?.timeZone ?? 'UTC';
    const postings = data.postings;
    const days = useMemo(() => (postings ? usePerDay(postings, zone, data.asOf_ms, chart_days, data.partial) : []), [postings, zone, data.asOf_ms, data.partial]);
    const lines = useMemo(() => (postings ? historyLines(postings, zone) : []), [postings, zone]);
    if (!postings) return <section className="history loading" aria-busy={data.failure === null}><i /><i /><i /></section>;
    if (lines.length === 0) return <section className="history"><p className="empty">{t('history.empty')}</p></section>;
    return (
        <section className="history">
            <h2>{t('usage')}</h2>
            <DayBars days={days} />
            <h2>{t('history')}</h2>
            <ul>{(all ? lines : lines.slice(0, linesFirst)).map((line) => <Line key={line.key} line={line} zone={zone} />)}</ul>
            {!all && lines.length > linesFirst && <button className="plain" type="button" onClick={() => setAll(true)}>{t('history.more')}</button>}
            {data.partial && <p className="empty">{t('history.partial')}</p>}
        </section>
    );
}
