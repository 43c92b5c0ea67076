import type { InputRef } from 'antd';
import { useCallback, useRef, useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { useQueryClient } from '@tanstack/react-query';
import { roomNames, useRoomNames } from '../actions/room_names';
import type { Account, Order } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { useSite } from '../session/site';
import { EmptyState, PageHead, Panel } from '../ui/surface';
import { AccountSearch, isClosed } from './account_search';
import { ClosedAccount } from './closed_account';
import { Receipt } from './receipt';
import { SuspensePanel } from './suspense_panel';
import { TakeMoney } from './take_money';

/** Ten seconds a customer, hands on the keyboard: find, amount, Enter, receipt. */
export default function CashPage() {
    const { t } = useText();
    const { site } = useSite();
    const maySell = useMay(Permission.SELL);
    const queries = useQueryClient();
    const names = useRoomNames(site.siteId);
    const [params, setParams] = useSearchParams();
    const [account, setAccount] = useState<Account | null>(null);
    const [order, setOrder] = useState<Order | null>(null);
    const input = useRef<InputRef>(null);
    const onQuery = useCallback((q: string) => setParams(q ? { q } : {}, { replace: true }), [setParams]);
    const onMoved = useCallback(() => void queries.invalidateQueries({ queryKey: ['accounts'] }), [queries]);
    const onPaid = useCallback(
        (paid: Order) => {
            setOrder(paid);
            onMoved();
        },
        [onMoved],
    );
    const next = () => {
        setParams({}, { replace: true });
        setAccount(null);
        setOrder(null);
    };
    if (!maySell) return <EmptyState title={t('cash.not_allowed')} />;
    return (
        <div className="cash">
            <div className="no-print"><PageHead title={t('nav.cash')} sub={t('cash.keys')} /></div>
            <Panel>
                {!account && <AccountSearch siteId={site.siteId} inputRef={input} initial={params.get('q') ?? ''} onQuery={onQuery} onPick={setAccount} />}
                {account && isClosed(account) && <ClosedAccount account={account} onBack={() => setAccount(null)} />}
                {account && !isClosed(account) && !order && <TakeMoney account={account} rooms={roomNames(account, names)} onPaid={onPaid} onBack={() => setAccount(null)} />}
                {account && order && <Receipt order={order} before={account} rooms={roomNames(account, names)} siteName={site.displayName} onNext={next} />}
            </Panel>
            {!account && <SuspensePanel siteId={site.siteId} onSettled={onMoved} />}
        </div>
    );
}
