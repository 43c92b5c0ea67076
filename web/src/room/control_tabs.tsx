import { useQuery } from '@tanstack/react-query';
import { Button, Select, Table, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router-dom';
import { CommandDrawer } from '../actions/command_drawer';
import { durationOf } from '../actions/command_progress';
import type { Assignment } from '../gen/prepay/billing/v1/billing_pb';
import { CommandAction, CommandState, type Command } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { billing, metering } from '../session/clients';
import { When } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { ScrollX } from '../ui/scroll_x';
import { EmptyState, Failed, SkeletonBlock } from '../ui/surface';
import { usePages } from '../ui/use_pages';

const pageSize = 50;

export function CommandsTab({ roomId, meterIds }: { roomId: string; meterIds: readonly string[] }) {
    const { t, lookUp } = useText();
    const [meterId, setMeterId] = useState(meterIds[0] ?? '');
    const [open, setOpen] = useState<string | null>(null);
    const query = usePages(
        ['of-room', roomId, 'commands', meterId],
        (pageToken) => metering.listCommands({ meterId, pageSize, pageToken }),
        (page) => page.commands,
        meterId !== '',
    );
    const columns: TableColumnsType<Command> = [
        { title: t('command.time'), render: (_, c) => <When time={c.createTime} /> },
        { title: t('command.action'), render: (_, c) => lookUp(`command.action.${CommandAction[c.action]?.toLowerCase()}`) },
        { title: t('command.state'), render: (_, c) => <span className={`command-state s-${CommandState[c.state]?.toLowerCase()}`}>{lookUp(`command.state.${CommandState[c.state]?.toLowerCase()}`)}</span> },
        { title: t('command.seconds'), align: 'right', className: 'num', render: (_, c) => durationOf(c) },
        { title: t('command.initiator'), dataIndex: 'initiator' },
        { title: t('command.reason'), render: (_, c) => lookUp(`fixed_text.${c.reasonText}`) ?? c.reasonText },
        { title: <span className="sr">{t('common.actions')}</span>, render: (_, c) => <Button type="link" size="small" onClick={() => setOpen(c.commandId)}>{t('command.show_evidence')}</Button> },
    ];
    return (
        <>
            {meterIds.length > 1 && <Select size="small" aria-label={t('meter.meter')} className="gap-below" value={meterId} onChange={setMeterId} options={meterIds.map((m) => ({ value: m, label: m }))} />}
            <PageTable query={query} columns={columns} rowKey={(c) => c.commandId} empty={<EmptyState title={t('command.empty')} hint={t('command.empty.hint')} />} />
            {open && <CommandDrawer commandId={open} onClose={() => setOpen(null)} />}
        </>
    );
}

export function AssignmentsTab({ roomId, meterIds }: { roomId: string; meterIds: readonly string[] }) {
    const { t } = useText();
    const query = useQuery({
        queryKey: ['of-room', roomId, 'assignments'],
        queryFn: () => billing.listAssignments({ meterIds: [...meterIds], pageSize: 200 }),
        enabled: meterIds.length > 0,
    });
    const columns: TableColumnsType<Assignment> = [
        { title: t('meter.meter'), render: (_, a) => <span className="mono">{a.meterId}</span> },
        { title: t('tariff.tariff'), render: (_, a) => <Link to={`/tariffs/${encodeURIComponent(a.tariffId)}`}>{a.tariffId}</Link> },
        { title: t('tariff.from'), render: (_, a) => <When time={a.startTime} /> },
        { title: t('tariff.until'), render: (_, a) => (a.endTime ? <When time={a.endTime} /> : t('tariff.in_force')) },
    ];
    if (query.isPending) return <SkeletonBlock rows={4} />;
    if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
    if (query.data.assignments.length === 0) return <EmptyState title={t('assignment.empty')} hint={t('assignment.empty.hint')} />;
    return <ScrollX label={t('room.tab.tariff')}><Table size="small" rowKey={(a) => `${a.meterId}-${a.startTime?.seconds}`} columns={columns} dataSource={query.data.assignments} pagination={false} /></ScrollX>;
}
