import { Button } from 'antd';
import { useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { roomNames, useRoomNames } from '../actions/room_names';
import type { SuspenseItem } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { accounts } from '../session/clients';
import { When, Yuan } from '../ui/figures';
import { Failed, Panel } from '../ui/surface';
import { usePages } from '../ui/use_pages';
import { CreditDialog, PaidBackDialog } from './suspense_dialogs';

const pageSize = 20;

/** Whose order was paid: rooms and name. */
function Payer({ siteId, accountId }: { siteId: string; accountId: string }) {
    const names = useRoomNames(siteId);
    const account = useQuery({ queryKey: ['account', accountId], queryFn: () => accounts.getAccount({ accountId }) }).data?.account;
    return <b>{account ? [roomNames(account, names), account.customer?.displayName].filter(Boolean).join(' ') : '…'}</b>;
}

interface ItemProps {
    item: SuspenseItem;
    onCredit: () => void;
    onPaidBack: () => void;
}

function Item({ item, onCredit, onPaidBack }: ItemProps) {
    const { t, lookUp } = useText();
    return (
        <li className="suspense-item">
            <div className="suspense-who">
                <Payer siteId={item.siteId} accountId={item.accountId} />
                <When time={item.receiveTime} />
                <Yuan micros={item.amountMicros} />
            </div>
            <div>{lookUp(`reason.${item.reason}`) ?? item.reason}</div>
            <dl className="facts faint">
                <dt>{t('order.id')}</dt><dd className="mono">{item.orderId}</dd>
                <dt>{t('order.transaction')}</dt><dd className="mono">{item.providerTransactionId}</dd>
            </dl>
            <div className="receipt-actions">
                <Button size="small" onClick={onPaidBack}>{t('suspense.paid_back')}</Button>
                <Button size="small" type="primary" onClick={onCredit}>{t('suspense.credit')}</Button>
            </div>
        </li>
    );
}

/** Payments that no order could take, where there are any: to be credited by hand, or paid back. */
export function SuspensePanel({ siteId, onSettled }: { siteId: string; onSettled: () => void }) {
    const { t } = useText();
    const [asked, setAsked] = useState<{ item: SuspenseItem; credit: boolean } | null>(null);
    const query = usePages(['suspense', siteId], (pageToken) => accounts.listSuspense({ siteId, pageSize, pageToken }), (page) => page.items);
    const close = () => {
        setAsked(null);
        void query.refetch();
    };
    if (query.error && query.rows.length === 0) return <Failed error={query.error} retry={() => query.refetch()} />;
    if (query.rows.length === 0) return null;
    const Dialog = asked?.credit ? CreditDialog : PaidBackDialog;
    return (
        <Panel title={t('suspense.title')} className="suspense no-print">
            <p className="faint">{t('suspense.hint')}</p>
            <ul>
                {query.rows.map((item) => (
                    <Item key={item.providerTransactionId} item={item} onCredit={() => setAsked({ item, credit: true })} onPaidBack={() => setAsked({ item, credit: false })} />
                ))}
            </ul>
            {query.hasNextPage && (
                <div className="more">
                    <Button size="small" loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>{t('common.more')}</Button>
                </div>
            )}
            {asked && <Dialog item={asked.item} siteId={siteId} onClose={close} onDone={onSettled} />}
        </Panel>
    );
}
