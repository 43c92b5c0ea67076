import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorDetailSchema } from '../gen/prepay/common/v1/common_pb';

/** What a failed call says, ready to be put into words. */
export interface Failure {
    /** Stable UPPER_SNAKE word of the service, or of the Connect code when it gave none. */
    reason: string;
    message: string;
    metadata: Record<string, string>;
    /** True when the action may have taken effect although no answer came. */
    inDoubt: boolean;
}

const inDoubtCodes = [Code.Unavailable, Code.DeadlineExceeded, Code.Unknown, Code.Aborted, Code.Canceled];

/** A request that never got an answer (fetch throws a TypeError) counts as unavailable. */
function asConnectError(error: unknown): ConnectError {
    const connect = ConnectError.from(error);
    const unanswered = error instanceof TypeError || connect.cause instanceof TypeError;
    return unanswered ? new ConnectError(connect.rawMessage, Code.Unavailable) : connect;
}

function codeWord(code: Code): string {
    return Code[code].replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
}

export function toFailure(error: unknown): Failure {
    const connect = asConnectError(error);
    const detail = connect.findDetails(ErrorDetailSchema)[0];
    return {
        reason: detail?.reason || codeWord(connect.code),
        message: connect.rawMessage,
        metadata: detail?.metadata ?? {},
        inDoubt: inDoubtCodes.includes(connect.code),
    };
}

export function hasCode(error: unknown, code: Code): boolean {
    return asConnectError(error).code === code;
}
