import { Alert, Button, type InputRef } from 'antd';
import { useCallback, useRef, useState } from 'react';
import { useQuery } from '@tanstack/react-query';
import { ActionDialog } from '../actions/action_dialog';
import { RestoreAfterCredit } from '../actions/after_money';
import { NoteField, OrderProof } from '../actions/money_dialogs';
import { roomNames, useRoomNames } from '../actions/room_names';
import { formatYuan } from '../core/money';
import { SuspenseOutcome, type Account, type SuspenseItem } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { accounts } from '../session/clients';
import { Failed, SkeletonBlock } from '../ui/surface';
import { AccountSearch, isClosed } from './account_search';

interface SettleDialogProps {
    item: SuspenseItem;
    siteId: string;
    onClose: () => void;
    onDone: () => void;
}

interface TargetFieldProps {
    siteId: string;
    target: Account;
    searching: boolean;
    setSearching: (searching: boolean) => void;
    onPick: (account: Account) => void;
    locked: boolean;
}

/** Who gets the money: the payer, unless another account is looked for. */
function TargetField({ siteId, target, searching, setSearching, onPick, locked }: TargetFieldProps) {
    const { t } = useText();
    const input = useRef<InputRef>(null);
    const onQuery = useCallback(() => undefined, []);
    if (!searching) {
        return (
            <>
                {isClosed(target) && <Alert type="warning" showIcon title={t('suspense.closed')} />}
                <div><Button size="small" disabled={locked} onClick={() => setSearching(true)}>{t('suspense.other_account')}</Button></div>
            </>
        );
    }
    // Enter chooses an account here; it must not send the form around it.
    return (
        <div onKeyDown={(e) => e.key === 'Enter' && e.preventDefault()}>
            <AccountSearch siteId={siteId} inputRef={input} initial="" onQuery={onQuery} onPick={onPick} />
        </div>
    );
}

function CreditTo({ payer, item, siteId, onClose, onDone }: SettleDialogProps & { payer: Account }) {
    const { t } = useText();
    const amount = formatYuan(item.amountMicros);
    const [target, setTarget] = useState(payer);
    const [searching, setSearching] = useState(false);
    const [note, setNote] = useState('');
    const names = useRoomNames(siteId);
    const onPick = (account: Account) => {
        setTarget(account);
        setSearching(false);
    };
    const who = [roomNames(target, names), target.customer?.displayName].filter(Boolean).join(' ');
    return (
        <ActionDialog
            title={t('suspense.credit')}
            consequence={t('suspense.credit.consequence', { amount, who })}
            confirm={t('suspense.credit')}
            ready={!isClosed(target) && !searching}
            content={JSON.stringify([item.providerTransactionId, target.accountId, note])}
            run={(requestId) =>
                accounts.settleSuspense({ requestId, providerTransactionId: item.providerTransactionId, outcome: SuspenseOutcome.CREDIT_ACCOUNT, accountId: target.accountId, note })
            }
            result={({ order }) =>
                order && (
                    <>
                        <OrderProof order={order} />
                        <RestoreAfterCredit before={target} order={order} />
                    </>
                )
            }
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <>
                    <TargetField siteId={siteId} target={target} searching={searching} setSearching={setSearching} onPick={onPick} locked={locked} />
                    <NoteField value={note} onChange={setNote} locked={locked} />
                </>
            )}
        />
    );
}

/** Credits the money to the payer's account, or to another one of the site. */
export function CreditDialog(props: SettleDialogProps) {
    const { accountId } = props.item;
    const query = useQuery({ queryKey: ['account', accountId], queryFn: () => accounts.getAccount({ accountId }) });
    const payer = query.data?.account;
    if (payer) return <CreditTo {...props} payer={payer} />;
    return query.isError ? <Failed error={query.error} retry={() => query.refetch()} /> : <SkeletonBlock rows={2} />;
}

/** Books that the money was given back at the provider; it does not give it back. */
export function PaidBackDialog({ item, onClose, onDone }: SettleDialogProps) {
    const { t } = useText();
    const amount = formatYuan(item.amountMicros);
    const [note, setNote] = useState('');
    return (
        <ActionDialog
            title={t('suspense.paid_back')}
            consequence={t('suspense.paid_back.consequence', { amount, transaction: item.providerTransactionId })}
            confirm={t('suspense.paid_back')}
            danger
            content={JSON.stringify([item.providerTransactionId, note])}
            run={(requestId) => accounts.settleSuspense({ requestId, providerTransactionId: item.providerTransactionId, outcome: SuspenseOutcome.PAID_BACK, note })}
            result={() => <Alert type="success" showIcon title={t('suspense.paid_back.done', { amount })} />}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => <NoteField value={note} onChange={setNote} locked={locked} />}
        />
    );
}
