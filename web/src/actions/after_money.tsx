import { useQuery } from '@tanstack/react-query';
import { Alert } from 'antd';
import { millis } from '../core/time';
import { FeeState, SwitchAction, type Account, type Order, type SwitchIntent } from '../gen/prepay/account/v1/account_pb';
import { useText } from '../i18n/console_text';
import { accounts } from '../session/clients';
import { CommandProgress } from './command_progress';

const pollEveryMs = 700;
const pollsMax = 60;

/**
 * Behind a credit: follows the restores that the money asked for, if the account was cut. Intents
 * older than the order, by the server's clock, are not its doing.
 */
export function RestoreAfterCredit({ before, order }: { before: Account; order: Order }) {
    const { t } = useText();
    const sinceMs = order.createTime ? millis(order.createTime) : 0;
    const isNewRestore = (intent: SwitchIntent) =>
        intent.action === SwitchAction.RESTORE && intent.createTime !== undefined && millis(intent.createTime) >= sinceMs;
    const wasCut = before.feeState === FeeState.CUT;
    const query = useQuery({
        queryKey: ['restores', before.accountId, sinceMs],
        enabled: wasCut,
        queryFn: () => accounts.listSwitchIntents({ accountId: before.accountId, pageSize: 20 }),
        refetchInterval: (q) =>
            q.state.data?.intents.some(isNewRestore) || q.state.dataUpdateCount > pollsMax ? false : pollEveryMs,
    });
    if (!wasCut) return null;
    const restores = (query.data?.intents ?? []).filter(isNewRestore);
    if (restores.length === 0) return <Alert type="info" showIcon title={t('money.waiting_restore')} />;
    return (
        <>
            {restores.map((intent) => (
                <div key={intent.intentId}>
                    <p className="faint">{t('money.restoring', { meter: intent.meterId })}</p>
                    <CommandProgress commandId={intent.intentId} />
                </div>
            ))}
        </>
    );
}
