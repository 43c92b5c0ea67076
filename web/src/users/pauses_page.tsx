import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Select, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import type { LogInPause } from '../gen/prepay/console/v1/console_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { auth } from '../session/clients';
import { When } from '../ui/figures';
import { ScrollX } from '../ui/scroll_x';
import { EmptyState, Failed, PageHead, Panel, SkeletonBlock } from '../ui/surface';
import { pausedAddresses, waitsUntil } from './pause';

const againMs = 10_000;
const queryKey = ['log-in-pauses'];

function UnlockDialog({ pause, onClose, onDone }: { pause: LogInPause; onClose: () => void; onDone: () => void }) {
    const { t } = useText();
    const name = pause.user?.userName ?? '';
    const [addresses] = useState(() => pausedAddresses(pause, Date.now()));
    const [address, setAddress] = useState(addresses.length === 1 ? addresses[0]! : '');
    return (
        <ActionDialog
            title={`${t('users.unlock')} · ${pause.user?.displayName || name}`}
            consequence={t('users.unlock.consequence', { name })}
            confirm={t('users.unlock')}
            content={JSON.stringify([name, address])}
            run={(requestId) => auth.unlockUser({ requestId, userName: name, clientAddress: address })}
            result={() => <Alert type="success" showIcon title={t('users.unlocked', { name })} />}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) =>
                addresses.length > 0 && (
                    <Field label={t('users.unlock.address')} hint={t('users.unlock.address.hint')}>
                        {(id) => <Select id={id} value={address} disabled={locked} onChange={setAddress} options={[{ value: '', label: t('users.unlock.no_address') }, ...addresses.map((value) => ({ value, label: value }))]} />}
                    </Field>
                )
            }
        />
    );
}

function Addresses({ pause }: { pause: LogInPause }) {
    const { t } = useText();
    return (
        <ul className="reasons">
            {pause.addresses.map((address) => (
                <li key={address.clientAddress}>
                    <span className="mono">{address.clientAddress}</span> · {t('users.failures', { count: address.failureCount })} · <When time={address.lastFailureTime} />
                    {address.addressPauseEndTime && <> · {t('users.address_paused')}</>}
                </li>
            ))}
        </ul>
    );
}

/** Users whose log-in waits after wrong passwords, and the way to end that. */
export default function PausesPage() {
    const { t } = useText();
    const mayManage = useMay(Permission.MANAGE);
    const client = useQueryClient();
    const [chosen, setChosen] = useState<LogInPause>();
    const query = useQuery({ queryKey, queryFn: () => auth.listLogInPauses({}), refetchInterval: againMs, enabled: mayManage });
    if (!mayManage) return <EmptyState title={t('users.not_allowed')} />;
    const columns: TableColumnsType<LogInPause> = [
        { title: t('users.name'), render: (_, p) => <><strong>{p.user?.displayName || p.user?.userName}</strong> <span className="mono faint">{p.user?.userName}</span></> },
        { title: t('users.state'), render: (_, p) => { const until = waitsUntil(p, Date.now()); return until ? <>{t('users.paused_until')} <When time={until} /></> : t('users.not_paused'); } },
        { title: t('users.since'), render: (_, p) => <When time={p.lastFailureTime} /> },
        { title: t('users.failure_count'), dataIndex: 'failureCount', align: 'right' },
        { title: t('users.addresses'), render: (_, p) => <Addresses pause={p} /> },
        { title: <span className="sr">{t('common.actions')}</span>, render: (_, p) => <Button size="small" onClick={() => setChosen(p)}>{t('users.unlock')}</Button> },
    ];
    const rows = query.data?.pauses ?? [];
    return (
        <>
            <PageHead title={t('nav.users')} sub={t('users.lead')} />
            <Panel>
                {query.isPending && <SkeletonBlock rows={4} />}
                {query.error && <Failed error={query.error} retry={() => query.refetch()} />}
                {query.data && rows.length === 0 && <EmptyState title={t('users.empty')} hint={t('users.empty.hint')} />}
                {rows.length > 0 && (
                    <ScrollX label={t('nav.users')}>
                        <Table<LogInPause> size="small" pagination={false} rowKey={(p) => p.user?.userName ?? ''} dataSource={rows} columns={columns} />
                    </ScrollX>
                )}
            </Panel>
            {chosen && <UnlockDialog pause={chosen} onClose={() => setChosen(undefined)} onDone={() => void client.invalidateQueries({ queryKey })} />}
        </>
    );
}
