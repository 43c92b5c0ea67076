import { Alert, Checkbox, Input } from 'antd';
import { useState } from 'react';
import { formatYuan, formatYuanFloor, parseYuan } from '../core/money';
import { AccountState, type Account, type Order } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { accounts } from '../session/clients';
import { ActionDialog } from './action_dialog';
import { RestoreAfterCredit } from './after_money';
import { Field } from './field';
import { MoneyField } from './money_field';

interface MoneyDialogProps {
    account: Account;
    roomName: string;
    onClose: () => void;
    onDone: () => void;
}

export function OrderProof({ order }: { order: Order }) {
    const { t } = useText();
    return (
        <Alert
            type="success"
            showIcon
            title={t('money.posted', { amount: formatYuan(order.amountMicros), balance: formatYuanFloor(order.balanceAfterMicros) })}
            description={t('money.order', { order: order.orderId })}
        />
    );
}

function useAmount() {
    const [text, setText] = useState('');
    const micros = parseYuan(text);
    return { text, setText, micros: micros !== null && micros > 0n ? micros : null };
}

export function NoteField({ value, onChange, locked }: { value: string; onChange: (text: string) => void; locked: boolean }) {
    const { t } = useText();
    return (
        <Field label={t('money.note')}>
            {(id) => <Input id={id} value={value} maxLength={200} disabled={locked} onChange={(e) => onChange(e.target.value)} />}
        </Field>
    );
}

export function TopUpDialog({ account, roomName, onClose, onDone }: MoneyDialogProps) {
    const { t } = useText();
    const amount = useAmount();
    const [note, setNote] = useState('');
    const [before] = useState(account);
    const after = before.balanceMicros + (amount.micros ?? 0n);
    return (
        <ActionDialog
            title={`${t('action.top_up')} · ${roomName} ${account.customer?.displayName ?? ''}`}
            consequence={t('action.top_up.consequence', {
                amount: amount.micros === null ? '¥…' : formatYuan(amount.micros),
                before: formatYuanFloor(before.balanceMicros),
                after: formatYuanFloor(after),
            })}
            confirm={t('action.top_up')}
            ready={amount.micros !== null}
            content={JSON.stringify([account.accountId, amount.text, note])}
            run={(requestId) => accounts.topUp({ requestId, accountId: account.accountId, amountMicros: amount.micros ?? 0n, note })}
            result={({ order }) =>
                order && (
                    <>
                        <OrderProof order={order} />
                        <RestoreAfterCredit before={before} order={order} />
                    </>
                )
            }
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <>
                    <MoneyField label={t('money.amount')} value={amount.text} onChange={amount.setText} disabled={locked} autoFocus />
                    <NoteField value={note} onChange={setNote} locked={locked} />
                </>
            )}
        />
    );
}

export function RefundDialog({ account, roomName, onClose, onDone }: MoneyDialogProps) {
    const { t } = useText();
    const amount = useAmount();
    const [note, setNote] = useState('');
    const [before] = useState(account.balanceMicros);
    const [unbilled, setUnbilled] = useState(false);
    const mayOverride = useMay(Permission.OVERRIDE) && account.state === AccountState.CLOSED;
    const tooMuch = amount.micros !== null && amount.micros > account.balanceMicros;
    return (
        <ActionDialog
            title={`${t('action.refund')} · ${roomName} ${account.customer?.displayName ?? ''}`}
            consequence={t('action.refund.consequence', {
                amount: amount.micros === null ? '¥…' : formatYuan(amount.micros),
                before: formatYuanFloor(before),
            })}
            confirm={t('action.refund')}
            danger
            ready={amount.micros !== null && !tooMuch && (!unbilled || note.trim() !== '')}
            content={JSON.stringify([account.accountId, amount.text, note, unbilled])}
            run={(requestId) =>
                accounts.refund({ requestId, accountId: account.accountId, amountMicros: amount.micros ?? 0n, note, overrideUnbilled: unbilled })}
            result={({ order }) => order && <OrderProof order={order} />}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <>
                    <MoneyField
                        label={t('money.amount')}
                        value={amount.text}
                        onChange={amount.setText}
                        disabled={locked}
                        autoFocus
                        error={tooMuch && !locked ? t('money.more_than_balance') : undefined}
                    />
                    <NoteField value={note} onChange={setNote} locked={locked} />
                    {mayOverride && (
                        <Checkbox checked={unbilled} disabled={locked} onChange={(e) => setUnbilled(e.target.checked)}>
                            {t('action.refund.unbilled')}
                        </Checkbox>
                    )}
                </>
            )}
        />
    );
}
