import { Button } from 'antd';
import { useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { RefundDialog } from '../actions/money_dialogs';
import { OrdersTab, PostingsTab } from '../actions/money_tabs';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { Yuan } from '../ui/figures';
import { Tabs } from '../ui/tabs';

interface ClosedAccountProps {
    account: Account;
    onBack: () => void;
}

/** What a tenant who has left still has: the books, and the refund of what is left. */
export function ClosedAccount({ account, onBack }: ClosedAccountProps) {
    const { t } = useText();
    const queries = useQueryClient();
    const [refunding, setRefunding] = useState(false);
    const [refunded, setRefunded] = useState(false);
    const [shown, setShown] = useState('postings');
    const tab = { roomId: '', accountId: account.accountId };
    return (
        <div className="cash-form">
            <div className="cash-who">
                <b>{t('cash.closed')}</b> {account.customer?.displayName} <span className="faint">{account.customer?.phone}</span>
                <Yuan micros={account.balanceMicros} floor />
            </div>
            <p className="faint">{t('cash.closed.hint')}</p>
            <div className="receipt-actions">
                <Button onClick={onBack}>{t('cash.back')}</Button>
                <Button type="primary" danger disabled={account.balanceMicros < 10_000n} onClick={() => setRefunding(true)}>{t('action.refund')}</Button>
            </div>
            <Tabs
                label={t('cash.closed')}
                active={shown}
                onChange={setShown}
                tabs={[
                    { key: 'postings', label: t('posting.postings'), children: <PostingsTab {...tab} /> },
                    { key: 'orders', label: t('order.orders'), children: <OrdersTab {...tab} /> },
                ]}
            />
            {refunding && (
                <RefundDialog
                    account={account}
                    roomName={t('cash.closed')}
                    onClose={() => (refunded ? onBack() : setRefunding(false))}
                    onDone={() => {
                        setRefunded(true);
                        void queries.invalidateQueries({ queryKey: ['accounts'] });
                    }}
                />
            )}
        </div>
    );
}
