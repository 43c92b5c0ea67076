import type { TableColumnsType } from 'antd';
import { formatClock, millis } from '../core/time';
import { ChannelKind, EpisodeState, NotificationState, type Episode, type Notification } from '../gen/prepay/alarm/v1/alarm_pb';
import { useText } from '../i18n/console_text';
import { alarms } from '../session/clients';
import { When, Yuan } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState } from '../ui/surface';
import { useZone } from '../ui/surroundings';
import { usePages } from '../ui/use_pages';

const pageSize = 50;

function useLevelText(): (level: number) => string {
    const { lookUp } = useText();
    return (level) => lookUp(`alarm.level.${level}`) ?? String(level);
}

/** Times at which an account was at or below an alarm level. */
export function EpisodeList({ accountId, siteId, openOnly }: { accountId?: string; siteId?: string; openOnly?: boolean }) {
    const { t } = useText();
    const levelText = useLevelText();
    const query = usePages(
        ['episodes', accountId, siteId, openOnly],
        (pageToken) => alarms.listEpisodes({ accountId, siteId, openOnly, pageSize, pageToken }),
        (page) => page.episodes,
    );
    const columns: TableColumnsType<Episode> = [
        { title: t('alarm.started'), render: (_, e) => <When time={e.startTime} /> },
        { title: t('customer.name'), dataIndex: 'customerName' },
        { title: t('alarm.level'), render: (_, e) => <span className={`level level-${e.level}`}>{levelText(e.level)}</span> },
        { title: t('alarm.balance_then'), align: 'right', render: (_, e) => <Yuan micros={e.balanceMicros} floor /> },
        { title: t('alarm.ended'), render: (_, e) => (e.state === EpisodeState.OPEN ? t('alarm.still_open') : <When time={e.endTime} />) },
        { title: t('alarm.messages'), dataIndex: 'notificationCount', align: 'right' },
    ];
    return <PageTable query={query} columns={columns} label={t('alarm.all')} rowKey={(e) => e.episodeId} empty={<EmptyState title={t('alarm.empty')} hint={t('alarm.empty.hint')} />} />;
}

/** Messages sent for them, with their outcome. */
export function NotificationList({ accountId }: { accountId?: string }) {
    const { t, lookUp } = useText();
    const zone = useZone();
    const levelText = useLevelText();
    const query = usePages(
        ['notifications', accountId],
        (pageToken) => alarms.listNotifications({ accountId, pageSize, pageToken }),
        (page) => page.notifications,
    );
    const reasonText = (reason: string) => {
        const [, protocol, code] = /^(SMTP|HTTP)_(\d+)$/.exec(reason) ?? [];
        if (code) return t(protocol === 'SMTP' ? 'notification.smtp_code' : 'notification.http_code', { code });
        return lookUp(`reason.${reason}`) ?? reason;
    };
    const stateText = (n: Notification) => {
        const word = lookUp(`notification.state.${NotificationState[n.state]?.toLowerCase()}`) ?? '';
        const again = n.retryTime ? ` · ${t('notification.again', { time: formatClock(millis(n.retryTime), zone) })}` : '';
        return (n.failureReason ? `${word} · ${reasonText(n.failureReason)}` : word) + again;
    };
    const columns: TableColumnsType<Notification> = [
        { title: t('notification.time'), render: (_, n) => <When time={n.createTime} /> },
        { title: t('alarm.level'), render: (_, n) => <span className={`level level-${n.level}`}>{levelText(n.level)}</span> },
        { title: t('notification.channel'), render: (_, n) => lookUp(`channel.${ChannelKind[n.channelKind]?.toLowerCase()}`) },
        { title: t('notification.recipient'), dataIndex: 'recipient' },
        { title: t('notification.subject'), render: (_, n) => <span className="clip" title={`${n.subject}\n\n${n.body}`}>{n.subject}</span> },
        { title: t('notification.state'), render: (_, n) => <span className={`sent-state s-${NotificationState[n.state]?.toLowerCase()}`}>{stateText(n)}</span> },
        { title: t('notification.attempts'), dataIndex: 'attemptCount', align: 'right' },
    ];
    return <PageTable query={query} columns={columns} label={t('alarm.messages')} rowKey={(n) => n.notificationId} empty={<EmptyState title={t('notification.empty')} hint={t('notification.empty.hint')} />} />;
}
