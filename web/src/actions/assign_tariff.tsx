import { useQuery } from '@tanstack/react-query';
import { Alert, Select } from 'antd';
import { useState } from 'react';
import { formatDateTime, instantOfLocal, timestamp } from '../core/time';
import type { Resource } from '../gen/prepay/common/v1/common_pb';
import { useText } from '../i18n/console_text';
import { billing, metering } from '../session/clients';
import { DateTimeField } from '../ui/date_fields';
import { Failed } from '../ui/surface';
import { useZone } from '../ui/surroundings';
import { ActionDialog } from './action_dialog';
import { Field } from './field';

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
