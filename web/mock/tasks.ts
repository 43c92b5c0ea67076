// Batch tasks of the pretended park. Development only.
import { create } from '@bufbuild/protobuf';
import { Code, type ConnectRouter } from '@connectrpc/connect';
import { CommandState } from '../src/gen/prepay/metering/v1/metering_pb';
import { ItemState, SchedulerService, TaskItemSchema, TaskSchema, TaskState, type Task, type TaskItem } from '../src/gen/prepay/scheduler/v1/scheduler_pb';
import { millis } from '../src/core/time';
import { now, type Park } from './park';
import { fail, page, pushed } from './services';

interface Running {
    task: Task;
    items: TaskItem[];
}

const stepMs = 150;
const timerMaxMs = 2 ** 31 - 1;
const afterMs = 1_900;

export function schedulerRoutes(router: ConnectRouter, park: Park): void {
    const tasks = new Map<string, Running>();
    const listeners = new Set<(task: Task) => void>();
    const count = (items: TaskItem[], state: ItemState) => items.filter((item) => item.state === state).length;
    const update = ({ task, items }: Running) => {
        task.counts = { $typeName: 'prepay.scheduler.v1.TaskCounts', total: items.length, waiting: count(items, ItemState.WAITING), sent: count(items, ItemState.SENT), verified: count(items, ItemState.VERIFIED), failed: count(items, ItemState.FAILED), cancelled: count(items, ItemState.CANCELLED) };
        if (task.counts.waiting + task.counts.sent === 0) task.state = task.counts.cancelled > 0 ? TaskState.CANCELLED : TaskState.DONE;
        for (const listener of listeners) listener(task);
    };
    const runItem = (running: Running, item: TaskItem) => {
        if (item.state !== ItemState.WAITING) return;
        item.state = ItemState.SENT;
        item.attemptCount = 1;
        park.submit(item.itemId, item.meterId, running.task.action, running.task.reasonText, 'prepay-scheduler', running.task.overrideKeepPower);
        update(running);
        setTimeout(() => {
            const command = park.commands.get(item.itemId);
            item.state = command?.state === CommandState.VERIFIED ? ItemState.VERIFIED : ItemState.FAILED;
            item.failureReason = command?.failureReason ?? '';
            item.finishTime = now();
            update(running);
        }, afterMs);
    };
    const start = (fields: Pick<Task, 'displayName' | 'action' | 'reasonText' | 'overrideKeepPower'> & { dueTime?: Task['dueTime']; retryOf?: string }, meterIds: string[]): Task => {
        const task = create(TaskSchema, { ...fields, taskId: crypto.randomUUID(), state: TaskState.RUNNING, createTime: now(), dueTime: fields.dueTime ?? now(), createUser: 'operator' });
        const running = { task, items: meterIds.map((meterId) => create(TaskItemSchema, { itemId: crypto.randomUUID(), taskId: task.taskId, meterId, state: ItemState.WAITING })) };
        tasks.set(task.taskId, running);
        update(running);
        const waitMs = Math.max(0, millis(task.dueTime!) - Date.now());
        running.items.forEach((item, i) => setTimeout(() => runItem(running, item), Math.min(waitMs, timerMaxMs) + i * stepMs));
        return task;
    };
    const get = (taskId: string) => {
        const found = tasks.get(taskId);
        if (!found) throw fail(Code.NotFound, 'TASK_NOT_FOUND', 'no task');
        return found;
    };
    router.service(SchedulerService, {
        createTask: (r) => {
            if (r.meterIds.length > 10 && r.confirmCount !== r.meterIds.length) throw fail(Code.InvalidArgument, 'CONFIRM_COUNT', 'type the number of targets');
            return { task: start({ displayName: r.displayName, action: r.action, reasonText: r.reasonText, overrideKeepPower: r.overrideKeepPower, dueTime: r.dueTime }, r.meterIds) };
        },
        cancelTask: (r) => {
            const running = get(r.taskId);
            for (const item of running.items) if (item.state === ItemState.WAITING) item.state = ItemState.CANCELLED;
            update(running);
            return { task: running.task };
        },
        retryTask: (r) => {
            const { task, items } = get(r.taskId);
            return { task: start({ displayName: task.displayName, action: task.action, reasonText: task.reasonText, overrideKeepPower: task.overrideKeepPower, retryOf: task.taskId }, items.filter((item) => item.state !== ItemState.VERIFIED).map((item) => item.meterId)) };
        },
        listTasks: () => ({ tasks: [...tasks.values()].map((running) => running.task).reverse() }),
        getTask: (r) => ({ task: get(r.taskId).task }),
        listTaskItems: (r) => {
            const p = page(get(r.taskId).items.filter((item) => !r.state || item.state === r.state), r.pageSize, r.pageToken);
            return { items: p.rows, nextPageToken: p.nextPageToken };
        },
        watchTask: async function* (r, context) {
            const { task } = get(r.taskId);
            yield { task };
            if (task.state >= TaskState.DONE) return;
            for await (const next of pushed<Task>(context, (push) => { const listen = (t: Task) => t.taskId === r.taskId && push(t); listeners.add(listen); return () => listeners.delete(listen); })) {
                yield { task: next };
                if (next.state >= TaskState.DONE) return;
            }
        },
    });
}
