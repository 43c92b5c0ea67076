import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert, Button, Input, Select, Switch } from 'antd';
import { useState } from 'react';
import { useNavigate, useParams } from 'react-router-dom';
import { ActionDialog } from '../actions/action_dialog';
import { Field } from '../actions/field';
import { formatDateTime, instantOfLocal, timestamp } from '../core/time';
import type { Tariff } from '../gen/prepay/billing/v1/billing_pb';
import { Resource } from '../gen/prepay/common/v1/common_pb';
import { useText } from '../i18n/console_text';
import { Permission, useMay } from '../session/access';
import { billing } from '../session/clients';
import { DateTimeField } from '../ui/date_fields';
import { EmptyState, Failed, PageHead, Panel, SkeletonBlock } from '../ui/surface';
import { useZone } from '../ui/surroundings';
import { Tabs } from '../ui/tabs';
import { definitionOf, draftOf, newDraft, usedPeriods, type DefinitionDraft } from './draft';
import { SeasonsEditor } from './season_editor';
import { TierEditor } from './tier_editor';
import { DefinitionView } from './version_view';

interface Head {
    tariffId: string;
    name: string;
    resource: Resource;
    from: string;
}

function HeadFields({ head, setHead, existing }: { head: Head; setHead: (h: Head) => void; existing: boolean }) {
    const { t } = useText();
    const zone = useZone();
    return (
        <div className="tariff-head">
            {!existing && (
                <>
                    <Field label={t('tariff.name')}>{(id) => <Input id={id} value={head.name} maxLength={100} onChange={(e) => setHead({ ...head, name: e.target.value })} />}</Field>
                    <Field label={t('tariff.id')} hint={t('tariff.id.hint')}>{(id) => <Input id={id} className="mono" value={head.tariffId} maxLength={64} onChange={(e) => setHead({ ...head, tariffId: e.target.value.toLowerCase() })} />}</Field>
                    <Field label={t('tariff.resource')}>
                        {(id) => <Select id={id} value={head.resource} onChange={(resource) => setHead({ ...head, resource })} options={[{ value: Resource.ELECTRICITY, label: t('resource.electricity') }, { value: Resource.WATER, label: t('resource.water') }]} />}
                    </Field>
                </>
            )}
            <Field label={t('tariff.from')} hint={zone}>{(id) => <DateTimeField id={id} value={head.from} onChange={(from) => setHead({ ...head, from })} />}</Field>
        </div>
    );
}

function FormEditor({ resource, draft, setDraft }: { resource: Resource; draft: DefinitionDraft; setDraft: (d: DefinitionDraft) => void }) {
    const { t } = useText();
    return (
        <div className="tariff-form">
            <div className="switch-row">
                <Switch checked={draft.timeOfUse} aria-label={t('tariff.kind.tou')} onChange={(timeOfUse) => setDraft({ ...draft, timeOfUse })} /> {t('tariff.kind.tou')}
            </div>
            {draft.timeOfUse && (
                <>
                    <SeasonsEditor seasons={draft.seasons} onChange={(seasons) => setDraft({ ...draft, seasons })} />
                    <Field label={t('tariff.holidays')} hint={t('tariff.holidays.hint')}>{(id) => <Input id={id} value={draft.holidays} placeholder="2027-01-01 2027-05-01" onChange={(e) => setDraft({ ...draft, holidays: e.target.value })} />}</Field>
                </>
            )}
            <h2>{t('tariff.prices')} <small>{t('tariff.unit_price')}</small></h2>
            <TierEditor resource={resource} span={draft.tierSpan} tiers={draft.tiers} periods={usedPeriods(draft)} onSpan={(tierSpan) => setDraft({ ...draft, tierSpan })} onTiers={(tiers) => setDraft({ ...draft, tiers })} />
            <Field label={t('tariff.time_zone')}>{(id) => <Input id={id} value={draft.timeZone} onChange={(e) => setDraft({ ...draft, timeZone: e.target.value })} />}</Field>
        </div>
    );
}

function Editor({ existing }: { existing: Tariff | undefined }) {
    const { t } = useText();
    const zone = useZone();
    const navigate = useNavigate();
    const queries = useQueryClient();
    const last = existing?.versions[existing.versions.length - 1]?.definition;
    const [head, setHead] = useState<Head>(() => ({
        tariffId: existing?.tariffId ?? '',
        name: existing?.displayName ?? '',
        resource: existing?.resource ?? Resource.ELECTRICITY,
        from: formatDateTime(Date.now() + 3_600_000, zone).slice(0, 13).replace(' ', 'T') + ':00',
    }));
    const [draft, setDraft] = useState<DefinitionDraft>(() => (last ? draftOf(last, existing?.resource ?? Resource.ELECTRICITY) : newDraft(zone)));
    const [mode, setMode] = useState('form');
    const [yaml, setYaml] = useState('');
    const [asking, setAsking] = useState(false);
    const definition = definitionOf(draft, head.resource);
    const pasted = mode === 'yaml';
    const ready = /^[a-z0-9-]{1,64}$/.test(head.tariffId) && head.from !== '' && (pasted ? yaml.trim() !== '' : definition !== null);
    const content = pasted ? { tariffYaml: yaml } : { definition: definition ?? undefined };
    const save = async (requestId: string) => {
        const effectiveTime = timestamp(instantOfLocal(head.from, zone));
        const shared = { requestId, tariffId: head.tariffId, effectiveTime, ...content };
        if (existing) return billing.addTariffVersion(shared).then((answer) => answer.version?.version ?? 0);
        return billing.createTariff({ ...shared, displayName: head.name.trim(), resource: head.resource }).then(() => 1);
    };
    const done = () => {
        void queries.invalidateQueries({ queryKey: ['tariffs'] });
        void queries.invalidateQueries({ queryKey: ['tariff', head.tariffId] });
    };
    return (
        <>
            <PageHead
                title={existing ? `${existing.displayName || existing.tariffId} · ${t('tariff.new_version')}` : t('tariff.new')}
                actions={<Button type="primary" disabled={!ready} onClick={() => setAsking(true)}>{t('common.save')}</Button>}
            />
            <Panel><HeadFields head={head} setHead={setHead} existing={existing !== undefined} /></Panel>
            <Panel>
                <Tabs
                    label={t('tariff.tariff')}
                    active={mode}
                    onChange={setMode}
                    tabs={[
                        { key: 'form', label: t('tariff.form'), children: <FormEditor resource={head.resource} draft={draft} setDraft={setDraft} /> },
                        { key: 'yaml', label: 'YAML', children: <Field label={t('tariff.yaml')} hint={t('tariff.yaml.hint')}>{(id) => <Input.TextArea id={id} rows={18} className="mono" spellCheck={false} value={yaml} onChange={(e) => setYaml(e.target.value)} />}</Field> },
                    ]}
                />
            </Panel>
            {!pasted && definition && <Panel title={t('tariff.preview')}><DefinitionView definition={definition} resource={head.resource} /></Panel>}
            {asking && (
                <ActionDialog
                    title={existing ? t('tariff.new_version') : t('tariff.new')}
                    consequence={t('tariff.save.consequence', { tariff: head.name || head.tariffId, time: head.from.replace('T', ' '), zone, count: existing?.assignedMeterCount ?? 0 })}
                    confirm={t('common.save')}
                    content={JSON.stringify([head, mode, draft, yaml])}
                    run={save}
                    result={(version) => <Alert type="success" showIcon title={t('tariff.saved', { version })} action={<Button size="small" type="primary" onClick={() => navigate(`/tariffs/${encodeURIComponent(head.tariffId)}`)}>{t('tariff.show')}</Button>} />}
                    onClose={() => setAsking(false)}
                    onDone={done}
                />
            )}
        </>
    );
}

/** A new tariff, or a new version that starts from the last one. */
export default function TariffEditPage() {
    const { t } = useText();
    const { tariffId } = useParams();
    const mayManage = useMay(Permission.MANAGE);
    const query = useQuery({ queryKey: ['tariff', tariffId], queryFn: () => billing.getTariff({ tariffId }), enabled: tariffId !== undefined });
    if (!mayManage) return <EmptyState title={t('tariff.not_allowed')} />;
    if (tariffId === undefined) return <Editor existing={undefined} />;
    if (query.isPending) return <SkeletonBlock rows={12} />;
    if (query.isError) return <Failed error={query.error} retry={() => query.refetch()} />;
    return <Editor existing={query.data.tariff} />;
}
