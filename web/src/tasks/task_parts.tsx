import { TaskState, type Task, type TaskCounts } from '../gen/prepay/scheduler/v1/scheduler_pb';
import { useText, type TextKey } from '../i18n/console_text';

const parts: readonly { key: 'verified' | 'failed' | 'cancelled' | 'sent' | 'waiting'; word: TextKey }[] = [
    { key: 'verified', word: 'item.state.verified' },
    { key: 'failed', word: 'item.state.failed' },
    { key: 'cancelled', word: 'item.state.cancelled' },
    { key: 'sent', word: 'item.state.sent' },
    { key: 'waiting', word: 'item.state.waiting' },
];

/** How far a task is: one bar, one part a result. */
export function CountsBar({ counts }: { counts: TaskCounts | undefined }) {
    const { t } = useText();
    if (!counts || counts.total === 0) return <span className="faint">–</span>;
    const text = parts.filter(({ key }) => counts[key] > 0).map(({ key, word }) => `${t(word)} ${counts[key]}`).join(' · ');
    return (
        <div className="counts">
            <div className="counts-bar" role="img" aria-label={text}>
                {parts.map(({ key }) => counts[key] > 0 && <span key={key} className={`part-${key}`} style={{ flexGrow: counts[key] }} />)}
            </div>
            <small className="num">{text}</small>
        </div>
    );
}

export function isFinalTask(task: Task): boolean {
    return task.state === TaskState.DONE || task.state === TaskState.CANCELLED;
}
