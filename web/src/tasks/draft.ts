import type { Target } from '../actions/selection';
import { CommandAction } from '../gen/prepay/metering/v1/metering_pb';

/** What a batch task is to do. */
export interface Draft {
    action: CommandAction;
    name: string;
    reason: string;
    due: string;
    /** Cut rooms on keep-power too. */
    override: boolean;
}

export const emptyDraft: Draft = { action: CommandAction.CLOSE, name: '', reason: '', due: '', override: false };

/** The rooms on keep-power that a trip would be refused for. */
export function keptTargets(draft: Draft, targets: readonly Target[]): Target[] {
    return draft.action === CommandAction.TRIP ? targets.filter((target) => target.keepPower) : [];
}

/** Whether the task overrides keep-power: asked for, by somebody who may, where there is something to override. */
export function overrides(draft: Draft, targets: readonly Target[], mayOverride: boolean): boolean {
    return draft.override && mayOverride && keptTargets(draft, targets).length > 0;
}

/** Whether it can be asked for: a trip says why. */
export function isReady(draft: Draft, targets: readonly Target[]): boolean {
    return targets.length > 0 && (draft.action !== CommandAction.TRIP || draft.reason.trim() !== '');
}
