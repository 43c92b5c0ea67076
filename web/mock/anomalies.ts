// Registers that wait for a decision in the pretended park. Development only.
import { create } from '@bufbuild/protobuf';
import { Code, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { timestamp } from '../src/core/time';
import { Resource } from '../src/gen/prepay/common/v1/common_pb';
import { AnomalySchema, AnomalyState, FrameDirection, QuarantineDecision, type Anomaly, type MeteringService } from '../src/gen/prepay/metering/v1/metering_pb';
import { now } from './park';
import { fail } from './services';

const ago = (hours: number) => timestamp(Date.now() - hours * 3_600_000);

function anomaly(anomalyId: bigint, meterId: string, reason: string, before: bigint, seen: bigint, resource = Resource.ELECTRICITY): Anomaly {
    const hex = '05 03 04 00 0F 42 40 00 00';
    return create(AnomalySchema, {
        anomalyId, meterId, lineId: 'line-01', reason, state: AnomalyState.OPEN, resource, afterChange: anomalyId === 1n,
        previousRegisterTotal: before, previousReadTime: ago(3), registerTotal: seen, readTime: ago(2), latestRegisterTotal: seen, latestReadTime: now(),
        frames: [{ frameTime: ago(2), direction: FrameDirection.RECEIVED, data: Uint8Array.from(hex.split(' '), (h) => parseInt(h, 16)), attemptNumber: 1 }],
    });
}

const anomalies = [
    anomaly(1n, 'm-0005', 'TOO_FAST', 5_000_000n, 6_000_000n),
    anomaly(2n, 'm-0006', 'REGISTER_DIP', 5_000_000n, 12_000n),
    anomaly(3n, 'w-0003', 'TOO_FAST', 20_613_000n, 95_613_000n, Resource.WATER),
];

/** Why a meter's register is not taken; empty = it is. */
export function faultOf(meterId: string): string {
    return anomalies.find((one) => one.meterId === meterId && one.state === AnomalyState.OPEN)?.reason ?? '';
}

export function anomalyRoutes(userOf: (context: HandlerContext) => string): Partial<ServiceImpl<typeof MeteringService>> {
    const find = (id: bigint) => {
        const found = anomalies.find((one) => one.anomalyId === id);
        if (!found) throw fail(Code.NotFound, 'NOT_FOUND', 'no anomaly');
        return found;
    };
    return {
        listAnomalies: (r) => ({
            anomalies: anomalies.filter((one) => (!r.state || one.state === r.state) && (!r.meterId || one.meterId === r.meterId)),
            openCount: BigInt(anomalies.filter((one) => one.state === AnomalyState.OPEN).length),
        }),
        getAnomaly: (r) => ({ anomaly: find(r.anomalyId) }),
        decideQuarantine: (r, context) => {
            const one = find(r.anomalyId);
            if (one.state !== AnomalyState.OPEN) throw fail(Code.FailedPrecondition, 'NOT_IN_QUARANTINE', 'decided');
            if (r.decision === QuarantineDecision.ACCEPT && one.latestRegisterTotal < one.previousRegisterTotal) throw fail(Code.InvalidArgument, 'REGISTER_BELOW_PREVIOUS', 'less');
            Object.assign(one, {
                state: AnomalyState.DECIDED, decision: r.decision, reasonText: r.reasonText, decidedBy: `user:${userOf(context)}`, decideTime: now(),
                openingRegister: r.openingRegister ?? one.latestRegisterTotal, closingRegister: r.closingRegister ?? one.previousRegisterTotal,
            });
            return { anomaly: one };
        },
    };
}
