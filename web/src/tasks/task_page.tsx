import { useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Select, type TableColumnsType } from 'antd';
import { useEffect, useState } from 'react';
import { Link, useNavigate, useParams, useSearchParams } from 'react-router-dom';
import { ActionDialog } from '../actions/action_dialog';
import { CommandDrawer } from '../actions/command_drawer';
import { watch, type StreamState } from '../core/watch';
import { CommandAction } from '../gen/prepay/metering/v1/metering_pb';
import { ItemState, TaskState, type Task, type TaskItem } from '../gen/prepay/scheduler/v1/scheduler_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { noTimeout, scheduler } from '../session/clients';
import { session } from '../session/session';
import { When } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState, PageHead, Panel, SkeletonBlock } from '../ui/surface';
import { usePages } from '../ui/use_pages';
import { CountsBar, isFinalTask } from './task_parts';

const pageSize = 100;

function useTask(taskId: string): { task: Task | null; ended: boolean; stream: StreamState } {
    const [task, setTask] = useState<Task | null>(null);
    const [stream, setStream] = useState<StreamState>('connecting');
    const [ended, setEnded] = useState(false);
    const queries = useQueryClient();
    useEffect(
        () =>
            watch({
                open: (signal) => scheduler.watchTask({ taskId }, { signal, ...noTimeout }),
                onMessage: (message) => {
                    setTask(message.task ?? null);
                    void queries.invalidateQueries({ queryKey: ['task-items', taskId] });
                },
                onState: setStream,
                onUnauthenticated: () => session.refresh().catch(() => undefined),
                finite: true,
                onEnd: () => setEnded(true),
            }),
        [taskId, queries],
    );
    return { task, ended, stream };
}

function TaskActions({ task }: { task: Task }) {
    const { t } = useText();
    const navigate = useNavigate();
    const mayControl = useMay(Permission.CONTROL);
    const [open, setOpen] = useState<'cancel' | 'retry' | null>(null);
    if (!mayControl) return null;
    const counts = task.counts;
    const retryCount = (counts?.failed ?? 0) + (counts?.cancelled ?? 0);
    const close = () => setOpen(null);
    return (
        <>
            {!isFinalTask(task) && <Button danger onClick={() => setOpen('cancel')}>{t('task.cancel')}</Button>}
            {isFinalTask(task) && retryCount > 0 && <Button type="primary" onClick={() => setOpen('retry')}>{t('task.retry', { count: retryCount })}</Button>}
            {open === 'cancel' && (
                <ActionDialog
                    title={t('task.cancel')}
                    consequence={t('task.cancel.consequence', { waiting: counts?.waiting ?? 0, sent: counts?.sent ?? 0 })}
                    confirm={t('task.cancel')}
                    danger
                    content={task.taskId}
                    run={(requestId) => scheduler.cancelTask({ requestId, taskId: task.taskId })}
                    result={({ task: after }) => <><Alert type="success" showIcon title={t('task.cancelled')} /><CountsBar counts={after?.counts} /></>}
                    onClose={close}
                />
            )}
            {open === 'retry' && (
                <ActionDialog
                    title={t('task.retry', { count: retryCount })}
                    consequence={t('task.retry.consequence', { count: retryCount })}
                    confirm={t('common.retry')}
                    content={task.taskId}
                    run={(requestId) => scheduler.retryTask({ requestId, taskId: task.taskId })}
                    result={({ task: next }) => (
                        <Alert type="success" showIcon title={t('task.retry.made')} action={next && <Button size="small" onClick={() => { close(); navigate(`/tasks/${next.taskId}`); }}>{t('task.show')}</Button>} />
                    )}
                    onClose={close}
                />
            )}
        </>
    );
}

function Items({ taskId, overriding }: { taskId: string; overriding: boolean }) {
    const { t, lookUp } = useText();
    const [params, setParams] = useSearchParams();
    const [commandId, setCommandId] = useState<string | null>(null);
    const state = Number(params.get('state') ?? 0) as ItemState;
    const query = usePages(['task-items', taskId, state], (pageToken) => scheduler.listTaskItems({ taskId, state, pageSize, pageToken }), (page) => page.items);
    const word = (item: ItemState) => lookUp(`item.state.${ItemState[item]?.toLowerCase()}`) ?? '';
    const columns: TableColumnsType<TaskItem> = [
        { title: t('meter.meter'), render: (_, item) => <span className="mono">{item.meterId}</span> },
        { title: t('item.state'), render: (_, item) => <><span className={`item-state s-${ItemState[item.state]?.toLowerCase()}`}>{word(item.state)}</span>{overriding && item.state !== ItemState.CANCELLED && <small className="item-override"> · {t('item.override')}</small>}</> },
        { title: t('item.reason'), render: (_, item) => item.failureReason && (lookUp(`reason.${item.failureReason}`) ?? item.failureReason) },
        { title: t('item.finished'), render: (_, item) => <When time={item.finishTime} /> },
        { title: t('item.attempts'), dataIndex: 'attemptCount', align: 'right' },
        { title: <span className="sr">{t('common.actions')}</span>, render: (_, item) => item.state >= ItemState.SENT && item.state !== ItemState.CANCELLED && <Button type="link" size="small" onClick={() => setCommandId(item.itemId)}>{t('command.show_evidence')}</Button> },
    ];
    return (
        <Panel
            title={t('task.targets')}
            extra={
                <Select
                    size="small"
                    className="item-filter"
                    aria-label={t('item.state')}
                    value={state}
                    onChange={(value) => setParams(value ? { state: String(value) } : {}, { replace: true })}
                    options={[{ value: 0, label: t('item.all') }, ...[1, 2, 3, 4, 5].map((value) => ({ value, label: word(value) }))]}
                />
            }
        >
            <PageTable query={query} columns={columns} rowKey={(item) => item.itemId} empty={<EmptyState title={t('item.empty')} />} />
            {commandId && <CommandDrawer commandId={commandId} onClose={() => setCommandId(null)} />}
        </Panel>
    );
}

/** One batch task: how far it is, and what each target ended with. */
export default function TaskPage() {
    const { t, lookUp } = useText();
    const { taskId = '' } = useParams();
    const { task, ended, stream } = useTask(taskId);
    if (!task) return ended ? <EmptyState title={t('task.none')} action={<Link to="/tasks">{t('nav.tasks')}</Link>} /> : <SkeletonBlock rows={10} />;
    return (
        <>
            <PageHead
                title={task.displayName || t('task.one')}
                sub={
                    <>
                        <span>{lookUp(`command.action.${CommandAction[task.action]?.toLowerCase()}`)}</span>
                        <span>{lookUp(`task.state.${TaskState[task.state]?.toLowerCase()}`)}</span>
                        <span>{t('task.due')} <When time={task.dueTime} /></span>
                        <span>{task.createUser}</span>
                        {task.overrideKeepPower && <span>{t('item.override')}</span>}
                        {task.retryOf && <Link to={`/tasks/${encodeURIComponent(task.retryOf)}`}>{t('task.retry_of')}</Link>}
                    </>
                }
                actions={<TaskActions task={task} />}
            />
            {!isFinalTask(task) && stream === 'lost' && <Alert type="warning" showIcon title={t('command.stream_lost')} className="gap-below" />}
            <Panel title={t('task.progress')}>
                <CountsBar counts={task.counts} />
                {task.reasonText && <p className="faint">{t('command.reason')}: {task.reasonText}</p>}
            </Panel>
            <Items taskId={taskId} overriding={task.overrideKeepPower} />
        </>
    );
}
