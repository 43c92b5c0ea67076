import { useQuery } from '@tanstack/react-query';
import { Drawer, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { formatScaled } from '../core/decimal';
import { formatPrice, formatYuan } from '../core/money';
import { formatQuantity } from '../core/quantity';
import { millis, timestamp } from '../core/time';
import { RatePeriod, type Charge, type ChargeLine, type ExplainChargeResponse } from '../gen/prepay/billing/v1/billing_pb';
import { Resource } from '../gen/prepay/common/v1/common_pb';
import { ReadingSource, type Reading } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { billing, metering } from '../session/clients';
import { When } from '../ui/figures';
import { ScrollX } from '../ui/scroll_x';
import { EmptyState, Failed, SkeletonBlock } from '../ui/surface';

function Lines({ charge }: { charge: Charge }) {
    const { t, lookUp } = useText();
    const columns: TableColumnsType<ChargeLine> = [
        { title: t('charge.from'), render: (_, line) => <When time={line.startTime} /> },
        { title: t('charge.to'), render: (_, line) => <When time={line.endTime} /> },
        { title: t('charge.period'), render: (_, line) => lookUp(`rate.${RatePeriod[line.period]?.toLowerCase()}`) },
        { title: t('charge.tier'), dataIndex: 'tier', align: 'right' },
        { title: t('charge.quantity'), align: 'right', className: 'num', render: (_, line) => formatQuantity(line.quantity, charge.resource) },
        { title: t('charge.price'), align: 'right', className: 'num', render: (_, line) => formatPrice(line.priceMicros) },
        { title: t('charge.amount'), align: 'right', className: 'num', render: (_, line) => '¥' + formatScaled(line.amountNanos * 1000n + BigInt(line.amountPicosRest), 12, 2) },
    ];
    return <ScrollX label={t('charge.lines')}><Table size="small" rowKey={(line) => `${line.startTime?.seconds}-${line.period}-${line.tier}`} columns={columns} dataSource={charge.lines} pagination={false} /></ScrollX>;
}

/** The stored readings at both ends of the interval. */
function Readings({ explained }: { explained: ExplainChargeResponse }) {
    const { t, lookUp } = useText();
    const charge = explained.charge;
    const [start, end] = [charge?.startTime, charge?.endTime];
    const resource = charge?.resource ?? Resource.ELECTRICITY;
    const query = useQuery({
        queryKey: ['readings', charge?.chargeId],
        enabled: Boolean(charge && start && end),
        queryFn: () =>
            metering.listReadings({ meterId: charge!.meterId, startTime: timestamp(millis(start!) - 60_000), endTime: timestamp(millis(end!) + 60_000), pageSize: 500 }),
    });
    if (query.isPending) return <SkeletonBlock rows={3} />;
    if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
    const ids = [explained.startReadingId, explained.endReadingId];
    const rows = query.data.readings.filter((reading) => ids.includes(reading.readingId));
    const columns: TableColumnsType<Reading> = [
        { title: t('reading.id'), render: (_, r) => <span className="mono">{String(r.readingId)}</span> },
        { title: t('reading.time'), render: (_, r) => <When time={r.readTime} /> },
        { title: t('reading.register'), align: 'right', className: 'num', render: (_, r) => formatQuantity(r.registerTotal, resource) },
        { title: t('reading.source'), render: (_, r) => lookUp(`reading.source.${ReadingSource[r.source]?.toLowerCase()}`) },
    ];
    if (rows.length === 0) return <p className="faint">{t('reading.not_listed', { start: String(ids[0]), end: String(ids[1]) })}</p>;
    return <ScrollX label={t('charge.readings')}><Table size="small" rowKey={(r) => String(r.readingId)} columns={columns} dataSource={rows} pagination={false} /></ScrollX>;
}

function Explained({ explained }: { explained: ExplainChargeResponse }) {
    const { t } = useText();
    const charge = explained.charge;
    if (!charge) return <EmptyState title={t('charge.none')} />;
    return (
        <div className="explained">
            <div className="balance">{formatYuan(charge.amountMicros)} <small>{formatQuantity(charge.quantity, charge.resource)}</small></div>
            <dl className="facts">
                <dt>{t('charge.registers')}</dt>
                <dd className="num">{formatQuantity(explained.startRegisterTotal, charge.resource)} → {formatQuantity(explained.endRegisterTotal, charge.resource)}</dd>
                <dt>{t('tariff.tariff')}</dt>
                <dd>{t('charge.tariff_version', { tariff: charge.tariffId, version: charge.tariffVersion })}</dd>
                <dt>{t('charge.tier_counter')}</dt>
                <dd className="num">{formatQuantity(explained.tierQuantityBefore, charge.resource)} → {formatQuantity(explained.tierQuantityAfter, charge.resource)}</dd>
                <dt>{t('charge.remainder')}</dt>
                <dd className="num">{t('charge.remainder_value', { before: String(explained.remainderBeforePicos), after: String(explained.remainderAfterPicos) })}</dd>
            </dl>
            <h3>{t('charge.arithmetic')}</h3>
            <pre className="arithmetic" tabIndex={0}>{explained.arithmetic.join('\n')}</pre>
            <h3>{t('charge.lines')}</h3>
            <Lines charge={charge} />
            <h3>{t('charge.readings')}</h3>
            <Readings explained={explained} />
        </div>
    );
}

/** From an amount down to the arithmetic and the readings it came from. */
export function ChargeDrawer({ chargeId, onClose }: { chargeId: string; onClose: () => void }) {
    const { t } = useText();
    const [open, setOpen] = useState(true);
    const query = useQuery({ queryKey: ['charge', chargeId], queryFn: () => billing.explainCharge({ chargeId }) });
    return (
        <Drawer open={open} onClose={() => setOpen(false)} afterOpenChange={(now) => !now && onClose()} size={640} title={`${t('charge.title')} ${chargeId}`}>
            {query.isPending && <SkeletonBlock rows={10} />}
            {query.isError && <Failed error={query.error} retry={() => query.refetch()} />}
            {query.data && <Explained explained={query.data} />}
        </Drawer>
    );
}
