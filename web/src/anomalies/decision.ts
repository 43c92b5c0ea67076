import { parseScaled } from '../core/decimal';
import { Resource } from '../gen/prepay/common/v1/common_pb';
import { QuarantineDecision, type Anomaly } from '../gen/prepay/metering/v1/metering_pb';

/** What is typed into the dialog; registers in kWh or m³, empty = not given. */
export interface DecisionDraft {
    decision: QuarantineDecision;
    opening: string;
    closing: string;
    reason: string;
}

export const emptyDraft: DecisionDraft = { decision: QuarantineDecision.UNSPECIFIED, opening: '', closing: '', reason: '' };

/** Wh or mL of a register as it is typed; undefined when empty, null when it is no register. */
export function parseRegister(text: string, resource: Resource): bigint | null | undefined {
    if (text.trim() === '') return undefined;
    const scale = resource === Resource.WATER ? 6 : 3;
    const value = parseScaled(text, scale, scale);
    return value === null || value < 0n ? null : value;
}

/** Which decisions a register allows: less than before is no consumption. */
export function allowedDecisions(anomaly: Anomaly): QuarantineDecision[] {
    const all = [QuarantineDecision.NEW_EPOCH, QuarantineDecision.DISCARD];
    return anomaly.latestRegisterTotal < anomaly.previousRegisterTotal ? all : [QuarantineDecision.ACCEPT, ...all];
}

/** The request's fields of a complete draft; null while something is missing or wrong. */
export function toDecision(draft: DecisionDraft, anomaly: Anomaly) {
    const { decision, reason } = draft;
    if (!allowedDecisions(anomaly).includes(decision) || reason.trim() === '') return null;
    const common = { anomalyId: anomaly.anomalyId, decision, reasonText: reason.trim() };
    if (decision !== QuarantineDecision.NEW_EPOCH) return common;
    const openingRegister = parseRegister(draft.opening, anomaly.resource);
    const closingRegister = parseRegister(draft.closing, anomaly.resource);
    const openingFits = openingRegister === undefined || (openingRegister !== null && openingRegister <= anomaly.latestRegisterTotal);
    const closingFits = closingRegister === undefined || (closingRegister !== null && closingRegister >= anomaly.previousRegisterTotal);
    if (!openingFits || !closingFits) return null;
    return { ...common, openingRegister: openingRegister ?? undefined, closingRegister: closingRegister ?? undefined };
}
