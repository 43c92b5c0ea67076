import { useMemo, useState } from 'react';
import { formatYuan, formatYuanFen } from '../core/money';
import { formatClock } from '../core/time';
import { useText } from './text';
import type { TenantData } from './use_tenant';
import type { DailyUse } from '../gen/prepay/account/v1/account_pb';
import { historyLines, type HistoryLine } from './usage';

const chartDays = 14;
const linesFirst = 12;

/** Height in whole per cent; pixels need no more. */
function percent(part: bigint, whole: bigint): number {
    return whole <= 0n || part <= 0n ? 0 : Number((part * 100n) / whole);
}

function DayBars({ days }: { days: readonly DailyUse[] }) {
    const { t } = useText();
    const max = days.reduce((most, day) => (day.amountMicros > most ? day.amountMicros : most), 0n);
    return (
        <ol className="bars" aria-label={t('usage')}>
            {days.map((day) => (
                <li key={day.localDate} title={`${day.localDate} ${formatYuanFen(day.amountMicros)}`}>
                    <span className="bar" style={{ height: `${Math.max(2, percent(day.amountMicros, max))}%` }} />
                    <small>{day.localDate.slice(8)}</small>
                    <span className="sr">{day.localDate} {formatYuanFen(day.amountMicros)}</span>
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
                <small>{line.date}{use ? '' : ` ${formatClock(line.timeMs, zone)}`}</small>
            </span>
            <span className={line.micros < 0n ? 'num' : 'num plus'}>{line.micros > 0n ? '+' : ''}{use ? formatYuanFen(line.micros) : formatYuan(line.micros)}</span>
        </li>
    );
}

/** What was used each day, and every payment. */
export function History({ data }: { data: TenantData }) {
    const { t } = useText();
    const [all, setAll] = useState(false);
    const zone = data.overview?.timeZone ?? 'UTC';
    const { days, payments } = data;
    const lines = useMemo(() => (days ? historyLines(days, payments, zone) : []), [days, payments, zone]);
    if (!days) return <section className="history loading" aria-busy={data.failure === null}><i /><i /><i /></section>;
    if (lines.length === 0) return <section className="history"><p className="empty">{t('history.empty')}</p></section>;
    return (
        <section className="history">
            <h2>{t('usage')}</h2>
            <DayBars days={days.slice(-chartDays)} />
            <h2>{t('history')}</h2>
            <ul>{(all ? lines : lines.slice(0, linesFirst)).map((line) => <Line key={line.key} line={line} zone={zone} />)}</ul>
            {!all && lines.length > linesFirst && <button className="plain" type="button" onClick={() => setAll(true)}>{t('history.more')}</button>}
            {data.partial && <p className="empty">{t('history.partial')}</p>}
        </section>
    );
}
