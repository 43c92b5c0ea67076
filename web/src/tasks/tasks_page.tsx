import type { TableColumnsType } from 'antd';
import { Link } from 'react-router-dom';
import { CommandAction } from '../gen/prepay/metering/v1/metering_pb';
import { TaskState, type Task } from '../gen/prepay/scheduler/v1/scheduler_pb';
import { useText } from '../i18n/console_text';
import { scheduler } from '../session/clients';
import { When } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState, PageHead, Panel } from '../ui/surface';
import { usePages } from '../ui/use_pages';
import { CountsBar } from './task_parts';

const pageSize = 50;

export default function TasksPage() {
    const { t, lookUp } = useText();
    const query = usePages(['tasks'], (pageToken) => scheduler.listTasks({ pageSize, pageToken }), (page) => page.tasks);
    const columns: TableColumnsType<Task> = [
        { title: t('task.name'), render: (_, task) => <Link to={`/tasks/${encodeURIComponent(task.taskId)}`}>{task.displayName || task.taskId}</Link> },
        { title: t('command.action'), render: (_, task) => lookUp(`command.action.${CommandAction[task.action]?.toLowerCase()}`) },
        { title: t('task.state'), render: (_, task) => lookUp(`task.state.${TaskState[task.state]?.toLowerCase()}`) },
        { title: t('task.progress'), width: 280, render: (_, task) => <CountsBar counts={task.counts} /> },
        { title: t('task.due'), render: (_, task) => <When time={task.dueTime} /> },
        { title: t('task.user'), dataIndex: 'createUser' },
        { title: t('command.reason'), dataIndex: 'reasonText' },
    ];
    return (
        <>
            <PageHead title={t('nav.tasks')} sub={t('task.lead')} />
            <Panel>
                <PageTable
                    query={query}
                    columns={columns}
                    rowKey={(task) => task.taskId}
                    empty={<EmptyState title={t('task.empty')} hint={t('task.empty.hint')} action={<Link to="/">{t('common.back_to_wall')}</Link>} />}
                />
            </Panel>
        </>
    );
}
