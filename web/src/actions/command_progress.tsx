import { Alert, Collapse } from 'antd';
import { formatSeconds, millis } from '../core/time';
import { CommandState, type Command } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { Evidence, useValuesText } from './evidence';
import { isFinal, useCommand } from './use_command';

/** Time from the wire to the final state; the queue's time when nothing was sent. */
export function durationOf(command: Command): string {
    const start = command.sendTime ?? command.createTime;
    if (!start || !command.finishTime) return '–';
    return formatSeconds(millis(command.finishTime) - millis(start));
}

function Steps({ command }: { command: Command | null }) {
    const { t } = useText();
    const state = command?.state ?? CommandState.UNSPECIFIED;
    const reached = [state >= CommandState.QUEUED, Boolean(command?.sendTime) || state === CommandState.SENDING, isFinal(state)];
    const names = [t('command.step.stored'), t('command.step.sent'), t('command.step.read_back')];
    const current = reached.lastIndexOf(true);
    return (
        <ol className="steps">
            {names.map((name, index) => (
                <li key={name} className={reached[index] ? 'reached' : ''} aria-current={index === current ? 'step' : undefined}>
                    {name}
                </li>
            ))}
        </ol>
    );
}

function Verdict({ command }: { command: Command }) {
    const { t, lookUp } = useText();
    const valuesText = useValuesText();
    const word = lookUp(`command.state.${CommandState[command.state].toLowerCase()}`) ?? '';
    const verified = command.state === CommandState.VERIFIED;
    const reason = lookUp(`reason.${command.failureReason}`) ?? command.failureReason;
    const advice = lookUp(`command.advice.${CommandState[command.state].toLowerCase()}`);
    return (
        <Alert
            type={verified ? 'success' : command.state === CommandState.CONTRADICTED ? 'error' : 'warning'}
            showIcon
            title={verified ? t('command.verified_in', { word, seconds: durationOf(command) }) : [word, reason].filter(Boolean).join(' · ')}
            description={verified ? `${valuesText(command.before)} → ${valuesText(command.after)}` : advice}
        />
    );
}

/** A relay command from the queue to its proof. Never says more than the meter has shown. */
export function CommandProgress({ commandId, first }: { commandId: string; first?: Command }) {
    const { t } = useText();
    const { command, stream } = useCommand(commandId, first);
    const final = command !== null && isFinal(command.state);
    return (
        <div className="command-progress" aria-live="polite">
            <Steps command={command} />
            {final && <Verdict command={command} />}
            {!final && stream === 'lost' && <Alert type="warning" showIcon title={t('command.stream_lost')} />}
            {command && (
                <Collapse
                    ghost
                    size="small"
                    items={[{ key: 'e', label: t('command.evidence', { count: command.frames.length }), children: <Evidence command={command} /> }]}
                />
            )}
        </div>
    );
}
