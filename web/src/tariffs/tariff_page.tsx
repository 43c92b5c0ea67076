import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Input } from 'antd';
import { useState } from 'react';
import { Link, useParams } from 'react-router-dom';
import { AssignTariffDialog } from '../actions/assign_tariff';
import { Field } from '../actions/field';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { billing } from '../session/clients';
import { When } from '../ui/figures';
import { EmptyState, Failed, PageHead, Panel, SkeletonBlock } from '../ui/surface';
import { usePages } from '../ui/use_pages';
import { kindKey } from './periods';
import { currentVersion } from './tariffs_page';
import { DefinitionView } from './version_view';

const pageSize = 200;

/** Meter numbers typed or pasted, then the assignment with its consequence. */
function AssignPanel({ tariffId, onDone }: { tariffId: string; onDone: () => void }) {
    const { t } = useText();
    const [text, setText] = useState('');
    const [asking, setAsking] = useState(false);
    const meterIds = [...new Set(text.split(/[\s,;，；]+/).filter(Boolean))];
    return (
        <Panel title={t('tariff.assign')}>
            <Field label={t('tariff.assign.meters')} hint={t('tariff.assign.count', { count: meterIds.length })}>
                {(id) => <Input.TextArea id={id} rows={3} className="mono" value={text} onChange={(e) => setText(e.target.value)} />}
            </Field>
            <Button disabled={meterIds.length === 0} onClick={() => setAsking(true)}>{t('action.set_tariff')}</Button>
            {asking && <AssignTariffDialog meterIds={meterIds} title={t('tariff.assign.count', { count: meterIds.length })} tariffId={tariffId} onClose={() => setAsking(false)} onDone={onDone} />}
        </Panel>
    );
}

function AssignedPanel({ tariffId }: { tariffId: string }) {
    const { t } = useText();
    const query = usePages(['assigned', tariffId], (pageToken) => billing.listAssignments({ tariffId, pageSize, pageToken }), (page) => page.assignments);
    return (
        <Panel title={t('tariff.meters')}>
            {query.isPending && <SkeletonBlock rows={3} />}
            {query.isError && <Failed error={query.error} retry={() => query.refetch()} />}
            {query.isSuccess && query.rows.length === 0 && <EmptyState title={t('tariff.no_meters')} />}
            <ul className="meter-chips" tabIndex={0} aria-label={t('tariff.meters')}>
                {query.rows.filter((a) => !a.endTime).map((a) => (
                    <li key={a.meterId} className="mono">
                        {a.meterId}
                        {a.wrongResourceReadingCount > 0n && <span className="field-error"> {t('tariff.wrong_resource', { count: Number(a.wrongResourceReadingCount) })}</span>}
                    </li>
                ))}
            </ul>
            {query.hasNextPage && <Button size="small" onClick={() => query.fetchNextPage()}>{t('common.more')}</Button>}
        </Panel>
    );
}

export default function TariffPage() {
    const { t } = useText();
    const { tariffId = '' } = useParams();
    const mayManage = useMay(Permission.MANAGE);
    const mayControl = useMay(Permission.CONTROL);
    const queries = useQueryClient();
    const query = useQuery({ queryKey: ['tariff', tariffId], queryFn: () => billing.getTariff({ tariffId }) });
    if (query.isPending) return <SkeletonBlock rows={12} />;
    if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
    const tariff = query.data.tariff;
    if (!tariff) return <EmptyState title={t('tariff.none')} />;
    const current = currentVersion(tariff);
    const refresh = () => {
        void queries.invalidateQueries({ queryKey: ['tariff', tariffId] });
        void queries.invalidateQueries({ queryKey: ['assigned', tariffId] });
    };
    return (
        <>
            <PageHead
                title={tariff.displayName || tariff.tariffId}
                sub={<><span className="mono">{tariff.tariffId}</span><span>{t('tariff.meter_count', { count: tariff.assignedMeterCount })}</span></>}
                actions={mayManage && <Link to={`/tariffs/${encodeURIComponent(tariffId)}/new-version`}><Button type="primary" tabIndex={-1}>{t('tariff.new_version')}</Button></Link>}
            />
            {[...tariff.versions].reverse().map((version) => (
                <Panel
                    key={version.version}
                    className={version === current ? 'version current' : 'version'}
                    title={<>{t('tariff.version_n', { version: version.version })} {version.definition && <small>{t(kindKey(version.definition))}</small>} {version === current && <small className="in-force">{t('tariff.in_force')}</small>}</>}
                    extra={<span className="faint">{t('tariff.from')} <When time={version.effectiveTime} /> · {version.createUser}</span>}
                >
                    {version.definition && <DefinitionView definition={version.definition} resource={tariff.resource} />}
                </Panel>
            ))}
            <div className="halves">
                {mayControl && <AssignPanel tariffId={tariffId} onDone={refresh} />}
                <AssignedPanel tariffId={tariffId} />
            </div>
        </>
    );
}
