import { useQuery } from '@tanstack/react-query';
import { Alert, Input, Select } from 'antd';
import { useState } from 'react';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import { MoneyField } from '../actions/money_field';
import { formatYuanFloor, parseYuan, yuanInput } from '../core/money';
import { formatDateTime, instantOfLocal, timestamp } from '../core/time';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import type { Resource } from '../gen/prepay/common/v1/common_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { accounts, billing, metering } from '../session/clients';
import { DateTimeField } from '../ui/date_fields';
import { Failed } from '../ui/surface';
import { useZone } from '../ui/surroundings';

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

/** Of these meters, the ones that a tariff of the resource is for; nothing while it is not known. */
function useFitting(meterIds: readonly string[], resource: Resource | undefined): readonly string[] | undefined {
    const query = useQuery({ queryKey: ['resources', meterIds], queryFn: () => metering.listMeters({ meterIds: [...meterIds], pageSize: 1000 }) });
    // A meter that the gateway does not know is left in: billing refuses it in words if it must.
    if (query.isError) return meterIds;
    if (!query.data || resource === undefined) return undefined;
    const known = new Map(query.data.meters.map((meter) => [meter.meterId, meter.resource]));
    return meterIds.filter((id) => (known.get(id) ?? resource) === resource);
}

/** Assigns a tariff to meters from a local time on. Of a room's meters it reaches those of its resource. */
export function AssignTariffDialog({ meterIds, title, tariffId: given, onClose, onDone }: TariffDialogProps) {
    const { t } = useText();
    const zone = useZone();
    const query = useQuery({ queryKey: ['tariffs', 'all'], queryFn: () => billing.listTariffs({ pageSize: 1000 }) });
    const [tariffId, setTariffId] = useState(given ?? '');
    const [start, setStart] = useState(() => formatDateTime(Date.now() + 60_000, zone).slice(0, 16).replace(' ', 'T'));
    const tariffs = query.data?.tariffs ?? [];
    const fitting = useFitting(meterIds, tariffs.find((tariff) => tariff.tariffId === tariffId)?.resource);
    // Numbers typed for one tariff are all meant: a wrong one is told, not left out.
    const reached = given === undefined ? fitting : meterIds;
    const assign = (requestId: string) =>
        billing.assignTariff({ requestId, tariffId, meterIds: [...(reached ?? [])], startTime: timestamp(instantOfLocal(start, zone)) });
    return (
        <ActionDialog
            title={`${t('action.set_tariff')} · ${title}`}
            consequence={t('action.set_tariff.consequence', { count: reached?.length ?? meterIds.length, time: start.replace('T', ' '), zone })}
            confirm={t('action.set_tariff')}
            ready={tariffId !== '' && start !== '' && reached !== undefined && reached.length > 0}
            content={JSON.stringify([tariffId, start, reached])}
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
                                options={tariffs.map((tariff) => ({ value: tariff.tariffId, label: tariff.displayName || tariff.tariffId }))}
                            />
                        )}
                    </Field>
                    {given === undefined && reached && (
                        <p className={reached.length > 0 ? 'reached mono' : 'reached field-error'}>{reached.length > 0 ? reached.join(' ') : t('action.set_tariff.none_fits')}</p>
                    )}
                    <Field label={t('tariff.from')} hint={zone}>
                        {(id) => <DateTimeField id={id} value={start} disabled={locked} onChange={setStart} />}
                    </Field>
                </>
            )}
        />
    );
}
