import { Button, type TableColumnsType } from 'antd';
import { useSearchParams } from 'react-router-dom';
import { formatQuantity } from '../core/quantity';
import { formatDateTime, millis } from '../core/time';
import { OrderKind, OrderState, SuspenseState, type Order, type Posting } from '../gen/prepay/account/v1/account_pb';
import type { Charge } from '../gen/prepay/billing/v1/billing_pb';
import { useText } from '../i18n/console_text';
import { accounts, billing } from '../session/clients';
import { When, Yuan } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState } from '../ui/surface';
import { useZone } from '../ui/surroundings';
import { usePages } from '../ui/use_pages';
import { ChargeDrawer } from './charge_drawer';

const pageSize = 50;

interface TabProps {
    roomId: string;
    accountId: string;
}

/** Which charge is open is part of the address. */
function useOpenCharge() {
    const [params, setParams] = useSearchParams();
    const setCharge = (chargeId: string | null) =>
        setParams((old) => {
            const next = new URLSearchParams(old);
            if (chargeId) next.set('charge', chargeId);
            else next.delete('charge');
            return next;
        });
    return { chargeId: params.get('charge'), setCharge };
}

export function PostingsTab({ roomId, accountId }: TabProps) {
    const { t, lookUp } = useText();
    const zone = useZone();
    const { chargeId, setCharge } = useOpenCharge();
    const query = usePages(
        ['of-room', roomId, 'postings', accountId],
        (pageToken) => accounts.listPostings({ accountId, pageSize, pageToken }),
        (page) => page.postings,
    );
    const isCharge = (posting: Posting) => posting.kind === 'charge' || posting.kind === 'reversal';
    const columns: TableColumnsType<Posting> = [
        { title: t('posting.time'), render: (_, p) => <When time={p.sourceTime ?? p.postTime} note={p.postTime && t('posting.posted', { time: formatDateTime(millis(p.postTime), zone) })} /> },
        { title: t('posting.kind'), render: (_, p) => lookUp(`posting.kind.${p.kind}`) ?? p.kind },
        { title: t('posting.amount'), align: 'right', render: (_, p) => <Yuan micros={p.amountMicros} /> },
        { title: t('posting.balance_after'), align: 'right', render: (_, p) => <Yuan micros={p.balanceAfterMicros} floor /> },
        {
            title: t('posting.source'),
            render: (_, p) =>
                isCharge(p) ? (
                    <Button type="link" size="small" className="mono" onClick={() => setCharge(p.sourceId)}>{t('posting.explain', { id: p.sourceId })}</Button>
                ) : (
                    <span className="mono">{p.sourceId}</span>
                ),
        },
    ];
    return (
        <>
            <PageTable query={query} columns={columns} rowKey={(p) => String(p.postingId)} empty={<EmptyState title={t('posting.empty')} hint={t('posting.empty.hint')} />} />
            {chargeId && <ChargeDrawer chargeId={chargeId} onClose={() => setCharge(null)} />}
        </>
    );
}

export function ChargesTab({ roomId, accountId }: TabProps) {
    const { t } = useText();
    const { chargeId, setCharge } = useOpenCharge();
    const query = usePages(
        ['of-room', roomId, 'charges', accountId],
        (pageToken) => billing.listCharges({ accountId, pageSize, pageToken }),
        (page) => page.charges,
    );
    const columns: TableColumnsType<Charge> = [
        { title: t('charge.from'), render: (_, c) => <When time={c.startTime} /> },
        { title: t('charge.to'), render: (_, c) => <When time={c.endTime} /> },
        { title: t('meter.meter'), render: (_, c) => <span className="mono">{c.meterId}</span> },
        { title: t('charge.quantity'), align: 'right', className: 'num', render: (_, c) => formatQuantity(c.quantity, c.resource) },
        { title: t('charge.amount'), align: 'right', render: (_, c) => <Yuan micros={c.amountMicros} /> },
        { title: t('tariff.tariff'), render: (_, c) => t('charge.tariff_version', { tariff: c.tariffId, version: c.tariffVersion }) },
        { title: <span className="sr">{t('common.actions')}</span>, render: (_, c) => <Button type="link" size="small" onClick={() => setCharge(c.chargeId)}>{t('charge.explain')}</Button> },
    ];
    return (
        <>
            <PageTable query={query} columns={columns} rowKey={(c) => c.chargeId} empty={<EmptyState title={t('charge.empty')} hint={t('charge.empty.hint')} />} />
            {chargeId && <ChargeDrawer chargeId={chargeId} onClose={() => setCharge(null)} />}
        </>
    );
}

/** The state, and what a person has to know about it. */
function OrderOutcome({ order }: { order: Order }) {
    const { t, lookUp } = useText();
    const settled = order.suspenseState === SuspenseState.SETTLED;
    return (
        <>
            {lookUp(`order.state.${OrderState[order.state]?.toLowerCase()}`)}
            {settled && <div className="faint">{t('order.settled')}</div>}
            {order.failureReason && !settled && <div className="negative">{lookUp(`reason.${order.failureReason}`) ?? order.failureReason}</div>}
        </>
    );
}

export function OrdersTab({ roomId, accountId }: TabProps) {
    const { t, lookUp } = useText();
    const query = usePages(
        ['of-room', roomId, 'orders', accountId],
        (pageToken) => accounts.listOrders({ accountId, pageSize, pageToken }),
        (page) => page.orders,
    );
    const columns: TableColumnsType<Order> = [
        { title: t('order.time'), render: (_, o) => <When time={o.createTime} /> },
        { title: t('order.kind'), render: (_, o) => lookUp(`order.kind.${OrderKind[o.kind]?.toLowerCase()}`) },
        { title: t('order.state'), render: (_, o) => <OrderOutcome order={o} /> },
        { title: t('order.amount'), align: 'right', render: (_, o) => <Yuan micros={o.amountMicros} /> },
        { title: t('order.user'), dataIndex: 'createUser' },
        { title: t('money.note'), render: (_, o) => lookUp(`fixed_text.${o.note}`) ?? o.note },
        {
            title: t('order.id'),
            render: (_, o) => (
                <>
                    <div className="mono">{o.orderId}</div>
                    {o.providerTransactionId && <div className="mono faint" title={t('order.transaction')}>{o.providerTransactionId}</div>}
                </>
            ),
        },
    ];
    return <PageTable query={query} columns={columns} rowKey={(o) => o.orderId} empty={<EmptyState title={t('order.empty')} hint={t('order.empty.hint')} />} />;
}
