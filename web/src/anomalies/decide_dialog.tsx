import { Input, Radio } from 'antd';
import { useState } from 'react';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import { formatQuantity } from '../core/quantity';
import { QuarantineDecision, type Anomaly } from '../gen/prepay/metering/v1/metering_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { metering } from '../session/clients';
import { allowedDecisions, emptyDraft, parseRegister, toDecision } from './decision';

const words: Partial<Record<QuarantineDecision, { name: TextKey; consequence: TextKey }>> = {
    [QuarantineDecision.ACCEPT]: { name: 'anomaly.accept', consequence: 'anomaly.accept.consequence' },
    [QuarantineDecision.NEW_EPOCH]: { name: 'anomaly.new_epoch', consequence: 'anomaly.new_epoch.consequence' },
    [QuarantineDecision.DISCARD]: { name: 'anomaly.discard', consequence: 'anomaly.discard.consequence' },
};

export function useDecisionName(): (decision: QuarantineDecision) => string {
    const { t } = useText();
    return (decision) => (words[decision] ? t(words[decision].name) : '');
}

function RegisterField({ label, hint, value, onChange, anomaly, locked }: { label: string; hint: string; value: string; onChange: (text: string) => void; anomaly: Anomaly; locked: boolean }) {
    const wrong = parseRegister(value, anomaly.resource) === null;
    return (
        <Field label={label} hint={hint}>
            {(id) => <Input id={id} value={value} disabled={locked} status={wrong ? 'error' : undefined} inputMode="decimal" onChange={(event) => onChange(event.target.value)} />}
        </Field>
    );
}

/** What becomes of a register in quarantine, chosen with its consequence in words. */
export function DecideDialog({ anomaly, onClose, onDone }: { anomaly: Anomaly; onClose: () => void; onDone: () => void }) {
    const { t } = useText();
    const nameOf = useDecisionName();
    const [draft, setDraft] = useState(emptyDraft);
    const chosen = words[draft.decision];
    const before = formatQuantity(anomaly.previousRegisterTotal, anomaly.resource);
    const seen = formatQuantity(anomaly.latestRegisterTotal, anomaly.resource);
    const amount = formatQuantity(anomaly.latestRegisterTotal - anomaly.previousRegisterTotal, anomaly.resource);
    const request = toDecision(draft, anomaly);
    return (
        <ActionDialog
            title={`${t('anomaly.decide')} · ${anomaly.meterId}`}
            consequence={chosen ? t(chosen.consequence, { meter: anomaly.meterId, before, seen, amount }) : t('anomaly.lead')}
            confirm={chosen ? t(chosen.name) : t('anomaly.decide')}
            danger={draft.decision === QuarantineDecision.ACCEPT}
            ready={request !== null}
            content={JSON.stringify([draft, anomaly.anomalyId.toString()])}
            run={(requestId) => metering.decideQuarantine({ requestId, ...request! })}
            result={(response) => t('anomaly.decided', { decision: nameOf(response.anomaly?.decision ?? QuarantineDecision.UNSPECIFIED) })}
            onClose={onClose}
            onDone={onDone}
            fields={(locked) => (
                <>
                    <Field label={t('anomaly.decision')}>
                        {(id) => (
                            <Radio.Group
                                id={id}
                                value={draft.decision}
                                disabled={locked}
                                onChange={(event) => setDraft({ ...draft, decision: event.target.value as QuarantineDecision })}
                                options={allowedDecisions(anomaly).map((decision) => ({ value: decision, label: nameOf(decision) }))}
                            />
                        )}
                    </Field>
                    {draft.decision === QuarantineDecision.NEW_EPOCH && (
                        <>
                            <RegisterField label={t('anomaly.opening')} hint={t('anomaly.opening.hint')} value={draft.opening} onChange={(opening) => setDraft({ ...draft, opening })} anomaly={anomaly} locked={locked} />
                            <RegisterField label={t('anomaly.closing')} hint={t('anomaly.closing.hint')} value={draft.closing} onChange={(closing) => setDraft({ ...draft, closing })} anomaly={anomaly} locked={locked} />
                        </>
                    )}
                    <Field label={t('action.reason_required')}>
                        {(id) => <Input id={id} value={draft.reason} maxLength={200} disabled={locked} onChange={(event) => setDraft({ ...draft, reason: event.target.value })} />}
                    </Field>
                </>
            )}
        />
    );
}
