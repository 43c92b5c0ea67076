import { Button, Input } from 'antd';
import { useState } from 'react';
import { DayType, RatePeriod } from '../gen/prepay/billing/v1/billing_pb';
import { useText } from '../i18n/console_text';
import { BrushPicker, DayPainter } from './day_painter';
import { flatDay, type SeasonDraft } from './draft';
import { allMonths } from './draft';
import { dayTypeKey } from './periods';

const dayTypes = [DayType.UNSPECIFIED, DayType.WEEKDAY, DayType.WEEKEND, DayType.HOLIDAY];

interface SeasonProps {
    season: SeasonDraft;
    brush: RatePeriod;
    onChange: (season: SeasonDraft) => void;
    onMonth: (month: number) => void;
    onRemove?: () => void;
}

function SeasonCard({ season, brush, onChange, onMonth, onRemove }: SeasonProps) {
    const { t } = useText();
    const missing = dayTypes.filter((type) => !season.schedules.some((s) => s.dayType === type));
    return (
        <div className="season-card">
            <div className="season-head">
                <Input size="small" aria-label={t('tariff.season_name')} value={season.name} onChange={(e) => onChange({ ...season, name: e.target.value })} />
                <div className="months" role="group" aria-label={t('tariff.season_months')}>
                    {allMonths.map((month) => (
                        <button key={month} type="button" aria-pressed={season.months.includes(month)} onClick={() => onMonth(month)}>{month}</button>
                    ))}
                </div>
                {onRemove && <Button size="small" type="text" danger onClick={onRemove}>{t('tariff.remove')}</Button>}
            </div>
            {season.schedules.map((schedule, index) => (
                <div key={schedule.dayType} className="season-row">
                    <span>{t(dayTypeKey(schedule.dayType))}</span>
                    <DayPainter
                        label={t(dayTypeKey(schedule.dayType))}
                        brush={brush}
                        cells={schedule.cells}
                        onChange={(cells) => onChange({ ...season, schedules: season.schedules.map((s, i) => (i === index ? { ...s, cells } : s)) })}
                    />
                    {season.schedules.length > 1 && (
                        <Button size="small" type="text" aria-label={t('tariff.remove')} onClick={() => onChange({ ...season, schedules: season.schedules.filter((_, i) => i !== index) })}>×</Button>
                    )}
                </div>
            ))}
            <div className="hours-axis" aria-hidden="true">{[0, 6, 12, 18, 24].map((hour) => <span key={hour}>{hour}</span>)}</div>
            {missing.map((dayType) => (
                <Button key={dayType} size="small" type="dashed" onClick={() => onChange({ ...season, schedules: [...season.schedules, { dayType, cells: season.schedules[0]?.cells ?? flatDay() }] })}>
                    + {t(dayTypeKey(dayType))}
                </Button>
            ))}
        </div>
    );
}

/** Seasons of a tariff; a month belongs to exactly one of them, so taking it here takes it away there. */
export function SeasonsEditor({ seasons, onChange }: { seasons: SeasonDraft[]; onChange: (seasons: SeasonDraft[]) => void }) {
    const { t } = useText();
    const [brush, setBrush] = useState(RatePeriod.PEAK);
    const takeMonth = (index: number, month: number) =>
        onChange(
            seasons.map((season, i) => {
                const others = season.months.filter((m) => m !== month);
                return { ...season, months: i === index ? [...others, month].sort((a, b) => a - b) : others };
            }),
        );
    const add = () => onChange([...seasons, { name: t('tariff.season_new', { n: seasons.length + 1 }), months: [], schedules: [{ dayType: DayType.UNSPECIFIED, cells: flatDay() }] }]);
    const remove = (index: number) => {
        const months = seasons[index]!.months;
        const rest = seasons.filter((_, i) => i !== index);
        onChange(rest.map((season, i) => (i === 0 ? { ...season, months: [...season.months, ...months].sort((a, b) => a - b) } : season)));
    };
    return (
        <div className="seasons">
            <BrushPicker brush={brush} onChange={setBrush} />
            {seasons.map((season, index) => (
                <SeasonCard
                    key={index}
                    season={season}
                    brush={brush}
                    onChange={(changed) => onChange(seasons.map((s, i) => (i === index ? changed : s)))}
                    onMonth={(month) => takeMonth(index, month)}
                    onRemove={seasons.length > 1 ? () => remove(index) : undefined}
                />
            ))}
            <Button size="small" onClick={add}>{t('tariff.add_season')}</Button>
        </div>
    );
}
