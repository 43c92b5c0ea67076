import { Alert, Input } from 'antd';
import { useState } from 'react';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import { MoneyField } from '../actions/money_field';
import { formatYuanFloor, parseYuan, yuanInput } from '../core/money';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { accounts } from '../session/clients';

interface AccountDialogProps {
    account: Account;
    onClose: () => void;
    onDone: () => void;
}

const levelFields: readonly { key: 'level1Micros' | 'level2Micros' | 'level3Micros' | 'cutFloorMicros'; label: TextKey }[] = [
    { key: 'level1Micros', label: 'levels.1' },
    { key: 'level2Micros', label: 'levels.2' },
    { key: 'level3Micros', label: 'levels.3' },
    { key: 'cutFloorMicros', label: 'levels.floor' },
];

export function AlarmLevelsDialog({ account, onClose, onDone }: AccountDialogProps) {
    const { t } = useText();
    const [texts, setTexts] = useState(() => levelFields.map(({ key }) => yuanInput(account.alarmLevels?.[key] ?? 0n)));
    const values = texts.map(parseYuan);
    const complete = values.every((value) => value !== null);
    const falling = complete && values.every((value, i) => i === 0 || value! < values[i - 1]!);
    const save = (requestId: string) =>
        accounts.setAlarmLevels({
            requestId,
            accountId: account.accountId,
            alarmLevels: Object.fromEntries(levelFields.map(({ key }, i) => [key, values[i] ?? 0n])),
        });
    return (
        <ActionDialog
            title={t('action.alarm_levels')}
            consequence={t('action.alarm_levels.consequence')}
            confirm={t('common.save')}
            ready={falling}
            content={JSON.stringify([account.accountId, texts])}
            run={save}
            result={() => <Alert type="success" showIcon title={t('levels.saved')} />}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <div className="fields-2">
                    {levelFields.map(({ key, label }, i) => (
                        <MoneyField
                            key={key}
                            label={t(label)}
                            value={texts[i]!}
                            allowNegative
                            disabled={locked}
                            autoFocus={i === 0}
                            error={complete && !falling && i > 0 && values[i]! >= values[i - 1]! ? t('levels.must_fall') : undefined}
                            onChange={(text) => setTexts(texts.map((old, j) => (j === i ? text : old)))}
                        />
                    ))}
                </div>
            )}
        />
    );
}

export function KeepPowerDialog({ account, onClose, onDone }: AccountDialogProps) {
    const { t } = useText();
    const [target] = useState(!account.keepPower);
    const [reason, setReason] = useState('');
    return (
        <ActionDialog
            title={t(target ? 'action.keep_power_on' : 'action.keep_power_off')}
            consequence={t(target ? 'action.keep_power_on.consequence' : 'action.keep_power_off.consequence', {
                name: account.customer?.displayName ?? '',
                balance: formatYuanFloor(account.balanceMicros),
            })}
            confirm={t(target ? 'action.keep_power_on' : 'action.keep_power_off')}
            danger={!target}
            content={JSON.stringify([account.accountId, target, reason])}
            run={(requestId) => accounts.setKeepPower({ requestId, accountId: account.accountId, keepPower: target, reasonText: reason.trim() })}
            result={({ account: changed }) => (
                <Alert type="success" showIcon title={t(changed?.keepPower ? 'action.keep_power_is_on' : 'action.keep_power_is_off')} />
            )}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <Field label={t('action.reason')}>
                    {(id) => <Input id={id} value={reason} maxLength={200} disabled={locked} autoFocus onChange={(e) => setReason(e.target.value)} />}
                </Field>
            )}
        />
    );
}
