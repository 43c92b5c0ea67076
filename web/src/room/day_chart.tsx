import { Button } from 'antd';
import { LeftOutlined, RightOutlined } from '@ant-design/icons';
import { lazy, Suspense, useMemo } from 'react';
import { useSearchParams } from 'react-router-dom';
import { formatYuanFen } from '../core/money';
import { formatUse, unitText } from '../core/quantity';
import { addDays, formatDate, formatHour, instantOfLocal, millis } from '../core/time';
import { Resource } from '../gen/prepay/common/v1/common_pb';
import type { RoomHour } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText } from '../i18n/console_text';
import type { ChartOption } from '../ui/chart';
import { EmptyState, Failed, Panel, SkeletonBlock } from '../ui/surface';
import { useZone } from '../ui/surroundings';
import { totalOf, useRoomDay } from './room_day';

const Chart = lazy(() => import('../ui/chart').then((module) => ({ default: module.Chart })));
const chartHeightPx = 190;
const hourMs = 3_600_000;

/** Pixels do not need exact figures; the tooltip, which people read, gets the exact text. */
function barHeight(value: bigint, resource: Resource): number {
    return Number(value) / (resource === Resource.WATER ? 1_000_000 : 1000);
}

/** Water has bars and a scale of its own, where there is any. */
function waterParts(slots: readonly { hour: RoomHour | undefined }[], name: string): { axes: object[]; series: object[] } {
    if (!slots.some(({ hour }) => hour !== undefined && hour.waterMl !== 0n)) return { axes: [], series: [] };
    return {
        axes: [{ type: 'value', name: unitText(Resource.WATER), splitNumber: 4, splitLine: { show: false } }],
        series: [{ type: 'bar', name, yAxisIndex: 1, data: slots.map(({ hour }) => (hour ? barHeight(hour.waterMl, Resource.WATER) : null)), itemStyle: { color: '#3f78c9', borderRadius: [2, 2, 0, 0] } }],
    };
}

/** Every hour of the local day, 23 to 25 of them, with what was metered in it. */
function hoursOfDay(date: string, zone: string, hours: readonly RoomHour[]): { startMs: number; hour: RoomHour | undefined }[] {
    const metered = new Map(hours.map((hour) => [hour.startTime ? millis(hour.startTime) : 0, hour]));
    const slots = [];
    const endMs = instantOfLocal(addDays(date, 1), zone);
    for (let startMs = instantOfLocal(date, zone); startMs < endMs; startMs += hourMs) slots.push({ startMs, hour: metered.get(startMs) });
    return slots;
}

function useOption(date: string, hours: readonly RoomHour[], zone: string): ChartOption {
    const { t } = useText();
    return useMemo(() => {
        const slots = hoursOfDay(date, zone, hours);
        const names = slots.map(({ startMs }) => formatHour(startMs, zone));
        const tip = (index: number) => {
            const hour = slots[index]?.hour;
            const figures = hour ? `<b>${formatUse(hour.energyWh, hour.waterMl === 0n ? undefined : hour.waterMl)}</b><br/>${formatYuanFen(hour.amountMicros)}` : '–';
            return `${names[index]}:00<br/>${figures}`;
        };
        const water = waterParts(slots, t('chart.water'));
        return {
            grid: { left: 44, right: water.axes.length > 0 ? 44 : 8, top: 26, bottom: 24 },
            tooltip: { trigger: 'axis', formatter: (items) => tip(Array.isArray(items) ? (items[0]?.dataIndex ?? 0) : items.dataIndex) },
            xAxis: { type: 'category', data: names, axisTick: { show: false } },
            yAxis: [{ type: 'value', name: unitText(Resource.ELECTRICITY), splitNumber: 4 }, ...water.axes],
            series: [{ type: 'bar', name: t('chart.energy'), data: slots.map(({ hour }) => (hour ? barHeight(hour.energyWh, Resource.ELECTRICITY) : null)), itemStyle: { color: '#2a8f86', borderRadius: [2, 2, 0, 0] }, barCategoryGap: '28%' }, ...water.series],
        };
    }, [date, hours, zone, t]);
}

function Bars({ date, hours, zone, label }: { date: string; hours: readonly RoomHour[]; zone: string; label: string }) {
    const option = useOption(date, hours, zone);
    return (
        <Suspense fallback={<div style={{ height: chartHeightPx }}><SkeletonBlock rows={5} /></div>}>
            <Chart option={option} height={chartHeightPx} label={label} />
        </Suspense>
    );
}

/** Energy of each hour of a local day. */
export function DayChart({ roomId }: { roomId: string }) {
    const { t } = useText();
    const zone = useZone();
    const [params, setParams] = useSearchParams();
    const today = formatDate(Date.now(), zone);
    const date = params.get('day') ?? today;
    const query = useRoomDay(roomId, date);
    const go = (day: string) =>
        setParams((old) => {
            const next = new URLSearchParams(old);
            if (day === today) next.delete('day');
            else next.set('day', day);
            return next;
        }, { replace: true });
    const hours = query.data?.hours ?? [];
    const total = totalOf(hours);
    return (
        <Panel
            title={<>{date === today ? t('chart.today') : date} <small className="num">{query.data ? total : ''}</small></>}
            extra={
                <span className="day-steps">
                    <Button size="small" type="text" icon={<LeftOutlined />} aria-label={t('chart.day_before')} onClick={() => go(addDays(date, -1))} />
                    <Button size="small" type="text" icon={<RightOutlined />} aria-label={t('chart.day_after')} disabled={date >= today} onClick={() => go(addDays(date, 1))} />
                </span>
            }
        >
            {query.isPending && <SkeletonBlock rows={5} />}
            {query.isError && <Failed error={query.error} retry={() => query.refetch()} />}
            {query.data && hours.length === 0 && <EmptyState title={t('chart.empty')} hint={t('chart.empty.hint')} />}
            {hours.length > 0 && <Bars date={date} hours={hours} zone={zone} label={t('chart.label', { date, total })} />}
        </Panel>
    );
}
