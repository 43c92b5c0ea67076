import { formatYuan } from '../core/money';
import { formatDate } from '../core/time';
import type { Account } from '../gen/prepay/account/v1/account_pb';
import type { WallRoom } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { When, Yuan } from '../ui/figures';
import { Panel } from '../ui/surface';
import { useZone } from '../ui/surroundings';
import { totalOf, useRoomDay } from './room_day';

/** Balance, what today has cost as the chart of the day says it, and the amounts at which something happens. */
export function MoneyPanel({ roomId, account, wall }: { roomId: string; account: Account; wall: WallRoom | undefined }) {
    const { t } = useText();
    const today = useRoomDay(roomId, formatDate(Date.now(), useZone())).data;
    const levels = account.alarmLevels;
    const balance = wall && wall.accountId === account.accountId ? wall.balanceMicros : account.balanceMicros;
    return (
        <Panel title={t('money.balance')} className="money-panel">
            <div className="balance"><Yuan micros={balance} floor /></div>
            <dl className="facts">
                {today && (
                    <>
                        <dt>{t('common.today')}</dt>
                        <dd className="num">{totalOf(today.hours)}</dd>
                    </>
                )}
                {levels && (
                    <>
                        <dt>{t('levels.short')}</dt>
                        <dd className="num">{[levels.level1Micros, levels.level2Micros, levels.level3Micros].map((m) => formatYuan(m)).join(' / ')}</dd>
                        <dt>{t('levels.floor')}</dt>
                        <dd className="num">{formatYuan(levels.cutFloorMicros)}</dd>
                    </>
                )}
                <dt>{t('action.keep_power')}</dt>
                <dd>{t(account.keepPower ? 'room.yes' : 'room.no')}</dd>
                <dt>{t('customer.phone')}</dt>
                <dd>{account.customer?.phone || '–'}</dd>
                <dt>{t('customer.email')}</dt>
                <dd>{account.customer?.email || '–'}</dd>
                <dt>{t('account.open_since')}</dt>
                <dd><When time={account.openTime} /></dd>
                <dt>{t('account.id')}</dt>
                <dd className="mono">{account.accountId}</dd>
            </dl>
        </Panel>
    );
}
