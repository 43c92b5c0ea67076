import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearchParams } from 'react-router-dom';
import { EpisodeList, NotificationList } from '../actions/alarm_lists';
import { ChargesTab, OrdersTab, PostingsTab } from '../actions/money_tabs';
import type { Account, Room } from '../gen/prepay/account/v1/account_pb';
import { WallState } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import { metering } from '../session/clients';
import { StateTag } from '../ui/glyphs';
import { StreamNote } from '../ui/stream_note';
import { EmptyState, Failed, PageHead, Panel, SkeletonBlock } from '../ui/surface';
import { Tabs } from '../ui/tabs';
import { ActionsBar } from './actions_bar';
import { AssignmentsTab, CommandsTab } from './control_tabs';
import { DayChart } from './day_chart';
import { LiveMeter } from './live_meter';
import { MoneyPanel } from './money_panel';
import { PowerOffNote } from './power_off_note';
import { useLiveMeters, useRoom, useWallRoom } from './use_room';

function Meters({ room }: { room: Room }) {
    const { t } = useText();
    const live = useLiveMeters(room.meterIds);
    const query = useQuery({
        queryKey: ['of-room', room.roomId, 'meters'],
        queryFn: () => metering.listMeters({ meterIds: room.meterIds, pageSize: 100 }),
        enabled: room.meterIds.length > 0,
    });
    const lastMs = Math.max(0, ...[...live.meters.values()].map((m) => Number(m.values?.readTime?.seconds ?? 0n) * 1000));
    return (
        <Panel title={t('room.live')} extra={room.meterIds.length > 0 && <StreamNote stream={live.stream} lastMs={lastMs} />}>
            {room.meterIds.length === 0 && <EmptyState title={t('room.no_meter')} hint={t('room.no_meter.hint')} />}
            {room.meterIds.length > 0 && query.isPending && <SkeletonBlock rows={4} />}
            {query.isError && <Failed error={query.error} retry={() => query.refetch()} />}
            {query.data?.meters.map((meter) => <LiveMeter key={meter.meterId} meter={meter} live={live.meters.get(meter.meterId)} />)}
        </Panel>
    );
}

function Details({ room, account }: { room: Room; account: Account | undefined }) {
    const { t } = useText();
    const [params, setParams] = useSearchParams();
    const { roomId, meterIds } = room;
    const accountId = account?.accountId ?? '';
    const money = account
        ? [
              { key: 'postings', label: t('posting.postings'), children: <PostingsTab roomId={roomId} accountId={accountId} /> },
              { key: 'charges', label: t('room.tab.charges'), children: <ChargesTab roomId={roomId} accountId={accountId} /> },
              { key: 'orders', label: t('order.orders'), children: <OrdersTab roomId={roomId} accountId={accountId} /> },
          ]
        : [];
    const alarms = account
        ? [
              {
                  key: 'alarms',
                  label: t('room.tab.alarms'),
                  children: (
                      <>
                          <h3>{t('alarm.all')}</h3>
                          <EpisodeList accountId={accountId} />
                          <h3>{t('alarm.messages')}</h3>
                          <NotificationList accountId={accountId} />
                      </>
                  ),
              },
          ]
        : [];
    const items = [
        ...money,
        { key: 'commands', label: t('room.tab.commands'), children: <CommandsTab roomId={roomId} meterIds={meterIds} /> },
        ...alarms,
        { key: 'tariff', label: t('room.tab.tariff'), children: <AssignmentsTab roomId={roomId} meterIds={meterIds} /> },
    ];
    const setTab = (tab: string) =>
        setParams((old) => {
            const next = new URLSearchParams(old);
            next.set('tab', tab);
            return next;
        }, { replace: true });
    return (
        <Panel className="room-details">
            <Tabs label={room.displayName} active={params.get('tab') ?? items[0]!.key} onChange={setTab} tabs={items} />
        </Panel>
    );
}

/** Everything about one room: live values, money down to its source, commands with their proof. */
export default function RoomPage() {
    const { t } = useText();
    const { roomId = '' } = useParams();
    const { query, onChange } = useRoom(roomId);
    const wall = useWallRoom(roomId);
    if (query.isPending) return <SkeletonBlock rows={14} />;
    if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
    const room = query.data.room;
    if (!room) return <EmptyState title={t('room.none')} action={<Link to="/">{t('common.back_to_wall')}</Link>} />;
    const account = room.accountId ? query.data.account : undefined;
    return (
        <>
            <PageHead
                title={<>{room.displayName} {account?.customer?.displayName}</>}
                sub={
                    <>
                        <Link to={`/?building=${encodeURIComponent(room.building)}`}>{t('common.building', { building: room.building })}</Link>
                        <span>{t('room.floor', { floor: room.floor })}</span>
                        <StateTag state={wall?.state ?? (account ? WallState.NORMAL : WallState.VACANT)} keepPower={account?.keepPower} />
                    </>
                }
                actions={<ActionsBar room={room} account={account} onDone={onChange} />}
            />
            <PowerOffNote wall={wall} />
            <div className="room-grid">
                <div className="room-main">
                    <Meters room={room} />
                    <DayChart roomId={room.roomId} />
                </div>
                {account ? <MoneyPanel roomId={room.roomId} account={account} wall={wall} /> : <Panel title={t('state.vacant')}><EmptyState title={t('room.vacant')} hint={t('room.vacant.hint')} /></Panel>}
            </div>
            <Details room={room} account={account} />
        </>
    );
}
