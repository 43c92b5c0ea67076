import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Drawer, Input, Select, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { FrameTable } from '../actions/evidence';
import { formatQuantity } from '../core/quantity';
import { AnomalyState, type Anomaly } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { metering } from '../session/clients';
import { When } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState, Failed, PageHead, Panel, SkeletonBlock } from '../ui/surface';
import { usePages } from '../ui/use_pages';
import { DecideDialog, useDecisionName } from './decide_dialog';

const pageSize = 50;
const states = [AnomalyState.OPEN, AnomalyState.NOTED, AnomalyState.DECIDED, AnomalyState.UNSPECIFIED];

function useWords() {
    const { t, lookUp } = useText();
    return {
        state: (state: AnomalyState) => t(`anomaly.state.${state === AnomalyState.UNSPECIFIED ? 'all' : (AnomalyState[state].toLowerCase() as 'open' | 'noted' | 'decided')}`),
        reason: (reason: string) => lookUp(`reason.${reason}`) ?? reason,
    };
}

function Facts({ anomaly }: { anomaly: Anomaly }) {
    const { t } = useText();
    const words = useWords();
    const nameOf = useDecisionName();
    const register = (total: bigint) => formatQuantity(total, anomaly.resource);
    return (
        <dl className="facts">
            <dt>{t('anomaly.state')}</dt><dd>{words.state(anomaly.state)}</dd>
            <dt>{t('anomaly.reason')}</dt><dd>{words.reason(anomaly.reason)}{anomaly.afterChange && ` ${t('anomaly.after_change')}`}</dd>
            <dt>{t('anomaly.before')}</dt><dd><span className="num">{register(anomaly.previousRegisterTotal)}</span> <When time={anomaly.previousReadTime} /></dd>
            <dt>{t('anomaly.seen')}</dt><dd><span className="num">{register(anomaly.registerTotal)}</span> <When time={anomaly.readTime} /></dd>
            <dt>{t('anomaly.latest')}</dt><dd><span className="num">{register(anomaly.latestRegisterTotal)}</span> <When time={anomaly.latestReadTime} /></dd>
            {anomaly.state === AnomalyState.DECIDED && (
                <>
                    <dt>{t('anomaly.decision')}</dt><dd>{nameOf(anomaly.decision)}: {anomaly.reasonText}</dd>
                    <dt>{t('anomaly.decided_by')}</dt><dd>{anomaly.decidedBy} <When time={anomaly.decideTime} /></dd>
                </>
            )}
        </dl>
    );
}

/** One anomaly with its registers and the bytes they came in, and the way to decide. */
function Detail({ anomalyId, onClose }: { anomalyId: bigint; onClose: () => void }) {
    const { t } = useText();
    const mayDecide = useMay(Permission.MANAGE);
    const client = useQueryClient();
    const [open, setOpen] = useState(true);
    const [deciding, setDeciding] = useState(false);
    const query = useQuery({ queryKey: ['anomaly', anomalyId.toString()], queryFn: () => metering.getAnomaly({ anomalyId }) });
    const anomaly = query.data?.anomaly;
    return (
        <Drawer open={open} onClose={() => setOpen(false)} afterOpenChange={(now) => !now && onClose()} size={640} title={t('anomaly.title', { id: anomalyId.toString() })}>
            {query.isPending && <SkeletonBlock rows={6} />}
            {query.error && <Failed error={query.error} retry={() => query.refetch()} />}
            {anomaly && (
                <div className="evidence">
                    <strong className="mono">{anomaly.meterId}</strong>
                    <Facts anomaly={anomaly} />
                    {anomaly.state === AnomalyState.OPEN && mayDecide && <p><Button type="primary" onClick={() => setDeciding(true)}>{t('anomaly.decide')}</Button></p>}
                    <FrameTable frames={anomaly.frames} />
                </div>
            )}
            {anomaly && deciding && (
                <DecideDialog
                    anomaly={anomaly}
                    onClose={() => setDeciding(false)}
                    onDone={() => void Promise.all([['anomaly'], ['anomalies'], ['anomaly-count']].map((queryKey) => client.invalidateQueries({ queryKey })))}
                />
            )}
        </Drawer>
    );
}

/** Registers that did not continue their meter's last good one, those that wait for a decision first. */
export default function AnomaliesPage() {
    const { t } = useText();
    const words = useWords();
    const nameOf = useDecisionName();
    const [params, setParams] = useSearchParams();
    const state = Number(params.get('state') ?? AnomalyState.OPEN) as AnomalyState;
    const meterId = params.get('meter') ?? '';
    const [chosen, setChosen] = useState<bigint>();
    const query = usePages(
        ['anomalies', state, meterId],
        (pageToken) => metering.listAnomalies({ state, meterId, pageSize, pageToken }),
        (page) => page.anomalies,
    );
    const columns: TableColumnsType<Anomaly> = [
        { title: t('anomaly.time'), render: (_, a) => <When time={a.readTime} /> },
        { title: t('anomaly.meter'), render: (_, a) => <span className="mono">{a.meterId}</span> },
        { title: t('anomaly.reason'), render: (_, a) => words.reason(a.reason) },
        { title: t('anomaly.before'), align: 'right', render: (_, a) => <span className="num">{formatQuantity(a.previousRegisterTotal, a.resource)}</span> },
        { title: t('anomaly.seen'), align: 'right', render: (_, a) => <span className="num">{formatQuantity(a.registerTotal, a.resource)}</span> },
        { title: t('anomaly.latest'), align: 'right', render: (_, a) => <span className="num">{formatQuantity(a.latestRegisterTotal, a.resource)}</span> },
        { title: t('anomaly.state'), render: (_, a) => (a.state === AnomalyState.DECIDED ? nameOf(a.decision) : words.state(a.state)) },
    ];
    const set = (key: string, value: string) => setParams((old) => ({ ...Object.fromEntries(old), [key]: value }), { replace: true });
    return (
        <>
            <PageHead title={t('nav.anomalies')} sub={t('anomaly.lead')} />
            <Panel>
                <div className="filters">
                    <Select aria-label={t('anomaly.state')} value={state} style={{ width: 220 }} onChange={(value) => set('state', String(value))} options={states.map((value) => ({ value, label: words.state(value) }))} />
                    <Input.Search aria-label={t('anomaly.meter')} placeholder={t('anomaly.meter')} defaultValue={meterId} allowClear style={{ width: 220 }} onSearch={(value) => set('meter', value.trim())} />
                </div>
                <PageTable query={query} columns={columns} rowKey={(a) => a.anomalyId.toString()} onRow={(a) => setChosen(a.anomalyId)} empty={<EmptyState title={t('anomaly.empty')} hint={t('anomaly.empty.hint')} />} />
            </Panel>
            {chosen !== undefined && <Detail anomalyId={chosen} onClose={() => setChosen(undefined)} />}
        </>
    );
}
