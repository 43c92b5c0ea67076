import { formatQuantity, unitText } from '../core/quantity';
import { formatPrice } from '../core/money';
import { RatePeriod, TierSpan, type DaySlot, type Season, type TariffDefinition, type Tier } from '../gen/prepay/billing/v1/billing_pb';
import type { Resource } from '../gen/prepay/common/v1/common_pb';
import { useText } from '../i18n/console_text';
import { ScrollX } from '../ui/scroll_x';
import { dayTypeKey, minuteText, periodClass } from './periods';

function usePeriodText(): (period: RatePeriod) => string {
    const { lookUp } = useText();
    return (period) => lookUp(`rate.${RatePeriod[period]?.toLowerCase()}`) ?? '';
}

/** A local day as a strip of coloured slots, with the word in each slot that has room for it. */
export function DayStrip({ slots }: { slots: readonly DaySlot[] }) {
    const periodText = usePeriodText();
    const label = slots.map((s) => `${minuteText(s.startMinute)}–${minuteText(s.endMinute)} ${periodText(s.period)}`).join(', ');
    return (
        <div className="day-strip" role="img" aria-label={label}>
            {slots.map((slot) => {
                const minutes = slot.endMinute - slot.startMinute;
                return (
                    <span key={slot.startMinute} className={periodClass(slot.period)} style={{ flexGrow: minutes }} title={`${minuteText(slot.startMinute)}–${minuteText(slot.endMinute)} ${periodText(slot.period)}`}>
                        {minutes >= 60 && periodText(slot.period)}
                        <small>{minuteText(slot.startMinute)}</small>
                    </span>
                );
            })}
        </div>
    );
}

function SeasonView({ season }: { season: Season }) {
    const { t } = useText();
    return (
        <div className="season">
            <h3>{season.name} <small>{t('tariff.months', { months: season.months.join(', ') })}</small></h3>
            {season.schedules.map((schedule) => (
                <div key={schedule.dayType} className="season-row">
                    <span>{t(season.schedules.length === 1 ? 'day_type.every' : dayTypeKey(schedule.dayType))}</span>
                    <DayStrip slots={schedule.slots} />
                </div>
            ))}
        </div>
    );
}

function PriceTable({ definition, resource }: { definition: TariffDefinition; resource: Resource }) {
    const { t } = useText();
    const periodText = usePeriodText();
    const periods = [...new Set(definition.tiers.flatMap((tier) => tier.prices.map((p) => p.period)))].sort();
    const tiered = definition.tierSpan !== TierSpan.UNSPECIFIED;
    const bound = (tier: Tier, index: number) => {
        const from = formatQuantity(index === 0 ? 0n : definition.tiers[index - 1]!.upperBound, resource);
        return tier.upperBound === 0n ? t('tariff.from_quantity', { from }) : `${from} – ${formatQuantity(tier.upperBound, resource)}`;
    };
    return (
        <ScrollX label={t('tariff.prices')}>
            <table className="price-table">
                <thead>
                    <tr>
                        {tiered && <th>{t('charge.tier')}</th>}
                        {periods.map((period) => (
                            <th key={period} className="right"><i className={`swatch ${periodClass(period)}`} />{periodText(period)}</th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {definition.tiers.map((tier, index) => (
                        <tr key={index}>
                            {tiered && <th scope="row">{index + 1} <small className="num">{bound(tier, index)}</small></th>}
                            {periods.map((period) => {
                                const price = tier.prices.find((p) => p.period === period);
                                return <td key={period} className="num right">{price ? formatPrice(price.priceMicros) : '–'}</td>;
                            })}
                        </tr>
                    ))}
                </tbody>
            </table>
        </ScrollX>
    );
}

/** One version of a tariff: prices, and when which of them holds. */
export function DefinitionView({ definition, resource }: { definition: TariffDefinition; resource: Resource }) {
    const { t, lookUp } = useText();
    return (
        <div className="definition">
            <p className="faint">
                {t('tariff.unit_price', { unit: unitText(resource) })} · {definition.timeZone}
                {definition.tierSpan !== TierSpan.UNSPECIFIED && ` · ${lookUp(`tier_span.${TierSpan[definition.tierSpan].toLowerCase()}`)}`}
            </p>
            <PriceTable definition={definition} resource={resource} />
            {definition.seasons.map((season) => <SeasonView key={season.name} season={season} />)}
            {definition.holidays.length > 0 && <p className="faint">{t('tariff.holidays')}: {definition.holidays.join(', ')}</p>}
        </div>
    );
}
