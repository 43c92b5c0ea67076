import { Button, Input, Select, type TableColumnsType } from 'antd';
import { useState } from 'react';
import { useSearchParams } from 'react-router-dom';
import { CommandDrawer } from '../actions/command_drawer';
import { Holder, type HeldMeter } from '../gen/prepay/metering/v1/metering_pb';
import { useText } from '../i18n/console_text';
import { metering } from '../session/clients';
import { When } from '../ui/figures';
import { PageTable } from '../ui/page_table';
import { EmptyState, PageHead, Panel } from '../ui/surface';
import { usePages } from '../ui/use_pages';
import { heldKey, holders, holderWord, isOverdue } from './held';

const pageSize = 100;

function Until({ meter }: { meter: HeldMeter }) {
    const { t } = useText();
    if (!meter.hold?.expireTime) return <span className="faint">{t('holds.until_released')}</span>;
    return (
        <>
            <When time={meter.hold.expireTime} />
            {isOverdue(meter, Date.now()) && <small className="faint"> {t('holds.overdue')}</small>}
        </>
    );
}

/** Why each meter is off: who holds it, since when and until when. */
export default function HoldsPage() {
    const { t, lookUp } = useText();
    const [params, setParams] = useSearchParams();
    const [commandId, setCommandId] = useState<string | null>(null);
    const holder = Number(params.get('holder') ?? Holder.UNSPECIFIED) as Holder;
    const meterId = params.get('meter') ?? '';
    const query = usePages(['holds', holder, meterId], (pageToken) => metering.listHolds({ holder, meterId, pageSize, pageToken }), (page) => page.meters);
    const columns: TableColumnsType<HeldMeter> = [
        { title: t('meter.meter'), render: (_, m) => <><span className="mono">{m.meterId}</span> {m.displayName}</> },
        { title: t('holds.why'), render: (_, m) => <>{lookUp(`power_off.holder.${holderWord(m)}`)}{m.hold?.keepPowerOverridden && <small> · {t('power_off.overridden')}</small>}</> },
        { title: t('holds.who'), render: (_, m) => m.hold?.initiator.replace(/^user:/, '') },
        { title: t('holds.since'), render: (_, m) => <When time={m.hold?.placeTime ?? m.foreignSince} /> },
        { title: t('holds.until'), render: (_, m) => (m.hold ? <Until meter={m} /> : null) },
        { title: t('command.reason'), render: (_, m) => m.hold && (lookUp(`fixed_text.${m.hold.reasonText}`) ?? m.hold.reasonText) },
        { title: <span className="sr">{t('common.actions')}</span>, render: (_, m) => m.hold?.commandId && <Button type="link" size="small" onClick={() => setCommandId(m.hold!.commandId)}>{t('command.show_evidence')}</Button> },
    ];
    const set = (key: string, value: string) => setParams((old) => ({ ...Object.fromEntries(old), [key]: value }), { replace: true });
    const name = (value: Holder) => (value === Holder.UNSPECIFIED ? t('holds.all') : (lookUp(`power_off.holder.${Holder[value]!.toLowerCase()}`) ?? ''));
    return (
        <>
            <PageHead title={t('nav.holds')} sub={t('holds.lead')} />
            <Panel>
                <div className="filters">
                    <Select aria-label={t('holds.why')} value={holder} style={{ width: 220 }} onChange={(value) => set('holder', String(value))} options={holders.map((value) => ({ value, label: name(value) }))} />
                    <Input.Search aria-label={t('meter.meter')} placeholder={t('meter.meter')} defaultValue={meterId} allowClear style={{ width: 220 }} onSearch={(value) => set('meter', value.trim())} />
                </div>
                <PageTable query={query} columns={columns} rowKey={heldKey} empty={<EmptyState title={t('holds.empty')} hint={t('holds.empty.hint')} />} />
            </Panel>
            {commandId && <CommandDrawer commandId={commandId} onClose={() => setCommandId(null)} />}
        </>
    );
}
