import { Button, Input, Select } from 'antd';
import { parseQuantity, unitText } from '../core/quantity';
import { parsePrice } from '../core/money';
import { RatePeriod, TierSpan } from '../gen/prepay/billing/v1/billing_pb';
import type { Resource } from '../gen/prepay/common/v1/common_pb';
import { useText, type TextKey } from '../i18n/console_text';
import type { TierDraft } from './draft';
import { periodClass } from './periods';

interface TierEditorProps {
    resource: Resource;
    span: TierSpan;
    tiers: TierDraft[];
    periods: readonly RatePeriod[];
    onSpan: (span: TierSpan) => void;
    onTiers: (tiers: TierDraft[]) => void;
}

const spans = [TierSpan.UNSPECIFIED, TierSpan.MONTH, TierSpan.QUARTER, TierSpan.YEAR];

/** Prices by tier and period, typed as text and kept as typed. */
export function TierEditor({ resource, span, tiers, periods, onSpan, onTiers }: TierEditorProps) {
    const { t } = useText();
    const tiered = span !== TierSpan.UNSPECIFIED;
    const rows = tiered ? tiers : tiers.slice(0, 1);
    const setTier = (index: number, tier: TierDraft) => onTiers(tiers.map((old, i) => (i === index ? tier : old)));
    const periodWord = (period: RatePeriod) => t(`rate.${RatePeriod[period].toLowerCase()}` as TextKey);
    return (
        <div className="tiers">
            <Select aria-label={t('tariff.tier_span')} value={span} onChange={onSpan} className="tier-span" options={spans.map((value) => ({ value, label: t(`tier_span.${TierSpan[value].toLowerCase()}` as TextKey) }))} />
            <div className="scroll-x">
                <table className="price-table">
                    <thead>
                        <tr>
                            {tiered && <th>{t('tariff.up_to')}</th>}
                            {periods.map((period) => <th key={period} className="right"><i className={`swatch ${periodClass(period)}`} />{periodWord(period)}</th>)}
                            {tiered && <td />}
                        </tr>
                    </thead>
                    <tbody>
                        {rows.map((tier, index) => {
                            const last = index === rows.length - 1;
                            return (
                                <tr key={index}>
                                    {tiered && (
                                        <td>
                                            {last ? t('tariff.open_end') : (
                                                <Input aria-label={`${t('tariff.up_to')} ${index + 1}`} inputMode="decimal" suffix={unitText(resource)} value={tier.upperBound} status={tier.upperBound && parseQuantity(tier.upperBound, resource) === null ? 'error' : ''} onChange={(e) => setTier(index, { ...tier, upperBound: e.target.value })} />
                                            )}
                                        </td>
                                    )}
                                    {periods.map((period) => {
                                        const text = tier.prices[period] ?? '';
                                        return (
                                            <td key={period}>
                                                <Input className="price-input" aria-label={`${t('charge.price')} ${periodWord(period)} ${index + 1}`} inputMode="decimal" placeholder="0.0000" value={text} status={text && parsePrice(text) === null ? 'error' : ''} onChange={(e) => setTier(index, { ...tier, prices: { ...tier.prices, [period]: e.target.value } })} />
                                            </td>
                                        );
                                    })}
                                    {tiered && <td>{tiers.length > 1 && <Button size="small" type="text" aria-label={`${t('tariff.remove')} ${index + 1}`} onClick={() => onTiers(tiers.filter((_, i) => i !== index))}>×</Button>}</td>}
                                </tr>
                            );
                        })}
                    </tbody>
                </table>
            </div>
            {tiered && <Button size="small" onClick={() => onTiers([...tiers, { upperBound: '', prices: {} }])}>{t('tariff.add_tier')}</Button>}
        </div>
    );
}
