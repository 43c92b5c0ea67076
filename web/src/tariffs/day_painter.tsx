import { useRef, type KeyboardEvent } from 'react';
import { RatePeriod } from '../gen/prepay/billing/v1/billing_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { cellsPerDay, type DayCells } from './draft';
import { minuteText, periodClass, periods } from './periods';

interface DayPainterProps {
    label: string;
    cells: DayCells;
    brush: RatePeriod;
    onChange: (cells: DayCells) => void;
}

const minutesPerCell = 24 * 60 / cellsPerDay;

/** The 48 half hours of a day. Drag with the brush, or move with the arrows and paint with Space. */
export function DayPainter({ label, cells, brush, onChange }: DayPainterProps) {
    const { t } = useText();
    const painting = useRef(false);
    const paint = (index: number) => {
        if (cells[index] !== brush) onChange(cells.map((period, i) => (i === index ? brush : period)));
    };
    const onKey = (event: KeyboardEvent<HTMLDivElement>) => {
        const target = event.target as HTMLElement;
        const step = event.key === 'ArrowRight' ? 'nextElementSibling' : event.key === 'ArrowLeft' ? 'previousElementSibling' : null;
        if (step) (target[step] as HTMLElement | null)?.focus();
    };
    return (
        <div className="painter" role="group" aria-label={label} onKeyDown={onKey} onPointerLeave={() => { painting.current = false; }} onPointerUp={() => { painting.current = false; }}>
            {cells.map((period, index) => {
                const from = minuteText(index * minutesPerCell);
                const word = t(`rate.${RatePeriod[period].toLowerCase()}` as TextKey);
                return (
                    <button
                        key={index}
                        type="button"
                        tabIndex={index === 0 ? 0 : -1}
                        className={periodClass(period)}
                        aria-label={`${from} ${word}`}
                        title={`${from} ${word}`}
                        onPointerDown={(event) => {
                            event.currentTarget.releasePointerCapture(event.pointerId);
                            painting.current = true;
                            paint(index);
                        }}
                        onPointerEnter={() => painting.current && paint(index)}
                        onClick={() => paint(index)}
                    />
                );
            })}
        </div>
    );
}

/** Chooses the period to paint with. */
export function BrushPicker({ brush, onChange }: { brush: RatePeriod; onChange: (period: RatePeriod) => void }) {
    const { t } = useText();
    return (
        <div className="brushes" role="group" aria-label={t('tariff.brush')}>
            {periods.map((period) => (
                <button key={period} type="button" aria-pressed={brush === period} className={`brush ${periodClass(period)}`} onClick={() => onChange(period)}>
                    {t(`rate.${RatePeriod[period].toLowerCase()}` as TextKey)}
                </button>
            ))}
        </div>
    );
}
