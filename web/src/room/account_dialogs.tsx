import { Alert, Input } from 'antd';
import { useState } from 'react';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import { MoneyField } from '../actions/money_field';
import { formatYuanFloor, parseYuan } from '../core/money';
import type { Account, Room } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { accounts } from '../session/clients';

interface OpenDialogProps {
    room: Room;
    onClose: () => void;
    onDone: () => void;
}

interface CustomerDraft {
    name: string;
    phone: string;
    email: string;
    topUp: string;
}

const emptyDraft: CustomerDraft = { name: '', phone: '', email: '', topUp: '' };

function CustomerFields({ draft, setDraft, locked }: { draft: CustomerDraft; setDraft: (d: CustomerDraft) => void; locked: boolean }) {
    const { t } = useText();
    const rows: { key: 'name' | 'phone' | 'email'; label: string; mode: 'text' | 'tel' | 'email' }[] = [
        { key: 'name', label: t('customer.name'), mode: 'text' },
        { key: 'phone', label: t('customer.phone'), mode: 'tel' },
        { key: 'email', label: t('customer.email'), mode: 'email' },
    ];
    return (
        <>
            {rows.map((row) => (
                <Field key={row.key} label={row.label}>
                    {(id) => (
                        <Input
                            id={id}
                            inputMode={row.mode}
                            maxLength={100}
                            autoFocus={row.key === 'name'}
                            disabled={locked}
                            value={draft[row.key]}
                            onChange={(e) => setDraft({ ...draft, [row.key]: e.target.value })}
                        />
                    )}
                </Field>
            ))}
            <MoneyField label={t('customer.first_top_up')} value={draft.topUp} disabled={locked} onChange={(topUp) => setDraft({ ...draft, topUp })} />
        </>
    );
}

export function OpenAccountDialog({ room, onClose, onDone }: OpenDialogProps) {
    const { t } = useText();
    const [draft, setDraft] = useState(emptyDraft);
    const topUp = draft.topUp === '' ? 0n : parseYuan(draft.topUp);
    const open = (requestId: string) =>
        accounts.openAccount({
            requestId,
            roomId: room.roomId,
            customer: { displayName: draft.name.trim(), phone: draft.phone.trim(), email: draft.email.trim() },
            firstTopUpMicros: topUp ?? 0n,
        });
    return (
        <ActionDialog
            title={`${t('action.open_account')} · ${room.displayName}`}
            consequence={t('action.open_account.consequence', { room: room.displayName, meters: room.meterIds.join(', ') || t('common.none') })}
            confirm={t('action.open_account')}
            ready={draft.name.trim() !== '' && topUp !== null && topUp >= 0n}
            content={JSON.stringify([room.roomId, draft])}
            run={open}
            result={({ account }) =>
                account && (
                    <Alert
                        type="success"
                        showIcon
                        title={t('action.open_account.done', { name: account.customer?.displayName ?? '', balance: formatYuanFloor(account.balanceMicros) })}
                    />
                )
            }
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => <CustomerFields draft={draft} setDraft={setDraft} locked={locked} />}
        />
    );
}

interface CloseDialogProps {
    account: Account;
    room: Room;
    onClose: () => void;
    onDone: () => void;
}

export function CloseAccountDialog({ account, room, onClose, onDone }: CloseDialogProps) {
    const { t } = useText();
    const [reason, setReason] = useState('');
    return (
        <ActionDialog
            title={`${t('action.close_account')} · ${room.displayName} ${account.customer?.displayName ?? ''}`}
            consequence={t('action.close_account.consequence', {
                name: account.customer?.displayName ?? '',
                rooms: account.roomIds.length,
                balance: formatYuanFloor(account.balanceMicros),
            })}
            confirm={t('action.close_account')}
            danger
            content={JSON.stringify([account.accountId, reason])}
            run={(requestId) => accounts.closeAccount({ requestId, accountId: account.accountId, reasonText: reason.trim() })}
            result={({ account: closed }) =>
                closed && (
                    <Alert
                        type="success"
                        showIcon
                        title={t('action.close_account.done', { balance: formatYuanFloor(closed.balanceMicros) })}
                        description={closed.balanceMicros > 0n ? t('action.close_account.refund_left') : undefined}
                    />
                )
            }
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <Field label={t('action.reason')}>
                    {(id) => <Input id={id} value={reason} maxLength={200} disabled={locked} onChange={(e) => setReason(e.target.value)} />}
                </Field>
            )}
        />
    );
}
