import { Button, Select, Table, type TableColumnsType } from 'antd';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router-dom';
import { useRoomNames } from '../actions/room_names';
import { quantityFigure, unitText } from '../core/quantity';
import { addDays, formatDate } from '../core/time';
import { Resource } from '../gen/prepay/common/v1/common_pb';
import type { RoomDay } from '../gen/prepay/reporting/v1/reporting_pb';
import { useText, type TextKey } from '../i18n/console_text';
import { noTimeout, reporting } from '../session/clients';
import { useSite } from '../session/site';
import { DateField } from '../ui/date_fields';
import { Yuan } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState, Failed, PageHead, Panel } from '../ui/surface';
import { usePages } from '../ui/use_pages';

const pageSize = 200;
// In the order of RatePeriod.
const rateKeys: readonly TextKey[] = ['rate.unspecified', 'rate.sharp', 'rate.peak', 'rate.flat', 'rate.valley', 'rate.deep_valley'];

interface Range {
    siteId: string;
    roomId: string;
    startDate: string;
    endDate: string;
}

/** What the address says; the end is shown inclusive and asked exclusive. */
function useRange(): { range: Range; last: string; change: (part: Record<string, string>) => void } {
    const { site } = useSite();
    const [params, setParams] = useSearchParams();
    const today = formatDate(Date.now(), site.timeZone);
    const last = params.get('to') ?? today;
    const range = { siteId: site.siteId, roomId: params.get('room') ?? '', startDate: params.get('from') ?? addDays(last, -6), endDate: addDays(last, 1) };
    const change = (part: Record<string, string>) =>
        setParams((old) => {
            const next = new URLSearchParams(old);
            for (const [key, value] of Object.entries(part)) {
                if (value) next.set(key, value);
                else next.delete(key);
            }
            return next;
        }, { replace: true });
    return { range, last, change };
}

async function download(range: Range): Promise<void> {
    const chunks: BlobPart[] = [];
    for await (const part of reporting.exportRoomDays(range, noTimeout)) chunks.push(new Uint8Array(part.data));
    const url = URL.createObjectURL(new Blob(chunks, { type: 'text/csv;charset=utf-8' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `room-days_${range.startDate}_${addDays(range.endDate, -1)}.csv`;
    link.click();
    URL.revokeObjectURL(url);
}

function ExportButton({ range }: { range: Range }) {
    const { t } = useText();
    const query = useQuery({ queryKey: ['export'], queryFn: () => download(range).then(() => true), enabled: false, gcTime: 0 });
    return (
        <>
            <Button loading={query.isFetching} onClick={() => query.refetch()}>{t('report.export')}</Button>
            {query.isError && <Failed error={query.error} retry={() => query.refetch()} />}
        </>
    );
}

function useColumns(): TableColumnsType<RoomDay> {
    const { t } = useText();
    const rates: TableColumnsType<RoomDay> = rateKeys.map((key, i) => ({
        title: t(key),
        align: 'right',
        className: 'num',
        render: (_, day) => (day.rateEnergyWh[i] ? quantityFigure(day.rateEnergyWh[i], Resource.ELECTRICITY) : <span className="faint">–</span>),
    }));
    return [
        { title: t('report.date'), className: 'num', render: (_, day) => day.localDate },
        { title: t('report.room'), render: (_, day) => <Link to={`/rooms/${encodeURIComponent(day.roomId)}?day=${day.localDate}`}>{day.roomName}</Link> },
        { title: t('report.energy', { unit: unitText(Resource.ELECTRICITY) }), align: 'right', className: 'num', render: (_, day) => quantityFigure(day.energyWh, Resource.ELECTRICITY) },
        ...rates,
        { title: t('report.water', { unit: unitText(Resource.WATER) }), align: 'right', className: 'num', render: (_, day) => (day.waterMl ? quantityFigure(day.waterMl, Resource.WATER) : <span className="faint">–</span>) },
        { title: t('report.amount'), align: 'right', render: (_, day) => <Yuan micros={day.amountMicros} /> },
    ];
}

function TotalRow({ total }: { total: RoomDay }) {
    const { t } = useText();
    return (
        <Table.Summary fixed>
            <Table.Summary.Row className="total-row">
                <Table.Summary.Cell index={0} colSpan={2}>{t('report.total')}</Table.Summary.Cell>
                <Table.Summary.Cell index={2} align="right"><span className="num">{quantityFigure(total.energyWh, Resource.ELECTRICITY)}</span></Table.Summary.Cell>
                {rateKeys.map((key, i) => (
                    <Table.Summary.Cell key={key} index={3 + i} align="right">
                        <span className="num">{total.rateEnergyWh[i] ? quantityFigure(total.rateEnergyWh[i], Resource.ELECTRICITY) : '–'}</span>
                    </Table.Summary.Cell>
                ))}
                <Table.Summary.Cell index={9} align="right"><span className="num">{total.waterMl ? quantityFigure(total.waterMl, Resource.WATER) : '–'}</span></Table.Summary.Cell>
                <Table.Summary.Cell index={10} align="right"><Yuan micros={total.amountMicros} /></Table.Summary.Cell>
            </Table.Summary.Row>
        </Table.Summary>
    );
}

function RangeForm({ range, last, change }: ReturnType<typeof useRange>) {
    const { t } = useText();
    const names = useRoomNames(range.siteId);
    const [draft, setDraft] = useState({ from: range.startDate, to: last });
    const apply = (part: Partial<typeof draft>) => {
        const next = { ...draft, ...part };
        setDraft(next);
        if (next.from && next.to && next.from <= next.to) change(next);
    };
    const problem = !draft.from || !draft.to ? t('report.incomplete') : draft.from > draft.to ? t('report.reversed') : '';
    return (
        <div className="report-range">
            <DateField label={t('report.from')} value={draft.from} onChange={(from) => apply({ from })} />
            <span>–</span>
            <DateField label={t('report.to')} value={draft.to} wrong={problem !== ''} onChange={(to) => apply({ to })} />
            <Select
                showSearch={{ optionFilterProp: 'label' }}
                className="report-room"
                aria-label={t('report.room')}
                value={range.roomId}
                onChange={(room: string) => change({ room })}
                options={[{ value: '', label: t('report.all_rooms') }, ...[...names].map(([value, label]) => ({ value, label }))]}
            />
            {problem && <span className="field-error" role="alert">{problem}</span>}
        </div>
    );
}

/** Energy and fees of each room and local day. */
export default function ReportPage() {
    const { t } = useText();
    const chosen = useRange();
    const { range } = chosen;
    const columns = useColumns();
    const query = usePages(['room-days', range], (pageToken) => reporting.listRoomDays({ ...range, pageSize, pageToken }), (page) => page.days);
    const total = query.pages[0]?.total;
    return (
        <>
            <PageHead title={t('report.title')} sub={t('report.lead')} actions={<ExportButton range={range} />} />
            <Panel>
                <RangeForm {...chosen} />
                <PageTable
                    query={query}
                    columns={columns}
                    rowKey={(day) => day.roomId + day.localDate}
                    summary={total && (() => <TotalRow total={total} />)}
                    empty={<EmptyState title={t('report.empty')} hint={t('report.empty.hint')} />}
                />
            </Panel>
        </>
    );
}
