import { useQuery } from '@tanstack/react-query';
import { Alert, Input, Select } from 'antd';
import { useState } from 'react';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import { MoneyField } from '../actions/money_field';
import { accounts, billing } from '../core/clients';
import { formatYuanFloor, parseYuan, yuanInput } from '../core/money';
import { formatDateTime, instantOfLocal, timestamp } from '../core/time';
import { useZone } from '../app/site';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { DateTimeField } from '../ui/date_fields';
import { Failed } from '../ui/surface';

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
            result={() => <Alert type="success" showIcon title={t('common.saved')} />}
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

interface TariffDialogProps {
    meterIds: readonly string[];
    title: string;
    tariffId?: string;
    onClose: () => void;
    onDone: () => void;
}

/** Assigns a tariff to meters from a local time on. */
export function AssignTariffDialog({ meterIds, title, tariffId: given, onClose, onDone }: TariffDialogProps) {
    const { t } = useText();
    const zone = useZone();
    const query = useQuery({ queryKey: ['tariffs', 'all'], queryFn: () => billing.listTariffs({ pageSize: 1000 }) });
    const [tariffId, setTariffId] = useState(given ?? '');
    const [start, setStart] = useState(() => formatDateTime(Date.now() + 60_000, zone).slice(0, 16).replace(' ', 'T'));
    const assign = (requestId: string) =>
        billing.assignTariff({ requestId, tariffId, meterIds: [...meterIds], startTime: timestamp(instantOfLocal(start, zone)) });
    return (
        <ActionDialog
            title={`${t('action.set_tariff')} · ${title}`}
            consequence={t('action.set_tariff.consequence', { count: meterIds.length, time: start.replace('T', ' '), zone })}
            confirm={t('action.set_tariff')}
            ready={tariffId !== '' && start !== '' && meterIds.length > 0}
            content={JSON.stringify([tariffId, start, meterIds])}
            run={assign}
            result={({ assignments }) => <Alert type="success" showIcon title={t('action.set_tariff.done', { count: assignments.length })} />}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <>
                    {query.isError && <Failed error={query.error} retry={() => query.refetch()} />}
                    <Field label={t('tariff.tariff')}>
                        {(id) => (
                            <Select
                                id={id}
                                showSearch
                                loading={query.isPending}
                                disabled={locked}
                                value={tariffId || undefined}
                                onChange={setTariffId}
                                options={(query.data?.tariffs ?? []).map((tariff) => ({ value: tariff.tariffId, label: tariff.displayName || tariff.tariffId }))}
                            />
                        )}
                    </Field>
                    <Field label={t('tariff.from')} hint={zone}>
                        {(id) => <DateTimeField id={id} value={start} disabled={locked} onChange={setStart} />}
                    </Field>
                </>
            )}
        />
    );
}
