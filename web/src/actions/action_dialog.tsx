import { Alert, Button, Modal } from 'antd';
import { useState, type ReactNode } from 'react';
import { useText } from '../i18n/console_text';
import { useFailureText } from '../ui/failure_text';
import { isLocked, useAction, type ActionPhase } from './use_action';

export interface ActionDialogProps<R> {
    title: string;
    /** What will happen, in words. */
    consequence: ReactNode;
    /** Input fields; `locked` = they must not change now. */
    fields?: (locked: boolean) => ReactNode;
    confirm: string;
    danger?: boolean;
    /** False = the input is not complete. */
    ready?: boolean;
    /** The content of the action as text; other content gets another request id. */
    content: string;
    run: (requestId: string) => Promise<R>;
    /** The proof, or the progress towards it. */
    result: (result: R) => ReactNode;
    onClose: () => void;
    onDone?: () => void;
}

function Outcome<R>({ phase, result }: { phase: ActionPhase<R>; result: (r: R) => ReactNode }) {
    const { t } = useText();
    const failureText = useFailureText();
    if (phase.kind === 'done') return <div className="outcome">{result(phase.result)}</div>;
    if (phase.kind !== 'failed') return null;
    return (
        <Alert
            type={phase.failure.inDoubt ? 'warning' : 'error'}
            showIcon
            title={failureText(phase.failure)}
            description={phase.failure.inDoubt ? t('action.in_doubt') : undefined}
        />
    );
}

/** Asks once with the consequence in words, runs, and ends with the proof or the reason. */
export function ActionDialog<R>(props: ActionDialogProps<R>) {
    const { t } = useText();
    const { phase, start } = useAction(props.run, props.content);
    const [open, setOpen] = useState(true);
    const done = phase.kind === 'done';
    const submit = async () => {
        if (phase.kind === 'running' || done || props.ready === false) return;
        await start();
        props.onDone?.();
    };
    const confirmText = phase.kind === 'failed' ? t('common.retry') : props.confirm;
    const buttons = [
        <Button key="close" onClick={() => setOpen(false)}>{t(done ? 'action.done' : 'common.cancel')}</Button>,
        !done && (
            <Button
                key="go"
                type="primary"
                danger={props.danger}
                disabled={props.ready === false}
                loading={phase.kind === 'running'}
                onClick={submit}
            >
                {confirmText}
            </Button>
        ),
    ];
    return (
        <Modal
            open={open}
            title={props.title}
            onCancel={() => setOpen(false)}
            afterClose={props.onClose}
            footer={buttons}
            width={480}
            mask={{ closable: false }}
        >
            <form
                className="action"
                onSubmit={(event) => {
                    event.preventDefault();
                    void submit();
                }}
            >
                <div className="consequence">{props.consequence}</div>
                {props.fields?.(isLocked(phase))}
                <Outcome phase={phase} result={props.result} />
                <button type="submit" hidden aria-hidden="true" tabIndex={-1} />
            </form>
        </Modal>
    );
}
