import { Alert, Button, Checkbox, Input, Segmented } from 'antd';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router-dom';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import { clearSelection, loadSelection, type Target } from '../actions/selection';
import { instantOfLocal, timestamp } from '../core/time';
import { CommandAction } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { scheduler } from '../session/clients';
import { DateTimeField } from '../ui/date_fields';
import { EmptyState, PageHead, Panel } from '../ui/surface';
import { useZone } from '../ui/surroundings';
import { emptyDraft, isReady, keptTargets, overrides, type Draft } from './draft';

// From here on the number of targets is typed, as the scheduler demands it.
const typedAbove = 10;

function useActionText(): (action: CommandAction) => string {
    const { lookUp } = useText();
    return (action) => lookUp(`command.action.${CommandAction[action].toLowerCase()}`) ?? '';
}

/** Rooms on keep-power among the targets of a trip: refused one by one, unless somebody who may overrides it. */
function KeepPowerNote({ draft, targets, setDraft }: { draft: Draft; targets: readonly Target[]; setDraft: (d: Draft) => void }) {
    const { t } = useText();
    const mayOverride = useMay(Permission.OVERRIDE);
    const kept = keptTargets(draft, targets);
    if (kept.length === 0) return null;
    const overriding = overrides(draft, targets, mayOverride);
    return (
        <Alert
            type="warning"
            showIcon
            title={t(overriding ? 'task.kept.overridden' : 'task.kept', { count: kept.length, rooms: kept.map((target) => target.roomName).join(', ') })}
            description={
                mayOverride && (
                    <Checkbox checked={draft.override} onChange={(e) => setDraft({ ...draft, override: e.target.checked })}>
                        {t('task.override')}
                    </Checkbox>
                )
            }
        />
    );
}

function DraftForm({ draft, targets, setDraft }: { draft: Draft; targets: readonly Target[]; setDraft: (d: Draft) => void }) {
    const { t } = useText();
    const zone = useZone();
    const actionText = useActionText();
    const actions = [CommandAction.TRIP, CommandAction.CLOSE, CommandAction.RELEASE];
    return (
        <div className="task-form">
            <Segmented aria-label={t('command.action')} value={draft.action} onChange={(action) => setDraft({ ...draft, action })} options={actions.map((value) => ({ value, label: actionText(value) }))} />
            <Field label={t('task.name')}>{(id) => <Input id={id} maxLength={100} value={draft.name} onChange={(e) => setDraft({ ...draft, name: e.target.value })} />}</Field>
            <Field label={t(draft.action === CommandAction.TRIP ? 'action.reason_required' : 'action.reason')}>
                {(id) => <Input id={id} maxLength={200} value={draft.reason} onChange={(e) => setDraft({ ...draft, reason: e.target.value })} />}
            </Field>
            <Field label={t('task.due_optional')} hint={zone}>
                {(id) => <DateTimeField id={id} value={draft.due} onChange={(due) => setDraft({ ...draft, due })} />}
            </Field>
            <KeepPowerNote draft={draft} targets={targets} setDraft={setDraft} />
        </div>
    );
}

function TargetList({ targets, onRemove }: { targets: readonly Target[]; onRemove: (meterId: string) => void }) {
    const { t } = useText();
    return (
        <ul className="targets" aria-label={t('task.targets')}>
            {targets.map((target) => (
                <li key={target.meterId}>
                    <b>{target.roomName}</b> <span className="mono faint">{target.meterId}</span>
                    {target.keepPower && <small> {t('state.keep_power')}</small>}
                    <button type="button" aria-label={t('task.remove_target', { room: target.roomName })} onClick={() => onRemove(target.meterId)}>×</button>
                </li>
            ))}
        </ul>
    );
}

function ConfirmTask({ draft, targets, onClose }: { draft: Draft; targets: readonly Target[]; onClose: () => void }) {
    const { t } = useText();
    const zone = useZone();
    const navigate = useNavigate();
    const actionText = useActionText();
    const [typed, setTyped] = useState('');
    const overriding = overrides(draft, targets, useMay(Permission.OVERRIDE));
    const kept = keptTargets(draft, targets);
    const count = targets.length;
    const mustType = count > typedAbove;
    const create = (requestId: string) =>
        scheduler.createTask({
            requestId,
            displayName: draft.name.trim(),
            action: draft.action,
            reasonText: draft.reason.trim(),
            meterIds: targets.map((target) => target.meterId),
            dueTime: draft.due ? timestamp(instantOfLocal(draft.due, zone)) : undefined,
            confirmCount: count,
            overrideKeepPower: overriding,
        });
    return (
        <ActionDialog
            title={t('task.create_title', { action: actionText(draft.action), count })}
            consequence={
                <>
                    {t('task.create.consequence', { action: actionText(draft.action), count, when: draft.due ? `${draft.due.replace('T', ' ')} (${zone})` : t('task.now') })}
                    {kept.length > 0 && <p>{t(overriding ? 'task.kept.overridden' : 'task.kept', { count: kept.length, rooms: kept.map((target) => target.roomName).join(', ') })}</p>}
                </>
            }
            confirm={t('task.create')}
            danger={draft.action === CommandAction.TRIP}
            ready={!mustType || typed.trim() === String(count)}
            content={JSON.stringify([draft, targets, overriding])}
            run={create}
            result={({ task }) => (
                <Alert
                    type="success"
                    showIcon
                    title={t('task.made')}
                    action={task && <Button size="small" type="primary" autoFocus onClick={() => { clearSelection(); navigate(`/tasks/${encodeURIComponent(task.taskId)}`); }}>{t('task.show')}</Button>}
                />
            )}
            onClose={onClose}
            fields={(locked) =>
                mustType && (
                    <Field label={t('task.type_count', { count })}>
                        {(id) => <Input id={id} inputMode="numeric" autoFocus autoComplete="off" disabled={locked} value={typed} onChange={(e) => setTyped(e.target.value)} />}
                    </Field>
                )
            }
        />
    );
}

/** A batch task over the rooms picked on the wall. */
export default function NewTaskPage() {
    const { t } = useText();
    const mayControl = useMay(Permission.CONTROL);
    const [targets, setTargets] = useState(loadSelection);
    const [draft, setDraft] = useState(emptyDraft);
    const [asking, setAsking] = useState(false);
    const ready = isReady(draft, targets);
    if (!mayControl) return <EmptyState title={t('task.not_allowed')} />;
    if (targets.length === 0) return <EmptyState title={t('task.no_targets')} hint={t('task.empty.hint')} action={<Link to="/">{t('common.back_to_wall')}</Link>} />;
    return (
        <>
            <PageHead title={t('task.new')} sub={t('task.target_count', { count: targets.length })} actions={<Button type="primary" disabled={!ready} onClick={() => setAsking(true)}>{t('task.create')}</Button>} />
            <div className="halves">
                <Panel title={t('task.what')}><DraftForm draft={draft} targets={targets} setDraft={setDraft} /></Panel>
                <Panel title={t('task.targets')}><TargetList targets={targets} onRemove={(meterId) => setTargets(targets.filter((target) => target.meterId !== meterId))} /></Panel>
            </div>
            {asking && <ConfirmTask draft={draft} targets={targets} onClose={() => setAsking(false)} />}
        </>
    );
}
